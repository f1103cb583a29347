mod fields;
mod payloads;
mod properties;
mod splitting;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::read;
use crate::collect::{Event, Headers, Item, Mapping, Provider, Reading};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The messages of a folder that has one folder for each provider, in the order of their names.
fn files(folder: &Path) -> Vec<(String, String, Vec<u8>)> {
    let names = |folder: &Path| {
        let mut names: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    };
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut found = Vec::new();
    for provider in names(folder).into_iter().filter(|path| path.is_dir()) {
        for file in names(&provider) {
            found.push((name(&provider), name(&file), fs::read(&file).unwrap()));
        }
    }
    found
}

fn plain(provider: Provider, body: impl AsRef<[u8]>) -> Vec<Item> {
    read(provider, body.as_ref(), &Headers::none(), &Mapping::default())
}

fn event(item: &Item) -> &Event {
    match &item.reading {
        Reading::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

/// An item in lines that a person can check.
fn told(item: &Item) -> String {
    let event = match &item.reading {
        Reading::Event(event) => event,
        Reading::Ignored(reason) => return format!("  ignored: {reason}\n"),
        Reading::Rejected(reason) => return format!("  rejected: {reason}\n"),
    };
    let deploy = &event.deploy;
    let mut text = format!("  {} {}\n", deploy.source.as_deref().unwrap(), deploy.id.as_deref().unwrap());
    let _ = writeln!(text, "    deployed_at {}", deploy.deployed_at.to_rfc3339());
    if event.changed_at != deploy.deployed_at {
        let _ = writeln!(text, "    changed_at {}", event.changed_at.to_rfc3339());
    }
    for (name, value) in [
        ("app", &deploy.app),
        ("environment", &deploy.environment),
        ("repo", &deploy.repo),
        ("commit", &deploy.commit),
        ("branch", &deploy.branch),
        ("message", &deploy.message),
        ("author", &deploy.author),
        ("status", &deploy.status),
        ("url", &deploy.url),
    ] {
        text += &value.as_ref().map_or_else(String::new, |value| format!("    {name} {value:?}\n"));
    }
    for (name, value) in &deploy.extra {
        let _ = writeln!(text, "    + {name} {value:?}");
    }
    text
}
