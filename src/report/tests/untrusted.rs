//! Whatever the data says, a report shows it and does nothing else.

use proptest::prelude::*;

use super::{fixtures, report};
use crate::model::{Answer, Caveat, Deploy};
use crate::report::text::{is_hidden, width};
use crate::report::{Format, Style};

/// The names of the elements and attributes of a page and a picture, but for what stands in its own script and style sheet.
fn tags(answer: &Answer) -> Vec<String> {
    let shown = [Format::Html, Format::Svg].map(|format| report(answer, format, &with_columns())).concat();
    let outside: String =
        shown.split("<style>").map(|part| part.split_once("</style>").map_or(part, |(_, rest)| rest)).collect();
    let outside: String =
        outside.split("<script>").map(|part| part.split_once("</script>").map_or(part, |(_, rest)| rest)).collect();
    let mut names: Vec<String> = Vec::new();
    for tag in outside.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        let quoted: Vec<&str> = tag.split('"').step_by(2).collect();
        for word in quoted.join(" ").split_whitespace() {
            let name = word.trim_end_matches('=').to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Texts that try to be more than text.
fn nasty() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\u{1b}[31m",
        "\u{1b}]8;;http://x\u{7}",
        "\u{9b}2J",
        "\r",
        "\n",
        "\r\n",
        "\t",
        "\0",
        "\u{202e}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "|",
        "\\",
        "\\|",
        "`",
        "``",
        "```",
        "*",
        "_",
        "[x](http://y)",
        "![i](z)",
        "<script>",
        "<!--",
        "&lt;",
        "@channel",
        "#12",
        "=1+1",
        "+1",
        "-1",
        "＝1",
        "'",
        "\"",
        ",",
        ";",
        "~~",
        "$x$",
        "日本",
        "👩‍💻",
        "e\u{301}",
        " ",
        "word",
    ]);
    let crafted = prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat());
    prop_oneof![crafted, any::<String>()]
}

/// The answers with a text in every place that data can fill.
fn filled(text: &str) -> Vec<Answer> {
    let deploy = |deploy: &mut Deploy| {
        let text = || Some(text.to_owned());
        *deploy = Deploy {
            id: text(),
            kind: text(),
            app: text(),
            environment: text(),
            repo: text(),
            commit: text(),
            branch: text(),
            message: text(),
            author: text(),
            status: text(),
            url: text(),
            source: text(),
            extra: [("team".to_owned(), text().unwrap_or_default())].into(),
            ..Deploy::at(deploy.deployed_at)
        };
    };
    let mut why = fixtures::why();
    why.question.metric = text.to_owned();
    why.question.on = text.to_owned();
    why.question.apps = vec![text.to_owned()];
    why.series.unit = Some(text.to_owned());
    why.caveats = vec![Caveat::new("x", text)];
    why.with.iter_mut().for_each(|one| one.metric = text.to_owned());
    why.reckoning.priors[0].source = text.to_owned();
    why.reckoning.lags = [(text.to_owned(), 60.0)].into();
    why.suspects.iter_mut().for_each(|s| {
        s.reasons = vec![text.to_owned()];
        s.group = s.group.as_ref().map(|_| text.to_owned());
        deploy(&mut s.deploy);
    });
    let mut scan = fixtures::scan();
    scan.caveats = vec![Caveat::new("x", text)];
    scan.changes.iter_mut().for_each(|event| {
        event.metric = text.to_owned();
        event.suspects.iter_mut().for_each(|s| deploy(&mut s.deploy));
    });
    let mut deploys = fixtures::deploys();
    deploys.deploys.iter_mut().for_each(deploy);
    let mut metrics = fixtures::metrics();
    metrics.metrics.iter_mut().for_each(|metric| {
        metric.metric = text.to_owned();
        metric.unit = Some(text.to_owned());
        metric.apps = vec![text.to_owned()];
    });
    let empty = crate::model::WhyAnswer { suspects: Vec::new(), ..why.clone() };
    vec![
        Answer::Why(Box::new(why)),
        Answer::Why(Box::new(empty)),
        Answer::Scan(Box::new(scan)),
        Answer::Deploys(deploys),
        Answer::Metrics(metrics),
    ]
}

fn with_columns() -> Style {
    Style { columns: vec!["team".to_owned(), "url".to_owned()], explain: true, ..fixtures::style() }
}

/// The line without its code spans, as renderers find them.
fn outside_of_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(['`', '\\']) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if rest.starts_with('\\') {
            let end = rest.char_indices().nth(2).map_or(rest.len(), |(i, _)| i);
            rest = &rest[end..];
            continue;
        }
        let run = rest.len() - rest.trim_start_matches('`').len();
        let inside = &rest[run..];
        let closing = inside
            .match_indices(&"`".repeat(run))
            .map(|(i, _)| i)
            .find(|&i| !inside[..i].ends_with('`') && !inside[i + run..].starts_with('`'));
        rest = closing.map_or(inside, |i| &inside[i + run..]);
    }
    out + rest
}

