//! Imports only point down: see the map in `src/lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::world::repository;

/// Each layer, and the layers it may know.
const MAY_KNOW: [(&str, &[&str]); 9] = [
    ("model", &[]),
    ("stats", &["model"]),
    ("detect", &["model", "stats"]),
    ("attribute", &["model", "stats", "detect"]),
    ("bigquery", &["model"]),
    ("sources", &["model", "bigquery"]),
    ("report", &["model"]),
    ("investigate", &["model", "stats", "detect", "attribute", "sources", "report"]),
    ("cli", &["model", "investigate", "sources", "report", "bigquery"]),
];

/// What a layer must not mention: input and output, the clock, chance, and the crates that belong to other layers.
const FORBIDDEN: [(&[&str], &[&str]); 5] = [
    (
        &["model", "stats", "detect", "attribute"],
        &[
            "std::fs",
            "std::io",
            "std::env",
            "std::net",
            "std::process",
            "println!",
            "Utc::now",
            "Local::now",
            "SystemTime",
            "Instant",
            "rand::",
            "polars",
            "tokio",
            "clap",
        ],
    ),
    (&["report", "investigate"], &["polars", "clap::", "std::fs", "std::env", "Utc::now"]),
    (&["bigquery"], &["clap::", "std::env", "polars", "println!", "indicatif"]),
    (&["sources"], &["clap::", "std::env", "Utc::now", "comfy_table", "tokio", "reqwest", "gcp_bigquery_client"]),
    (&["cli"], &["polars"]),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|p| p.extension().is_some_and(|e| e == "rs"))
        .collect()
}

/// The code of a file without its comments and tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn layer_files(layer: &str) -> Vec<PathBuf> {
    let folder = repository().join("src").join(layer);
    let found: Vec<PathBuf> = files(&folder)
        .into_iter()
        .filter(|f| !f.ends_with("grid_tests.rs") && !f.ends_with("bigquery/tests.rs"))
        .collect();
    assert!(!found.is_empty(), "there is no layer {layer}");
    found
}

#[test]
fn a_layer_knows_only_those_below_it() {
    let all: Vec<&str> = MAY_KNOW.iter().map(|(layer, _)| *layer).collect();
    for (layer, known) in MAY_KNOW {
        for file in layer_files(layer) {
            let code = code(&file);
            for other in all.iter().filter(|o| **o != layer && !known.contains(o)) {
                assert!(!code.contains(&format!("crate::{other}")), "{} knows {other}", file.display());
            }
        }
    }
}

#[test]
fn every_folder_of_the_source_is_a_layer() {
    let folders = fs::read_dir(repository().join("src")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir());
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(MAY_KNOW.iter().any(|(layer, _)| *layer == name), "{name} has no place in the map");
    }
}

#[test]
fn the_core_does_no_input_or_output_and_knows_no_clock() {
    for (layers, words) in FORBIDDEN {
        for file in layers.iter().flat_map(|layer| layer_files(layer)) {
            let code = code(&file);
            for word in words {
                assert!(!code.contains(word), "{} mentions {word}", file.display());
            }
        }
    }
}
