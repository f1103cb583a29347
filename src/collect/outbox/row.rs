//! A deployment as a row of the table.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::store::Unsent;

/// Without these columns nobody could tell which row is the latest state of which deployment.
pub(super) const REQUIRED: [&str; 4] = ["deployed_at", "source", "id", "changed_at"];

/// The row, with those of its values for which the table has a column.
///
/// `extra` holds further columns as a JSON object; one that the table has a column for goes there.
pub(super) fn of(unsent: &Unsent, columns: &[String]) -> Value {
    let deploy = &unsent.event.deploy;
    let time = |time: chrono::DateTime<chrono::Utc>| json!(time.to_rfc3339_opts(SecondsFormat::Micros, true));
    let mut known: BTreeMap<&str, Value> = BTreeMap::from([
        ("deployed_at", time(deploy.deployed_at.to_utc())),
        ("changed_at", time(unsent.event.changed_at)),
        ("version", json!(unsent.version)),
        ("extra", json!(json!(deploy.extra).to_string())),
        ("app", json!(deploy.app)),
        ("environment", json!(deploy.environment)),
        ("repo", json!(deploy.repo)),
        ("commit", json!(deploy.commit)),
        ("branch", json!(deploy.branch)),
        ("message", json!(deploy.message)),
        ("author", json!(deploy.author)),
        ("status", json!(deploy.status)),
        ("url", json!(deploy.url)),
        ("id", json!(deploy.id)),
        ("source", json!(deploy.source)),
        ("kind", json!(deploy.kind)),
    ]);
    let mut row = Map::new();
    for column in columns {
        let name = column.to_ascii_lowercase();
        let value = known.remove(name.as_str()).or_else(|| deploy.extra.get(column).map(|text| json!(text)));
        if let Some(value) = value.filter(|value| !value.is_null()) {
            row.insert(column.clone(), value);
        }
    }
    Value::Object(row)
}

/// By this BigQuery tells for a while that a row is sent again.
pub(super) fn insert_id(unsent: &Unsent) -> String {
    let (source, id) = unsent.event.key();
    let whole = format!("{source}\u{0}{id}\u{0}{}", unsent.version);
    hex::encode(Sha256::digest(whole.as_bytes()).get(..16).unwrap_or_default())
}
