//! Where the answer goes and how it looks.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::model::{Answer, Deploy, nearest_names};
use crate::report::{self, Format, Style};

use super::CliError;
use super::arguments::{ColorChoice, OutputArguments};
use super::environment::Environment;

/// An output that is open, before the work starts.
pub(super) struct Output {
    to: Destination,
    /// Where a picture beside the document goes, where one was asked for.
    picture: Option<Destination>,
    format: Format,
    style: Style,
    quiet: bool,
}

enum Destination {
    Stdout,
    /// Written beside the file and moved over it in the end, so that a failure leaves the old one as it was.
    Beside {
        file: PathBuf,
        written: NamedTempFile,
    },
    /// A device or a pipe, which cannot be replaced.
    Into {
        file: PathBuf,
        open: fs::File,
    },
}

impl Output {
    pub(super) fn open(
        arguments: &OutputArguments,
        environment: &Environment,
        top: usize,
        commit_url: Option<String>,
    ) -> Result<Self, CliError> {
        let file = arguments.output.as_deref().filter(|file| *file != "-").map(Path::new);
        let wrong = |e: report::FormatError| {
            CliError::option(
                "--output",
                arguments.output.as_deref().unwrap_or(""),
                e.to_string(),
                "say --format table, json, csv, markdown, html or svg",
            )
        };
        let format = match (&arguments.format, file) {
            (Some(name), _) => name.parse().map_err(wrong)?,
            (None, Some(file)) => Format::from_path(file).map_err(wrong)?,
            (None, None) => Format::Table,
        };
        let picture = if arguments.with_chart { Some(beside_document(format, file)?) } else { None };
        let to = file.map_or(Ok(Destination::Stdout), open)?;
        let terminal = if file.is_none() { environment.terminal } else { None };
        let style = Style {
            width: terminal,
            color: colours(arguments.color, terminal.is_some(), environment),
            ascii: arguments.ascii,
            top,
            columns: arguments.columns.clone(),
            raw: arguments.raw,
            explain: false,
            chart: terminal.is_some() && !arguments.no_chart,
            picture: picture.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()),
            commit_url,
        };
        let picture = picture.as_deref().map(open).transpose()?;
        Ok(Self { to, picture, format, style, quiet: arguments.quiet })
    }

    /// The same, with the arithmetic below the answer where that is asked for.
    pub(super) fn explained(self, explain: bool) -> Self {
        Self { style: Style { explain, ..self.style }, ..self }
    }

    /// The same, with the chart alone where that is asked for.
    pub(super) fn charted(self, chart: bool) -> Self {
        Self { style: Style { chart, ..self.style }, ..self }
    }

    pub(super) fn write(self, answer: &Answer) -> Result<(), CliError> {
        if let Some(warning) = unknown_column(&self.style.columns, answer).filter(|_| !self.quiet) {
            let _ = writeln!(io::stderr(), "warning: {}", report::visible(&warning));
        }
        if let Some(picture) = self.picture {
            written(picture, answer, Format::Svg, &self.style)?;
        }
        written(self.to, answer, self.format, &self.style)
    }
}

/// The picture of a document: beside it, and of its name.
fn beside_document(format: Format, file: Option<&Path>) -> Result<PathBuf, CliError> {
    let hint = "give -o answer.md; the picture is then answer.svg";
    let given = file.map_or_else(|| format.name().to_owned(), |file| file.display().to_string());
    let wrong = |problem: &str| CliError::option("--with-chart", &given, problem, hint);
    match file {
        _ if format != Format::Markdown => Err(wrong("only a Markdown document has a picture beside it")),
        None => Err(wrong("there is no file for a picture to lie beside")),
        Some(file) if fs::metadata(file).is_ok_and(|about| !about.is_file()) => {
            Err(wrong("the output is no file for a picture to lie beside"))
        }
        Some(file) => Ok(file.with_extension("svg")),
    }
}

/// Says that no deployment of the answer has the first of these columns that none has, and which there are.
fn unknown_column(asked: &[String], answer: &Answer) -> Option<String> {
    let deploys = answer.deploys();
    let known = deploys.iter().flat_map(|deploy| deploy.extra.keys()).map(String::as_str).chain(Deploy::COLUMNS);
    let known: BTreeSet<&str> = known.collect();
    let unknown = asked.iter().find(|name| !known.contains(name.as_str())).filter(|_| !deploys.is_empty())?;
    let nearest = nearest_names(unknown, known.iter().copied(), 3).join(", ");
    let nearest = if nearest.is_empty() { String::new() } else { format!("; the nearest: {nearest}") };
    Some(format!("--columns {unknown}: no deployment of the answer has it{nearest}"))
}

/// Writes a report to where it goes.
fn written(to: Destination, answer: &Answer, format: Format, style: &Style) -> Result<(), CliError> {
    let failed = |file: &Path| {
        let file = file.display().to_string();
        move |source| CliError::Write { file, source }
    };
    match to {
        Destination::Stdout => {
            report::write(answer, format, style, &mut io::stdout().lock()).map_err(failed(Path::new("standard output")))
        }
        Destination::Into { file, mut open } => report::write(answer, format, style, &mut open).map_err(failed(&file)),
        Destination::Beside { file, mut written } => {
            report::write(answer, format, style, &mut written).map_err(failed(&file))?;
            written.flush().map_err(failed(&file))?;
            written.persist(&file).map(drop).map_err(|e| failed(&file)(e.error))
        }
    }
}

fn open(file: &Path) -> Result<Destination, CliError> {
    let failed = |source| CliError::Write { file: file.display().to_string(), source };
    let about = fs::metadata(file);
    if about.as_ref().is_ok_and(fs::Metadata::is_dir) {
        return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    if about.as_ref().is_ok_and(|about| !about.is_file()) {
        let open = fs::OpenOptions::new().write(true).open(file).map_err(failed)?;
        return Ok(Destination::Into { file: file.to_path_buf(), open });
    }
    if about.is_ok() {
        fs::OpenOptions::new().append(true).open(file).map_err(failed)?;
    }
    // A link stays a link, and what it points to is replaced.
    let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    let folder = real.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::metadata(folder).map_err(failed)?;
    let written = beside(folder, about_permissions(&real)).map_err(failed)?;
    Ok(Destination::Beside { file: real, written })
}

fn about_permissions(file: &Path) -> Option<fs::Permissions> {
    fs::metadata(file).ok().map(|about| about.permissions())
}

/// A hidden file in the folder, with the permissions of the one it replaces, or those of any new file.
fn beside(folder: &Path, permissions: Option<fs::Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".shiptrace-");
    #[cfg(unix)]
    let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // The error would name the hidden file, which says nothing to whoever named another.
    let file = builder.tempfile_in(folder).map_err(|e| io::Error::from(e.kind()))?;
    if let Some(permissions) = permissions {
        fs::set_permissions(file.path(), permissions)?;
    }
    Ok(file)
}

fn colours(choice: ColorChoice, terminal: bool, environment: &Environment) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if environment.get("NO_COLOR").is_some() => false,
        ColorChoice::Auto if environment.get("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
        ColorChoice::Auto => terminal && environment.get("TERM") != Some("dumb"),
    }
}
