//! Deploy events.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono_tz::Tz;

use crate::collect::store::events_of;
use crate::model::{Caveat, Deploy};

use super::bigquery::Wanted;
use super::table::{Rows, Table};
use super::{DeploySource, Loaded, Locator, SourceError, timestamp};

/// Reads deploy events in the order of time.
///
/// Rows with one `id` are one deployment, the latest `deployed_at` and then the last row; rows without one that are the same in
/// every column count once (caveat `duplicate_deploys`).
///
/// # Errors
/// Where a file cannot be read, has no column `deployed_at`, or a row has no time in it.
pub fn read_deploys(sources: &[DeploySource], zone: Tz) -> Result<Loaded<Vec<Deploy>>, SourceError> {
    let mut deploys = Vec::new();
    // In a database an id belongs to its sender, and is there once.
    let mut stored: Vec<Deploy> = Vec::new();
    for source in sources {
        if let Locator::Database(file) = &source.locator {
            let events = events_of(file)?.into_iter();
            stored.extend(events.map(|event| in_zone(event.deploy, zone)));
            continue;
        }
        let time = source.columns.get("deployed_at").map_or("deployed_at", String::as_str);
        for table in Table::open_all(&source.locator, time, Wanted::Deploys, None)? {
            read_table(&table, source, zone, &mut deploys)?;
        }
    }
    let rows = deploys.len();
    let mut deploys = without_twins(deploys);
    let dropped = rows - deploys.len();
    deploys.append(&mut stored);
    deploys.sort_by(|a, b| a.deployed_at.cmp(&b.deployed_at).then_with(|| a.id.cmp(&b.id)));
    let text = format!(
        "{dropped} of {rows} deploy events say again what others say (the same id, or every column the same) and were counted once."
    );
    let caveats = if dropped > 0 { vec![Caveat::new("duplicate_deploys", text)] } else { Vec::new() };
    Ok(Loaded { value: deploys, caveats })
}

/// A deployment of a database, whose times are kept in UTC.
fn in_zone(deploy: Deploy, zone: Tz) -> Deploy {
    Deploy { deployed_at: deploy.deployed_at.with_timezone(&zone), ..deploy }
}

fn read_table(table: &Table, source: &DeploySource, zone: Tz, into: &mut Vec<Deploy>) -> Result<(), SourceError> {
    for name in source.columns.values() {
        table.require(name)?;
    }
    let named = |known: &str| source.columns.get(known).cloned().unwrap_or_else(|| known.to_owned());
    let at = named("deployed_at");
    table.require(&at)?;
    let is_mapped = |name: &String| source.columns.values().any(|mapped| mapped == name);
    let names = table.names.iter().filter(|name| table.is_named(name) || is_mapped(name));
    let names: Vec<&str> = names.map(String::as_str).collect();
    // For each column of the file the known name that it has here, where it has one.
    let mapped: BTreeMap<&str, &str> =
        source.columns.iter().map(|(known, name)| (name.as_str(), known.as_str())).collect();
    let known: Vec<Option<&str>> = names
        .iter()
        .map(|name| {
            let own = Deploy::COLUMNS.iter().copied().find(|k| k == name && !source.columns.contains_key(*k));
            mapped.get(name).copied().or(own)
        })
        .collect();
    let time = names.iter().position(|name| *name == at).unwrap_or_default();
    let columns = Columns { file: &table.file, names: &names, known, time: (time, &at) };
    table.for_each_piece(&names, None, |rows| {
        let read = |places: &mut dyn Iterator<Item = usize>| places.map(|i| columns.deploy(&rows, i, zone)).collect();
        let pieces: Vec<Vec<Deploy>> = rows.in_pieces(ROWS, read)?;
        into.extend(pieces.into_iter().flatten());
        Ok(())
    })
}

/// Rows that one thread reads at a time.
const ROWS: usize = 1_024;

/// The columns of a file of deploy events.
struct Columns<'a> {
    file: &'a str,
    names: &'a [&'a str],
    /// For each column the known name that it has here, where it has one.
    known: Vec<Option<&'a str>>,
    /// The place and the name of the time.
    time: (usize, &'a str),
}

impl Columns<'_> {
    fn deploy(&self, rows: &Rows, i: usize, zone: Tz) -> Result<Deploy, SourceError> {
        let (time, time_name) = self.time;
        let text = rows.cell(time, i).unwrap_or("");
        let stamp = timestamp::parse(text, zone).ok_or_else(|| {
            let problem = if text.trim().is_empty() { "empty, and a deployment needs its time" } else { "not a time" };
            SourceError::cell(self.file, rows.number(i), time_name, text, problem)
        })?;
        let mut deploy = Deploy::at(stamp.at.with_timezone(&zone));
        for (c, known) in self.known.iter().enumerate() {
            let Some(text) = rows.cell(c, i).filter(|text| !text.is_empty()) else { continue };
            let slot = match known {
                Some("kind") => &mut deploy.kind,
                Some("app") => &mut deploy.app,
                Some("environment") => &mut deploy.environment,
                Some("repo") => &mut deploy.repo,
                Some("commit") => &mut deploy.commit,
                Some("branch") => &mut deploy.branch,
                Some("message") => &mut deploy.message,
                Some("author") => &mut deploy.author,
                Some("status") => &mut deploy.status,
                Some("url") => &mut deploy.url,
                Some("id") => &mut deploy.id,
                Some("source") => &mut deploy.source,
                Some(_) => continue,
                None => {
                    deploy.extra.insert(self.names[c].to_owned(), text.to_owned());
                    continue;
                }
            };
            *slot = Some(text.to_owned());
        }
        Ok(deploy)
    }
}

/// One deployment for each id, and one for each row that has none and differs from the others.
fn without_twins(mut deploys: Vec<Deploy>) -> Vec<Deploy> {
    let mut keep = vec![true; deploys.len()];
    let mut by_id: HashMap<&str, usize> = HashMap::with_capacity(deploys.len());
    let mut anonymous: HashSet<&Deploy> = HashSet::new();
    for (i, deploy) in deploys.iter().enumerate() {
        let Some(id) = &deploy.id else {
            keep[i] = anonymous.insert(deploy);
            continue;
        };
        match by_id.get(id.as_str()) {
            Some(&other) if deploys[other].deployed_at > deploy.deployed_at => keep[i] = false,
            other => {
                if let Some(&other) = other {
                    keep[other] = false;
                }
                by_id.insert(id, i);
            }
        }
    }
    let mut keep = keep.into_iter();
    deploys.retain(|_| keep.next().unwrap_or(true));
    deploys
}
