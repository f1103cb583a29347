//! Messages that cannot be read.

use std::io::{self, Write};

use chrono::Utc;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::arguments::{DataArguments, OutputArguments};
use crate::cli::environment::Environment;
use crate::cli::resolve::Resolved;
use crate::cli::{CliError, Outcome};
use crate::collect::store::{Database, Rejected as Kept};
use crate::collect::{Headers, Mapping, Provider, read};
use crate::report::visible;

use super::store::StoreName;

/// Messages that were kept because they cannot be read, and why
#[derive(Debug, Args)]
pub(super) struct Rejected {
    /// The database, or bigquery:PROJECT.DATASET.TABLE [default: into in [collect], else deploys.db]
    #[arg(long, value_name = "STORE")]
    into: Option<String>,

    /// The database through which deployments go to BigQuery [default: deploys.db]
    #[arg(long, value_name = "FILE")]
    outbox: Option<String>,

    /// Read them again, after a fix; what can be read now becomes a deployment
    #[arg(long, conflicts_with = "discard")]
    retry: bool,

    /// Forget this message; repeatable
    #[arg(long, value_name = "NUMBER")]
    discard: Vec<i64>,

    /// The format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Shown,

    /// The configuration, instead of shiptrace.toml in the working folder or its parents
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<String>,

    /// Use no configuration
    #[arg(long)]
    no_config: bool,
}

/// How messages are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Shown {
    /// A few lines for each
    #[default]
    Table,
    /// All that is known, the messages too
    Json,
    /// One row for each
    Csv,
}

/// Messages that are read from the database at once.
const PAGE: u32 = 100;
/// How much of a message a table shows.
const SHOWN: usize = 200;

impl Rejected {
    pub(super) fn run(&self, environment: &Environment) -> Result<Outcome, CliError> {
        let data = DataArguments { config: self.config.clone(), no_config: self.no_config, ..DataArguments::default() };
        let resolved = Resolved::new(&data, &OutputArguments::default(), environment)?;
        let store = StoreName::new((self.into.as_deref(), self.outbox.as_deref()), &resolved, environment)?;
        let database = Database::open_existing(&store.file)?;
        if self.retry {
            return retry(&database, &resolved.mapping());
        }
        if !self.discard.is_empty() {
            return self.discard(&database);
        }
        let failed = |source| CliError::Write { file: "standard output".to_owned(), source };
        let mut out = io::BufWriter::new(io::stdout().lock());
        self.list(&database, &mut out)?.map_err(failed)?;
        out.flush().map_err(failed)?;
        Ok(Outcome::Answered)
    }

    fn discard(&self, database: &Database) -> Result<Outcome, CliError> {
        for number in &self.discard {
            if !database.discard(*number)? {
                let hint = "shiptrace collect rejected lists them";
                return Err(CliError::option("--discard", &number.to_string(), "there is no such message", hint));
            }
        }
        Ok(Outcome::Answered)
    }

    fn list(&self, database: &Database, out: &mut impl Write) -> Result<io::Result<()>, CliError> {
        let (mut from, mut count) = (0, 0);
        let mut begin = || -> io::Result<()> {
            match self.format {
                Shown::Csv => out.write_all(b"number,received_at,provider,reason,tries,bytes,message\n"),
                Shown::Json => out.write_all(b"{\"schema\": \"shiptrace/rejected/1\", \"rejected\": ["),
                Shown::Table => Ok(()),
            }
        };
        if let Err(error) = begin() {
            return Ok(Err(error));
        }
        loop {
            let page = database.rejected(from, PAGE)?;
            let Some(last) = page.last() else { break };
            from = last.number + 1;
            for kept in &page {
                if let Err(error) = self.one(kept, count == 0, out) {
                    return Ok(Err(error));
                }
                count += 1;
            }
        }
        Ok(match self.format {
            Shown::Json => out.write_all(b"]}\n"),
            Shown::Table if count == 0 => out.write_all(b"No message was rejected.\n"),
            _ => Ok(()),
        })
    }

    fn one(&self, kept: &Kept, first: bool, out: &mut impl Write) -> io::Result<()> {
        match self.format {
            Shown::Table => table(kept, out),
            Shown::Csv => csv(kept, out),
            Shown::Json => {
                let separator = if first { "\n" } else { ",\n" };
                let object = json!({
                    "number": kept.number, "received_at": kept.received_at, "provider": kept.provider,
                    "reason": kept.reason, "tries": kept.tries, "bytes": kept.bytes, "whole": kept.is_whole(),
                    "message": kept.body,
                });
                write!(out, "{separator}{object}")
            }
        }
    }
}

fn table(kept: &Kept, out: &mut impl Write) -> io::Result<()> {
    let beginning: String = kept.body.chars().take(SHOWN).collect();
    let more = if beginning.len() < kept.body.len() { " ..." } else { "" };
    writeln!(out, "#{} {} {}, {} bytes", kept.number, kept.received_at, kept.provider, kept.bytes)?;
    writeln!(out, "  {}", visible(&kept.reason))?;
    writeln!(out, "  {}{more}", visible(&beginning))
}

/// A row whose cells a spreadsheet takes for texts.
fn csv(kept: &Kept, out: &mut impl Write) -> io::Result<()> {
    let text = |text: &str| {
        let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if runs { format!("'{text}") } else { text.to_owned() }
    };
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record([
        kept.number.to_string(),
        kept.received_at.clone(),
        kept.provider.clone(),
        text(&kept.reason),
        kept.tries.to_string(),
        kept.bytes.to_string(),
        text(&kept.body),
    ])?;
    writer.flush()
}

fn retry(database: &Database, mapping: &Mapping) -> Result<Outcome, CliError> {
    let again = |provider: &str, body: &str| {
        let provider = provider.parse().unwrap_or(Provider::Auto);
        read(provider, body.as_bytes(), &Headers::none(), mapping)
    };
    let (summary, still) = database.writer()?.retry(Utc::now(), again)?;
    let ignored: usize = summary.ignored.values().sum();
    let text = format!(
        "{} new, {} updated, {} unchanged, {ignored} ignored; {still} still rejected",
        summary.new, summary.updated, summary.unchanged
    );
    let _ = writeln!(io::stderr(), "{text}");
    Ok(Outcome::Answered)
}
