//! `collect PROVIDER [FILE]...`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use super::Collect;
use super::open::Open;
use super::told::{Account, say};
use crate::cli::environment::Environment;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome};
use crate::collect::{Headers, Item, Mapping, Provider, Reading, read_each};

/// Messages that are kept at once: each time costs a write to the disk.
const AT_ONCE: usize = 1000;
/// Bytes of messages that are held at most until they are kept.
const BYTES_AT_ONCE: usize = 16 << 20;

pub(super) fn run(collect: &Collect, provider: Provider, environment: &Environment) -> Result<Outcome, CliError> {
    let data = collect.into.data();
    let resolved = Resolved::new(&data, &collect.into.output, environment)?;
    let repository = collect.repo.as_deref().map(super::fill::open).transpose()?;
    let inputs = inputs(&collect.files)?;
    let mut open = Open::new(&collect.into, &resolved, environment)?;
    let mut account = Account::default();
    for (file, input) in inputs {
        keep_all(provider, (&file, input?), &resolved.mapping(), &mut open, &mut account)?;
    }
    let quiet = collect.into.output.quiet;
    if !quiet {
        say(&account.lines(open.name.as_deref()));
    }
    if let Some(repository) = repository {
        super::fill::fill(&repository, open.store.as_mut(), quiet)?;
    }
    if account.is_all_rejected() {
        return Err(CliError::NothingRead { provider: provider.name(), rejected: account.summary.rejected });
    }
    open.finish()
}

type Input = Box<dyn BufRead>;

/// An input by its name, or why it cannot be opened.
type Named = (String, Result<Input, CliError>);

/// The inputs. That they exist is seen before anything is kept.
fn inputs(files: &[String]) -> Result<Vec<Named>, CliError> {
    let stdin = || ("standard input".to_owned(), Ok(Box::new(io::stdin().lock()) as Input));
    if files.is_empty() {
        return Ok(vec![stdin()]);
    }
    for file in files.iter().filter(|file| *file != "-") {
        File::open(file).map_err(|e| unreadable(file, &e))?;
    }
    let opened = |file: &String| if file == "-" { stdin() } else { (file.clone(), open_file(file)) };
    Ok(files.iter().map(opened).collect())
}

/// A file, unpacked where it begins as gzip or Zstandard do.
fn open_file(file: &str) -> Result<Input, CliError> {
    let failed = |e: io::Error| unreadable(file, &e);
    let mut input = BufReader::with_capacity(1 << 16, File::open(file).map_err(failed)?);
    let begin = input.fill_buf().map_err(failed)?;
    let unpacked: Box<dyn Read> = match begin {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::Decoder::with_buffer(input).map_err(failed)?),
        _ => return Ok(Box::new(input)),
    };
    Ok(Box::new(BufReader::with_capacity(1 << 16, unpacked)))
}

fn unreadable(file: &str, error: &io::Error) -> CliError {
    CliError::Unreadable { file: file.to_owned(), reason: error.to_string() }
}

fn keep_all(
    provider: Provider,
    (file, input): (&str, Input),
    mapping: &Mapping,
    open: &mut Open<'_>,
    account: &mut Account,
) -> Result<(), CliError> {
    let headers = Headers::none();
    let mut batch: Vec<Item> = Vec::new();
    let mut bytes = 0;
    for item in read_each(provider, input, &headers, mapping) {
        let item = item.map_err(|e| unreadable(file, &e))?;
        if let Reading::Rejected(reason) = &item.reading {
            account.reject(file, &item.place, reason);
        }
        bytes += item.raw.len();
        batch.push(item);
        if batch.len() >= AT_ONCE || bytes >= BYTES_AT_ONCE {
            account.summary.add(&open.store.put(&batch)?);
            batch.clear();
            bytes = 0;
        }
    }
    account.summary.add(&open.store.put(&batch)?);
    Ok(())
}
