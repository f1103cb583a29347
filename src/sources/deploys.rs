//! Deploy events.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono_tz::Tz;

use crate::model::{Caveat, Deploy};

use super::bigquery::Wanted;
use super::table::{Rows, Table};
use super::{DeploySource, Loaded, SourceError, timestamp};

/// Reads deploy events in the order of time.
///
/// Rows with one `id` are one deployment, the latest `deployed_at` and then the last row; rows without one that are the same in
/// every column count once (caveat `duplicate_deploys`).
///
/// # Errors
/// Where a file cannot be read, has no column `deployed_at`, or a row has no time in it.
pub fn read_deploys(sources: &[DeploySource], zone: Tz) -> Result<Loaded<Vec<Deploy>>, SourceError> {
    let mut deploys = Vec::new();
    for source in sources {
        let time = source.columns.get("deployed_at").map_or("deployed_at", String::as_str);
        for table in Table::open_all(&source.locator, time, Wanted::Deploys, None)? {
            read_table(&table, source, zone, &mut deploys)?;
        }
    }
    let rows = deploys.len();
    let mut deploys = without_twins(deploys);
    let dropped = rows - deploys.len();
    deploys.sort_by(|a, b| a.deployed_at.cmp(&b.deployed_at).then_with(|| a.id.cmp(&b.id)));
    let text = format!(
        "{dropped} of {rows} deploy events say again what others say (the same id, or every column the same) and were counted once."
    );
    let caveats = if dropped > 0 { vec![Caveat::new("duplicate_deploys", text)] } else { Vec::new() };
    Ok(Loaded { value: deploys, caveats })
}

fn read_table(table: &Table, source: &DeploySource, zone: Tz, into: &mut Vec<Deploy>) -> Result<(), SourceError> {
    for name in source.columns.values() {
        table.require(name)?;
    }
    let named = |known: &str| source.columns.get(known).cloned().unwrap_or_else(|| known.to_owned());
    let at = named("deployed_at");
    table.require(&at)?;
    let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
    let rows = table.read(&names, None)?;
    if rows.numbers.is_empty() {
        return Err(SourceError::NoRows { file: table.file.clone() });
    }
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
    for i in 0..rows.numbers.len() {
        if !rows.is_blank(i) {
            into.push(deploy(table, &rows, i, (time, &at), &known, zone)?);
        }
    }
    Ok(())
}

fn deploy(
    table: &Table,
    rows: &Rows,
    i: usize,
    (time, time_name): (usize, &str),
    known: &[Option<&str>],
    zone: Tz,
) -> Result<Deploy, SourceError> {
    let text = rows.columns[time].get(i).unwrap_or("");
    let stamp = timestamp::parse(text, zone).ok_or_else(|| {
        let problem = if text.trim().is_empty() { "empty, and a deployment needs its time" } else { "not a time" };
        SourceError::cell(&table.file, rows.numbers[i], time_name, text, problem)
    })?;
    let mut deploy = Deploy::at(stamp.at.with_timezone(&zone));
    for (c, known) in known.iter().enumerate() {
        let Some(text) = rows.columns[c].get(i).filter(|text| !text.is_empty()) else { continue };
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
                deploy.extra.insert(table.names[c].clone(), text.to_owned());
                continue;
            }
        };
        *slot = Some(text.to_owned());
    }
    Ok(deploy)
}

/// One deployment for each id, and one for each row that has none and differs from the others.
fn without_twins(deploys: Vec<Deploy>) -> Vec<Deploy> {
    let mut by_id: HashMap<String, usize> = HashMap::new();
    let mut anonymous: HashSet<String> = HashSet::new();
    let mut kept: Vec<Deploy> = Vec::with_capacity(deploys.len());
    for deploy in deploys {
        match &deploy.id {
            Some(id) => match by_id.get(id) {
                Some(&at) if kept[at].deployed_at <= deploy.deployed_at => kept[at] = deploy,
                Some(_) => {}
                None => {
                    by_id.insert(id.clone(), kept.len());
                    kept.push(deploy);
                }
            },
            None => {
                if anonymous.insert(format!("{deploy:?}")) {
                    kept.push(deploy);
                }
            }
        }
    }
    kept
}
