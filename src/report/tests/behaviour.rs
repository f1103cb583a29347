//! What options and unusual answers change in a report.

use super::{fixtures, report};
use crate::model::{Answer, Scan, Suspect, WhyAnswer};
use crate::report::{Format, Style};

fn table(answer: WhyAnswer, style: &Style) -> String {
    report(&Answer::Why(Box::new(answer)), Format::Table, style)
}

#[test]
fn suspects_below_the_top_are_summed_up_in_tables_only() {
    let style = Style { top: 1, ..fixtures::style() };
    let answer = Answer::Why(Box::new(fixtures::why()));
    for format in [Format::Table, Format::Markdown] {
        let shown = report(&answer, format, &style);
        assert!(shown.contains("and 2 more, together 4 %"), "{shown}");
        assert!(!shown.contains("phishing-web"), "{shown}");
    }
    for format in [Format::Json, Format::Csv] {
        assert!(report(&answer, format, &style).contains("phishing-web"));
    }
}

#[test]
fn no_deployments_are_never_said_not_to_exist() {
    let shown = table(fixtures::without_deployments(), &fixtures::style());
    assert!(shown.contains("No deployments are recorded in the window (3 days)."), "{shown}");
    let mut filtered = fixtures::without_deployments();
    filtered.question.apps = vec!["web".to_owned()];
    filtered.excluded = fixtures::why().excluded;
    let shown = table(filtered, &fixtures::style());
    assert!(shown.contains("No deployment of web recorded in the window (3 days) could have acted."), "{shown}");
    assert!(shown.contains("Left out: 3 deployments"), "{shown}");
}

#[test]
fn further_columns_are_shown_on_request() {
    let style = Style { columns: vec!["team".to_owned(), "branch".to_owned()], ..fixtures::style() };
    let shown = table(fixtures::why(), &style);
    assert!(shown.contains("author           team") && shown.contains("team-phishing-web"), "{shown}");
    assert!(!table(fixtures::why(), &fixtures::style()).contains("team-phishing-web"));
    let document = report(&Answer::Deploys(fixtures::deploys()), Format::Markdown, &style);
    assert!(document.contains("| author | `team` | `branch` | message |"), "{document}");
}

#[test]
fn ascii_draws_no_other_characters() {
    let style = Style { ascii: true, ..fixtures::style() };
    for (name, answer) in fixtures::all() {
        let shown =
            report(&answer, Format::Table, &style).replace("登録フォームの検証を修正", "").replace("José Núñez", "");
        // A wide message may be cut within.
        let drawn = shown.chars().find(|c| "─…→│".contains(*c));
        assert_eq!(drawn, None, "{name}");
    }
}

#[test]
fn colour_tells_a_change_for_the_worse_and_words_do_too() {
    let shown = table(fixtures::why(), &Style { color: true, ..fixtures::style() });
    assert!(shown.starts_with("\u{1b}[1m\u{1b}[31mconfirmed_interactions fell"), "{shown:?}");
    assert!(table(fixtures::why(), &fixtures::style()).contains("for the worse"));
}

#[test]
fn formulas_are_defused_unless_raw_and_numbers_never() {
    let mut answer = fixtures::why();
    answer.suspects[0].deploy.message = Some("=HYPERLINK(\"http://x\")".to_owned());
    let answer = Answer::Why(Box::new(answer));
    let safe = report(&answer, Format::Csv, &fixtures::style());
    assert!(safe.contains("\"'=HYPERLINK(\"\"http://x\"\")\"") && safe.contains(",-334.4,"), "{safe}");
    let raw = report(&answer, Format::Csv, &Style { raw: true, ..fixtures::style() });
    assert!(raw.contains("\"=HYPERLINK(\"\"http://x\"\")\""), "{raw}");
}

#[test]
fn json_reads_back_as_what_went_in() {
    let mut answer = fixtures::why();
    let message = "a\u{1b}[31m\u{9b}\u{202e}\u{e0041}\"\\\n日本";
    answer.suspects[0].deploy.message = Some(message.to_owned());
    let shown = report(&Answer::Why(Box::new(answer)), Format::Json, &fixtures::style());
    assert!(shown.ends_with("}\n"));
    let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(read["suspects"][0]["deploy"]["message"], message);
}

#[test]
fn a_hostile_message_is_readable_in_a_table() {
    let mut answer = fixtures::why();
    let suspect = Suspect { rank: 1, ..answer.suspects[0].clone() };
    answer.suspects = vec![suspect];
    answer.suspects[0].deploy.message = Some("Fix\t\u{1b}[31mred\u{1b}[0m <b>|x|</b>\r\nand more".to_owned());
    let shown = table(answer, &Style { width: Some(200), ..fixtures::style() });
    assert!(shown.contains(r"Fix \u{1b}[31mred\u{1b}[0m <b>|x|</b> (+1 line)"), "{shown}");
}

#[test]
fn a_young_change_says_that_its_kind_is_open() {
    let mut answer = fixtures::why();
    answer.series.to = fixtures::at("2023-11-25T23:00:00");
    answer.change.as_mut().unwrap().young = true;
    let shown = table(answer, &fixtures::style());
    assert!(shown.contains("Only 3 days since: what kind of change it is may still turn out otherwise."), "{shown}");
}

#[test]
fn a_scan_without_changes_says_so() {
    let mut scan = fixtures::scan();
    scan.changes.clear();
    let shown = report(&Answer::Scan(Box::new(scan)), Format::Table, &fixtures::style());
    assert!(
        shown.starts_with("No change is supported in 4 metrics; times in Europe/Oslo.\n\nNote: signups"),
        "{shown}"
    );
}

#[test]
fn a_scan_says_which_changes_were_asked_for() {
    let mut scan = fixtures::scan();
    scan.question.since = Some(fixtures::at("2023-10-31T23:00:00"));
    scan.question.until = Some(fixtures::at("2023-12-01T11:30:00"));
    scan.question.min_effect = Some(0.05);
    let first = |scan: &Scan| {
        let shown = report(&Answer::Scan(Box::new(scan.clone())), Format::Table, &fixtures::style());
        shown.lines().next().unwrap_or_default().to_owned()
    };
    let told = "3 changes of at least 5 % in 4 metrics from 2023-11-01 to 2023-12-01 12:30, 2 events in all; times";
    assert!(first(&scan).starts_with(told), "{}", first(&scan));
    scan.changes.remove(0);
    assert!(first(&scan).contains("2023-12-01 12:30, all at one moment;"), "{}", first(&scan));
    scan.changes.clear();
    scan.question.until = Some(fixtures::at("2023-11-30T23:00:00"));
    let told = "No change of at least 5 % is supported in 4 metrics from 2023-11-01 to 2023-11-30; times in";
    assert!(first(&scan).starts_with(told), "{}", first(&scan));
}
