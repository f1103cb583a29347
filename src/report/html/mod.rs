//! One page that works offline.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use page::Page;

use super::{Exporter, Style};
use crate::model::{Answer, Caveat};

mod data;
mod figure;
mod lists;
mod page;
mod scan;
mod suspects;
mod why;

/// A page for a browser: the app view, the commit view, and a table of every mark.
///
/// It is one file that fetches nothing, which its content-security policy enforces: only the style sheet and the script whose hashes stand
/// in it are taken, and no other source of any kind. Without a script the charts are pictures. Texts from data are escaped, or stand in a
/// block of JSON of which the script makes text alone; only addresses of the web become links.
pub(super) struct Html;

const CHART: &str = include_str!("chart.css");
const SHEET: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("script.js");

impl Exporter for Html {
    fn export(&self, answer: &Answer, style: &Style) -> io::Result<Vec<u8>> {
        let mut page = Page::default();
        let body = match answer {
            Answer::Why(answer) => why::body(answer, style),
            Answer::Scan(scan) => scan::body(scan, style),
            Answer::Deploys(list) => lists::deploys(list, style),
            Answer::Metrics(list) => lists::metrics(list),
        };
        let sheet = [CHART, SHEET].concat();
        page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .within("<meta http-equiv=\"Content-Security-Policy\" content=\"", &policy(&sheet), "\">\n")
            .raw("<meta name=\"referrer\" content=\"no-referrer\">\n")
            .raw("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n")
            .raw("<meta name=\"color-scheme\" content=\"light dark\">\n")
            .within("<title>", &body.title, "</title>\n<style>")
            .drawn(&sheet)
            .raw("</style>\n</head>\n<body>\n<main>\n")
            .drawn(&body.content)
            .raw("</main>\n");
        if let Some(data) = &body.data {
            page.raw("<script type=\"application/json\" id=\"data\">").drawn(&data::embedded(data)?).raw("</script>\n");
            page.raw("<script>").raw(SCRIPT).raw("</script>\n");
        }
        page.raw("</body>\n</html>\n");
        Ok(page.finished().into_bytes())
    }
}

/// What is on a page.
struct Body {
    title: String,
    /// Markup.
    content: String,
    /// What the script draws.
    data: Option<serde_json::Value>,
}

/// Forbids all but our own style sheet and script.
fn policy(sheet: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(sheet),
        hash(SCRIPT)
    )
}

/// What a reader should know of the data.
fn caveats(page: &mut Page, caveats: &[Caveat]) {
    if caveats.is_empty() {
        return;
    }
    page.raw("<ul>\n");
    for caveat in caveats {
        page.within("<li>Note: ", &caveat.text, "</li>\n");
    }
    page.raw("</ul>\n");
}

/// How the answer is had again.
fn reproduced(page: &mut Page, command: &str, as_of: &str) {
    if !command.is_empty() {
        page.within("<p>This answer again:</p>\n<pre tabindex=\"0\">", command, "</pre>\n");
    }
    page.within("<p class=\"quiet\">As of ", as_of, ", by shiptrace.</p>\n");
}
