//! Snapshots: every kind of answer in every format. Look at each when it changes.

use super::{fixtures, report};
use crate::report::{Format, Style};

fn snapshots(of: Format, suffix: &str, style: &Style) {
    for (name, answer) in fixtures::all() {
        let shown = report(&answer, of, style);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{suffix}"), shown);
        });
    }
}

#[test]
fn tables_of_120_columns() {
    snapshots(Format::Table, "table", &fixtures::style());
}

#[test]
fn tables_of_80_columns_in_ascii() {
    let style = Style { width: Some(80), ascii: true, ..fixtures::style() };
    snapshots(Format::Table, "table_80", &style);
}

#[test]
fn tables_with_charts_of_80_columns_and_of_160_in_ascii() {
    let style = Style { width: Some(80), chart: true, ..fixtures::style() };
    snapshots(Format::Table, "chart_80", &style);
    let style = Style { width: Some(160), chart: true, ascii: true, ..fixtures::style() };
    snapshots(Format::Table, "chart_160", &style);
}

#[test]
fn json_documents() {
    snapshots(Format::Json, "json", &fixtures::style());
}

#[test]
fn csv_files() {
    snapshots(Format::Csv, "csv", &fixtures::style());
}

#[test]
fn markdown_documents() {
    snapshots(Format::Markdown, "markdown", &fixtures::style());
}

#[test]
fn pages_without_their_own_style_sheet_and_script() {
    for (name, answer) in fixtures::all() {
        let page = report(&answer, Format::Html, &fixtures::style());
        let (head, rest) = page.split_once("<style>").unwrap();
        let (_, body) = rest.split_once("</style>").unwrap();
        let (body, script) = body.split_once("<script>").unwrap_or((body, ""));
        let shown =
            format!("{head}<style>...</style>{body}{}", if script.is_empty() { "" } else { "<script>...</script>" });
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, filters => vec![
            (r"sha256-[A-Za-z0-9+/=]{44}", "sha256-..."),
        ] }, {
            insta::assert_snapshot!(format!("{name}_html"), shown);
        });
    }
}

#[test]
fn pictures_without_their_style_sheet() {
    for (name, answer) in fixtures::all() {
        let picture = report(&answer, Format::Svg, &fixtures::style());
        let (head, rest) = picture.split_once("<style>").unwrap();
        let (_, body) = rest.split_once("</style>").unwrap();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_svg"), format!("{head}<style>...</style>{body}"));
        });
    }
}

#[test]
fn tables_of_a_narrow_terminal() {
    let style = Style { width: Some(60), chart: true, ..fixtures::style() };
    snapshots(Format::Table, "chart_60", &style);
}

#[test]
fn the_arithmetic_below_an_answer() {
    let style = Style { explain: true, ..fixtures::style() };
    let answer = crate::model::Answer::Why(Box::new(fixtures::why()));
    for (format, suffix) in [(Format::Table, "table"), (Format::Markdown, "markdown")] {
        let shown = report(&answer, format, &style);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("explained_{suffix}"), shown);
        });
    }
}
