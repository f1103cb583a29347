//! Pages, pictures and documents, and where they are written.

use crate::world::World;

#[test]
fn the_ending_of_the_output_chooses_a_page_or_a_picture() {
    let world = World::with_a_fall();
    for (name, begin) in [("report.html", "<!doctype html>"), ("chart.svg", "<svg ")] {
        let run = world.why(&["-o", name]);
        assert_eq!((run.code, run.out.as_str()), (0, ""), "{}", run.err);
        let written = std::fs::read_to_string(world.path(name)).unwrap();
        assert!(written.starts_with(begin) && written.contains("Ask for consent first"), "{written}");
    }
    assert!(world.why(&["--format", "html"]).out.ends_with("</html>\n"));
}

#[test]
fn a_document_with_a_chart_has_its_picture_beside_it() {
    let world = World::with_a_fall();
    let run = world.why(&["-o", "answer.md", "--with-chart"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let document = std::fs::read_to_string(world.path("answer.md")).unwrap();
    assert!(document.contains("](answer.svg)"), "{document}");
    assert!(std::fs::read_to_string(world.path("answer.svg")).unwrap().starts_with("<svg "));
}

#[test]
fn a_picture_beside_nothing_is_refused_before_anything_is_written() {
    let world = World::with_a_fall();
    world.why(&["--with-chart"]).refused(&["--with-chart", "only a Markdown document", "-o answer.md"]);
    world.why(&["--with-chart", "--format", "markdown"]).refused(&["no file for a picture to lie beside"]);
    world.why(&["--with-chart", "-o", "answer.json"]).refused(&["only a Markdown document"]);
    assert!(!world.path("answer.json").exists() && !world.path("answer.svg").exists());
}

#[test]
fn the_command_of_an_answer_gives_it_again() {
    let world = World::with_a_fall();
    let answer = world.why(&["--app", "web", "--window", "5d", "--no-config", "--format", "json"]).json();
    let words = shlex::split(answer["command"].as_str().unwrap()).unwrap();
    let arguments: Vec<&str> = words[1..].iter().map(String::as_str).chain(["--format", "json"]).collect();
    let again = world.run(&arguments).json();
    assert_eq!((&answer["change"], &answer["suspects"]), (&again["change"], &again["suspects"]));
    let scan =
        ["scan", "m", "--metrics", "metrics.csv", "--deploys", "deploys.csv", "--fdr", "0.1", "--format", "json"];
    let scanned = world.run(&scan).json();
    let words = shlex::split(scanned["command"].as_str().unwrap()).unwrap();
    let arguments: Vec<&str> = words[1..].iter().map(String::as_str).chain(["--format", "json"]).collect();
    assert_eq!(world.run(&arguments).json()["changes"], scanned["changes"]);
}

#[test]
fn nothing_is_drawn_where_the_output_is_no_terminal_but_what_was_asked_for() {
    let world = World::with_a_fall();
    let shown = world.why(&[]).out;
    assert!(!shown.contains('┤') && !shown.contains("1 A"), "{shown}");
    let drawn = world.run(&["deploys", "--deploys", "deploys.csv", "--chart"]);
    assert!(drawn.out.contains("A column is a day") && !drawn.out.contains('\u{1b}'), "{}", drawn.out);
}

#[test]
fn json_holds_neither_the_points_nor_the_deployments_of_the_pictures() {
    let answer = World::with_a_fall().why(&["--format", "json"]).json();
    assert!(answer.get("picture").is_none() && answer.get("command").is_some());
}