/// How many cells a renderer sees where it takes `\\|` for a backslash and a pipe, and where it takes it for an escaped pipe.
fn cells(row: &str) -> [usize; 2] {
    let mut counts = [0; 2];
    let mut backslashes = 0;
    for c in row.chars() {
        if c == '|' {
            counts[0] += usize::from(backslashes % 2 == 0);
            counts[1] += usize::from(backslashes == 0);
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
    }
    counts.map(|pipes| pipes - 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_terminal_gets_nothing_but_visible_text_and_line_breaks(text in nasty(), columns in 40..200_usize) {
        for answer in filled(&text) {
            for format in [Format::Table, Format::Csv, Format::Json, Format::Markdown] {
                let style = Style { width: Some(columns), ..with_columns() };
                let shown = report(&answer, format, &style);
                let tab = |c| c == '\t' && matches!(format, Format::Csv | Format::Markdown);
                let acting = shown.chars().find(|&c| is_hidden(c) && c != '\n' && !tab(c));
                prop_assert_eq!(acting, None, "{:?}", format);
            }
        }
    }

    #[test]
    fn colours_are_the_only_escape_sequences(text in nasty()) {
        for answer in filled(&text) {
            let plain = report(&answer, Format::Table, &fixtures::style());
            let mut shown = report(&answer, Format::Table, &Style { color: true, ..fixtures::style() });
            for ours in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m"] {
                shown = shown.replace(ours, "");
            }
            prop_assert_eq!(shown, plain);
        }
    }

    #[test]
    fn a_table_is_no_wider_than_the_terminal(text in nasty(), chart in any::<bool>()) {
        for columns in [60, 80] {
            let style = Style { width: Some(columns), explain: columns == 80, chart, ..fixtures::style() };
            for answer in filled(&text) {
                let shown = report(&answer, Format::Table, &style);
                // Commands are not wrapped, so that they can be copied; a list of metrics has too many numbers for 60 columns.
                let wide = shown.lines().find(|line| width(line) > columns && !line.starts_with("  shiptrace"));
                let list = columns == 60 && matches!(answer, Answer::Metrics(_));
                prop_assert!(wide.is_none() || list, "{:?}", wide);
            }
        }
    }

    #[test]
    fn a_page_and_a_picture_hold_data_as_text_only(text in nasty()) {
        let harmless: Vec<Vec<String>> = filled("word").iter().map(tags).collect();
        for (answer, expected) in filled(&text).iter().zip(&harmless) {
            for shown in [report(answer, Format::Html, &with_columns()), report(answer, Format::Svg, &with_columns())] {
                let acting = shown.chars().find(|&c| is_hidden(c) && !matches!(c, '\n' | '\t'));
                prop_assert_eq!(acting, None);
                prop_assert!(!shown.to_lowercase().contains("javascript:") || text.to_lowercase().contains("javascript:"));
            }
            let mut own = tags(answer);
            own.retain(|tag| !expected.contains(tag));
            prop_assert_eq!(own, Vec::<String>::new());
        }
    }

    #[test]
    fn raw_csv_reads_back_as_it_was(text in nasty()) {
        let style = Style { raw: true, ..fixtures::style() };
        for answer in filled(&text) {
            let shown = report(&answer, Format::Csv, &style);
            let mut reader = csv::Reader::from_reader(shown.as_bytes());
            let heads = reader.headers().unwrap().clone();
            for record in reader.records().map(Result::unwrap) {
                let cell = |name: &str| heads.iter().position(|head| head == name).and_then(|i| record.get(i));
                let has_deploy = cell("deployed_at").is_some_and(|at| !at.is_empty());
                let filled = [("metric", true), ("message", has_deploy), ("team", has_deploy)];
                for (name, _) in filled.into_iter().filter(|(name, expected)| *expected && cell(name).is_some()) {
                    prop_assert_eq!(cell(name), Some(text.as_str()));
                }
            }
        }
    }

    #[test]
    fn no_csv_cell_is_a_formula(text in nasty()) {
        for answer in filled(&text) {
            let shown = report(&answer, Format::Csv, &fixtures::style());
            let mut reader = csv::Reader::from_reader(shown.as_bytes());
            for cell in reader.records().flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
                let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
                prop_assert!(!runs || cell.parse::<f64>().is_ok(), "{:?}", cell);
                let undone = cell.strip_prefix('\'').unwrap_or(&cell);
                prop_assert!(!cell.starts_with('\'') || undone == text || cell == text, "{:?}", cell);
            }
        }
    }

    #[test]
    fn markdown_rows_have_as_many_cells_as_the_head(text in nasty()) {
        for answer in filled(&text) {
            let shown = report(&answer, Format::Markdown, &with_columns());
            for table in shown.split("\n\n").filter(|block| block.starts_with("| ") && block.contains("\n| --- |")) {
                let head = table.lines().nth(1).map(cells);
                for row in table.lines() {
                    prop_assert_eq!(Some(cells(row)), head, "{}", row);
                }
            }
        }
    }

    #[test]
    fn markdown_holds_data_in_code_only(text in nasty()) {
        let marked = format!("Ω{}Ω", text.replace(['\n', '\r'], " "));
        for mut answer in filled(&marked) {
            if let Answer::Why(answer) = &mut answer {
                answer.caveats.clear();
                answer.suspects.iter_mut().for_each(|s| s.reasons.clear());
            }
            if let Answer::Scan(scan) = &mut answer {
                scan.caveats.clear();
            }
            let style = Style { commit_url: None, ..with_columns() };
            for line in report(&answer, Format::Markdown, &style).lines() {
                prop_assert!(!outside_of_code(line).contains('Ω'), "{}", line);
            }
        }
    }
}
