//! Reverts and rollbacks as evidence.

use serde_json::Value;

use crate::world::{World, fall, metric, repository, steady};

/// Two deployments within minutes before the fall of 2024-02-10, of which the one to `web` is taken back four days later by this row.
fn deploys(undo: &str) -> String {
    let before = (30..40).map(|i| format!("{}T03:00:00Z,api,0000{i},Earlier\n", crate::world::day(i)));
    format!(
        "deployed_at,app,commit,message\n{}\
         2024-02-10T10:00:00Z,web,aaaa1111,Ask for consent first\n2024-02-10T10:30:00Z,shop,bbbb2222,New prices\n{undo}",
        before.collect::<String>()
    )
}

const REVERT: &str = "2024-02-14T10:00:00Z,web,cccc3333,\"Revert \"\"Ask for consent first\"\"\"\n";

/// A third less from 2024-02-10 at noon to 2024-02-14 at noon.
fn dent(i: u32) -> f64 {
    match i {
        40 | 44 => (steady(i) * 5.0 / 6.0).round(),
        41..44 => (steady(i) * 2.0 / 3.0).round(),
        _ => steady(i),
    }
}

fn asked(value: fn(u32) -> f64, undo: &str, further: &[&str]) -> Value {
    let world = World::empty().file("metrics.csv", metric(60, value)).file("deploys.csv", deploys(undo));
    world.why(&[&["--format", "json"], further].concat()).json()
}

fn suspect<'a>(answer: &'a Value, app: &str) -> &'a Value {
    answer["suspects"].as_array().unwrap().iter().find(|s| s["deploy"]["app"] == app).unwrap()
}

fn p(answer: &Value, app: &str) -> f64 {
    suspect(answer, app)["probability"].as_f64().unwrap()
}

fn reasons(answer: &Value, app: &str) -> String {
    suspect(answer, app)["reasons"].to_string()
}

#[test]
fn a_metric_that_moves_back_with_the_revert_raises_its_target() {
    let (without, with) = (asked(dent, "", &[]), asked(dent, REVERT, &[]));
    assert!(p(&without, "web") < 0.5, "{without}");
    assert!(p(&with, "web") > 0.9 && p(&with, "web") > 10.0 * p(&with, "shop"), "{with}");
    assert!(reasons(&with, "web").contains("reverted 4 d later by cccc3333, and the metric moved back"), "{with}");
    assert!(suspect(&with, "web")["prior_parts"].to_string().contains("reverted"));
}

#[test]
fn a_metric_that_stays_lowers_the_target_again() {
    let (stays, back) = (asked(fall, REVERT, &[]), asked(dent, REVERT, &[]));
    let odds = |answer: &Value| p(answer, "web") / p(answer, "shop");
    assert!(odds(&stays) < odds(&back) / 5.0, "{} {}", odds(&stays), odds(&back));
    assert!(reasons(&stays, "web").contains("reverted 4 d later by cccc3333, and the metric stayed"), "{stays}");
    // Before the metric is looked at the revert counts four times.
    assert!(odds(&stays) < 4.0, "{}", odds(&stays));
}

#[test]
fn a_revert_that_has_not_gone_out_yet_counts_for_nothing() {
    let answer = asked(dent, REVERT, &["--as-of", "2024-02-13"]);
    assert!(!reasons(&answer, "web").contains("reverted"), "{answer}");
}

#[test]
fn a_revert_is_recognised_by_its_message_its_commit_and_its_going_back() {
    let by_commit = "2024-02-14T10:00:00Z,web,cccc3333,\"Undo it\n\nThis reverts commit aaaa1111.\"\n";
    let earlier = "2024-01-20T10:00:00Z,web,99990000,Old\n";
    let rollback = format!("{earlier}2024-02-14T10:00:00Z,web,99990000,Old\n");
    for undo in [REVERT, by_commit, &rollback] {
        let answer = asked(dent, undo, &[]);
        assert!(p(&answer, "web") > 0.8, "{undo}: {answer}");
        assert!(reasons(&answer, "web").contains("and the metric moved back"), "{undo}: {answer}");
    }
    assert!(reasons(&asked(dent, &rollback, &[]), "web").contains("rolled back 4 d later by 99990000"));
}

#[test]
fn a_revert_in_the_window_is_a_suspect_itself() {
    // Back after ten days.
    let value = |i: u32| if i > 50 { steady(i) } else { fall(i) };
    let undo = REVERT.replace("02-14", "02-20") + "2024-02-20T10:20:00Z,shop,dddd4444,Newer prices\n";
    let world = World::empty().file("metrics.csv", metric(60, value)).file("deploys.csv", deploys(&undo));
    let why = ["why", "m", "--on", "2024-02-20..2024-02-21", "--metrics", "metrics.csv", "--deploys", "deploys.csv"];
    let answer = world.run(&[&why[..], &["--format", "json"]].concat()).json();
    let first = &answer["suspects"][0];
    assert_eq!(first["deploy"]["commit"], "cccc3333", "{answer}");
    assert!(first["probability"].as_f64().unwrap() > 3.0 * answer["suspects"][1]["probability"].as_f64().unwrap());
    assert!(
        first["reasons"].to_string().contains("reverts aaaa1111 of 10 d before, when the metric had moved"),
        "{first}"
    );
}

#[test]
fn the_revert_of_the_sample_data_tells_who_moved_the_metric() {
    let asked = |on: &str| {
        let mut command =
            World::empty().command(&["why", "report_clicks", "--on", on, "--as-of", "2024-01-01", "--format", "json"]);
        let output = command.current_dir(repository()).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["suspects"][0].clone()
    };
    let improvement = asked("2023-09-12");
    assert!(improvement["probability"].as_f64().unwrap() > 0.9);
    assert!(improvement["reasons"].to_string().contains("and the metric moved back"), "{improvement}");
    let revert = asked("2023-09-21");
    assert!(revert["deploy"]["message"].as_str().unwrap().starts_with("Revert"), "{revert}");
}
