use std::fmt::Write as _;

use super::repository;
use crate::collect::{Field, Provider, fields};

const BEGIN: &str = "# Where the fields of a deployment are\n\n\
    A test writes this page from what the program reads: `UPDATE_DOCS=1 cargo test --lib fields` after a change.\n\n\
    JSON pointers (RFC 6901) to the places in a message; the first that is there counts. What the program makes of them, such as a branch of\n\
    `refs/heads/main`, is on the page of the provider. Messages of Azure DevOps, Argo CD and Vercel were built from the documented fields\n\
    for the tests; those of the others were compared with real ones.\n";

const COLUMNS: [&str; 10] =
    ["deployed_at", "app", "environment", "repo", "commit", "branch", "message", "author", "status", "url"];

/// Fields that a reader makes of others than its shape names.
fn made(provider: Provider, field: &str) -> bool {
    let made: &[&str] = match provider {
        Provider::Vercel => &["repo", "status"],
        Provider::Cdevents | Provider::Github => &["status"],
        _ => &[],
    };
    made.contains(&field)
}

fn overview() -> String {
    let mut text =
        format!("\n| provider | message | {} |\n|---|---|{}\n", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
    for provider in Provider::ALL {
        for (message, fields) in fields(provider) {
            let has = |column: &str| fields.iter().any(|(field, _)| *field == column) || made(provider, column);
            let marks: Vec<&str> = COLUMNS.iter().map(|column| if has(column) { "yes" } else { "" }).collect();
            let _ = writeln!(text, "| `{provider}` | {message} | {} |", marks.join(" | "));
        }
    }
    text
}

fn details(fields: &[Field]) -> String {
    let mut text = "\n| field | where |\n|---|---|\n".to_owned();
    for (field, pointers) in fields {
        let pointers: Vec<String> = pointers.iter().map(|pointer| format!("`{pointer}`")).collect();
        let _ = writeln!(text, "| {field} | {} |", pointers.join(", "));
    }
    text
}

#[test]
fn the_page_of_the_fields_says_what_is_read() {
    let mut page = BEGIN.to_owned() + &overview();
    for provider in Provider::ALL {
        for (message, fields) in fields(provider) {
            let _ = write!(page, "\n## {provider}: {message}\n{}", details(fields));
        }
    }
    let file = repository().join("docs/collect/fields.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(there == page, "{} differs from what is read: run with UPDATE_DOCS=1", file.display());
}
