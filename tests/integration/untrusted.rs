//! What a commit message may hold never acts, and stays readable.

use crate::world::{World, fall, metric};

const NASTY: &str = "\"=HYPERLINK(\"\"https://example.com\"\",\"\"x\"\")\u{1b}[31mred\u{1b}]0;title\u{7} \u{202e}evil\u{202c} | pipe\ttab `tick` <img src=x onerror=alert(1)> **bold** [link](https://example.com) @ann #12\nsecond line\"";

fn world() -> World {
    let deploys = format!(
        "deployed_at,app,commit,author,message\n2024-02-10T09:00:00Z,web,cccc3333,+Ann,{NASTY}\n2024-02-09T09:00:00Z,-web,dddd4444,@Bo,plain\n"
    );
    World::empty().file("metrics.csv", metric(60, fall)).file("deploys.csv", deploys)
}

#[test]
fn a_terminal_obeys_nothing_and_the_text_is_readable() {
    for arguments in [&["--color", "never"][..], &["--color", "never", "--ascii"]] {
        let table = world().why(arguments).out;
        assert!(!table.chars().any(|c| c.is_control() && c != '\n'), "{table:?}");
        assert!(!table.contains(['\u{202e}', '\u{202c}']), "{table:?}");
        assert!(table.contains("=HYPERLINK"), "{table}");
    }
}

#[test]
fn ascii_draws_nothing_else() {
    let world = World::with_a_fall();
    assert!(world.why(&["--ascii"]).out.is_ascii());
    assert!(world.run(&["scan", "--metrics", "metrics.csv", "--deploys", "deploys.csv", "--ascii"]).out.is_ascii());
}

#[test]
fn a_spreadsheet_runs_no_cell_unless_raw_was_asked_for() {
    let cells = |arguments: &[&str]| -> Vec<String> {
        let csv = world().why(&[&["--format", "csv"], arguments].concat()).out;
        csv::Reader::from_reader(csv.as_bytes())
            .records()
            .flat_map(|r| r.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    };
    let runs =
        |cell: &String| cell.starts_with(['=', '+', '@']) || (cell.starts_with('-') && cell.parse::<f64>().is_err());
    assert!(!cells(&[]).iter().any(runs), "{:?}", cells(&[]));
    let raw = cells(&["--raw"]);
    assert!(raw.iter().any(|cell| cell.starts_with("=HYPERLINK(\"https://example.com\",\"x\")\u{1b}[31mred")));
    assert!(raw.iter().any(|cell| cell == "+Ann"));
}

#[test]
fn markdown_takes_nothing_for_markup() {
    let document = world().why(&["--format", "markdown"]).out;
    let row = document.lines().find(|line| line.contains("HYPERLINK")).unwrap();
    // Everything of the message stands in one code span, whose pipe is escaped.
    let span = row.split("``").nth(1).unwrap();
    for part in ["<img", "**bold**", "[link](https://example.com)", "@ann #12", r"\| pipe"] {
        assert!(span.contains(part), "{part} in {row}");
    }
    let cells = row.replace(r"\|", "").matches('|').count();
    let head = document.lines().find(|line| line.starts_with("| #")).unwrap();
    assert_eq!(cells, head.matches('|').count());
}

#[test]
fn json_shows_a_terminal_nothing_to_obey_and_gives_back_what_went_in() {
    let run = world().why(&["--format", "json"]);
    assert!(!run.out.chars().any(|c| c.is_control() && c != '\n') && !run.out.contains('\u{202e}'));
    let answer = run.json();
    let messages: Vec<&str> =
        answer["suspects"].as_array().unwrap().iter().map(|s| s["deploy"]["message"].as_str().unwrap()).collect();
    let nasty = NASTY[1..NASTY.len() - 1].replace("\"\"", "\"");
    assert!(messages.contains(&nasty.as_str()), "{messages:?}");
}

#[test]
fn an_error_quotes_data_without_obeying_it() {
    let world = World::with_a_fall().file("deploys.csv", "deployed_at\n\u{1b}[31mnow\u{202e}\n");
    let run = world.why(&[]);
    assert_eq!(run.code, 2);
    assert!(!run.err.contains(['\u{1b}', '\u{202e}']), "{:?}", run.err);
    assert!(run.err.contains("row 2") && run.err.contains("now"));
}

#[test]
fn a_link_to_a_commit_cannot_be_broken_out_of() {
    let deploys = "deployed_at,app,repo,commit\n2024-02-10T09:00:00Z,web,acme/web,\"a) <script>\"\n";
    let world = World::with_a_fall()
        .file("deploys.csv", deploys)
        .file("shiptrace.toml", "commit_url = \"https://git.example.com/{repo}/commit/{commit}\"\n");
    let document = world.why(&["--format", "markdown"]).out;
    assert!(document.contains("(https://git.example.com/acme/web/commit/a%29%20%3Cscript%3E)"), "{document}");
}
