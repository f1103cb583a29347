//! Every change of every metric: which are told, and how.

use serde_json::Value;

use crate::world::{World, day, metric, steady};

/// Long rows of a metric of 60 days, without a header.
fn rows(name: &str, value: impl Fn(u32) -> f64) -> String {
    metric(60, value).replace("timestamp,metric,value\n", "").replace(",m,", &format!(",{name},"))
}

/// A metric that never changes; each number is another one.
fn flat(n: u32) -> String {
    rows(&format!("flat{n:02}"), |i| steady(i + 1000 * n))
}

fn world(metrics: &str) -> World {
    World::with_a_fall().file("metrics.csv", format!("timestamp,metric,value\n{metrics}"))
}

fn scan(world: &World, further: &[&str]) -> Value {
    world.run(&[&["scan", "--metrics", "metrics.csv", "--format", "json"], further].concat()).json()
}

fn changes(answer: &Value) -> Vec<&Value> {
    answer["changes"].as_array().unwrap().iter().collect()
}

fn metrics_of(answer: &Value) -> Vec<&str> {
    changes(answer).iter().map(|c| c["metric"].as_str().unwrap()).collect()
}

/// A small rise that is told when the metric is looked at alone.
fn small(i: u32) -> f64 {
    if i < 40 { steady(i) } else { steady(i) + 36.0 }
}

#[test]
fn the_more_metrics_are_silent_the_stronger_a_change_must_be() {
    let alone = scan(&world(&rows("m", small)), &[]);
    let (p, q) = (&changes(&alone)[0]["p_value"], &changes(&alone)[0]["q_value"]);
    assert_eq!(p, q, "one metric pays for no other");
    let silent: String = (0..24).map(flat).collect();
    let world = world(&(rows("m", small) + &silent));
    let among = scan(&world, &["--fdr", "0.5"]);
    let found = changes(&among).into_iter().find(|c| c["metric"] == "m").unwrap().clone();
    let ratio = found["q_value"].as_f64().unwrap() / found["p_value"].as_f64().unwrap();
    assert!(ratio > 5.0, "{ratio}");
    assert!(found["q_value"].as_f64().unwrap() >= q.as_f64().unwrap());
}

#[test]
fn without_an_assumption_of_how_metrics_depend_fewer_changes_are_told_and_json_says_how() {
    let world = world(&(rows("m", small) + &flat(1) + &flat(2) + &flat(3)));
    let bh = scan(&world, &["--fdr", "0.2"]);
    let by = scan(&world, &["--fdr", "0.2", "--fdr-method", "by"]);
    assert_eq!((&bh["question"]["fdr"], &bh["question"]["fdr_method"]), (&0.2.into(), &"bh".into()));
    assert_eq!(by["question"]["fdr_method"], "by");
    let q =
        |answer: &Value| changes(answer).iter().find(|c| c["metric"] == "m").map(|c| c["q_value"].as_f64().unwrap());
    let price = 1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0;
    assert!((q(&by).unwrap() / q(&bh).unwrap() - price).abs() < 1e-9);
    world.run(&["scan", "--metrics", "metrics.csv", "--fdr-method", "bonferroni"]).refused(&["--fdr-method", "bh, by"]);
}

#[test]
fn what_is_told_at_a_rate_is_what_has_a_q_value_of_at_most_that() {
    let text: String = (0..8).map(flat).collect::<String>() + &rows("m", small);
    let world = world(&text);
    for fdr in [0.01, 0.05, 0.3, 0.9] {
        let answer = scan(&world, &["--fdr", &fdr.to_string()]);
        assert!(changes(&answer).iter().all(|c| c["q_value"].as_f64().unwrap() <= fdr));
        assert!(changes(&answer).iter().all(|c| c["p_value"].as_f64() <= c["q_value"].as_f64()));
    }
}

/// Rises by a fifth on a day.
fn step(seed: u32, at: u32) -> impl Fn(u32) -> f64 {
    move |i| if i < at { steady(i + seed) } else { 1.2 * steady(i + seed) }
}

#[test]
fn since_and_until_choose_what_is_shown_and_not_what_is_tested() {
    let world = world(&(rows("a", step(0, 20)) + &rows("b", step(500, 40)) + &flat(1)));
    let all = scan(&world, &[]);
    assert_eq!(metrics_of(&all), ["a", "b"]);
    let late = scan(&world, &["--since", &day(30)]);
    assert_eq!(metrics_of(&late), ["b"]);
    assert_eq!(changes(&late)[0]["q_value"], changes(&all)[1]["q_value"]);
    assert_eq!(metrics_of(&scan(&world, &["--until", &day(30)])), ["a"]);
    // A date is all of its day, at either end.
    assert_eq!(metrics_of(&scan(&world, &["--since", &day(20), "--until", &day(20)])), ["a"]);
    assert_eq!(metrics_of(&scan(&world, &["--since", &day(21), "--until", &day(39)])), Vec::<&str>::new());
}

#[test]
fn fail_on_change_is_about_the_changes_that_are_shown() {
    let world = world(&(rows("a", step(0, 20)) + &flat(1)));
    let code = |further: &[&str]| {
        world.run(&[&["scan", "--metrics", "metrics.csv", "--fail-on-change"], further].concat()).code
    };
    assert_eq!(code(&[]), 1);
    assert_eq!(code(&["--since", &day(30)]), 0);
    assert_eq!(code(&["flat01"]), 0);
    assert_eq!(world.run(&["scan", "--metrics", "metrics.csv"]).code, 0);
}

#[test]
fn apps_top_and_window_choose_the_deployments() {
    let world = World::with_a_fall();
    let suspects = |further: &[&str]| {
        let answer = scan(&world, &[&["--deploys", "deploys.csv"], further].concat());
        let listed = changes(&answer)[0]["suspects"].as_array().unwrap().clone();
        listed.iter().map(|s| s["deploy"]["commit"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(suspects(&[])[0], "cccc3333");
    assert_eq!(suspects(&["--top", "1"]), ["cccc3333"]);
    assert!(!suspects(&["--app", "api"]).contains(&"cccc3333".to_owned()));
    assert!(suspects(&["--window", "6d", "--top", "9"]).len() > suspects(&["--window", "1h", "--top", "9"]).len());
    let none = scan(&world, &["--deploys", "deploys.csv", "--top", "0"]);
    assert!(changes(&none)[0]["suspects"].as_array().unwrap().is_empty());
}

#[test]
fn changes_of_several_metrics_at_one_moment_are_one_event() {
    let world = world(&(rows("a", step(0, 40)) + &rows("b", step(500, 40)) + &rows("c", step(900, 20)) + &flat(1)));
    let answer = scan(&world, &["--deploys", "deploys.csv"]);
    let events: Vec<_> = changes(&answer).iter().map(|c| (c["metric"].clone(), c["event"].clone())).collect();
    let expected = [("c", 1), ("a", 2), ("b", 2)].map(|(metric, event)| (Value::from(metric), Value::from(event)));
    assert_eq!(events, expected);
    let command = ["scan", "--metrics", "metrics.csv", "--deploys", "deploys.csv", "--format"];
    let csv = world.run(&[&command[..], &["csv"]].concat()).out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let column = reader.headers().unwrap().iter().position(|head| head == "event").unwrap();
    let numbers: std::collections::BTreeSet<String> = reader.records().map(|r| r.unwrap()[column].to_owned()).collect();
    assert_eq!(numbers.into_iter().collect::<Vec<_>>(), ["1", "2"]);
    for format in ["table", "markdown"] {
        let shown = world.run(&[&command[..], &[format]].concat()).out;
        assert!(shown.contains("3 changes in 4 metrics, 2 events in all"), "{shown}");
        assert_eq!(shown.matches("bbbb2222").count(), 1, "the deployments of an event are told once:\n{shown}");
        assert_eq!(shown.matches("as judged from").count(), 1, "{shown}");
        assert_eq!(shown.matches("none of these").count(), 2, "{shown}");
    }
}

#[test]
fn small_effects_are_left_out_after_the_rate_and_counted() {
    let world = world(&(rows("a", step(0, 20)) + &rows("m", small) + &flat(1)));
    let all = scan(&world, &[]);
    assert_eq!(metrics_of(&all), ["a", "m"]);
    for least in ["5%", "0.05", "5 %"] {
        let large = scan(&world, &["--min-effect", least]);
        assert_eq!(metrics_of(&large), ["a"]);
        assert_eq!(changes(&large)[0]["q_value"], changes(&all)[0]["q_value"], "it does not change what is tested");
        assert_eq!(large["question"]["min_effect"], 0.05);
        let caveat = large["caveats"].as_array().unwrap().iter().find(|c| c["code"] == "small_effects").unwrap();
        assert_eq!(caveat["text"], "Left out, because smaller than 5 %: 1 of 2 changes.");
    }
    let none = world.run(&["scan", "m", "--metrics", "metrics.csv", "--min-effect", "5%", "--fail-on-change"]);
    assert_eq!(none.code, 0);
    assert!(none.out.starts_with("No change of at least 5 % is supported in 1 metric;"), "{}", none.out);
    assert!(none.out.contains("Note: Left out, because smaller than 5 %: 1 of 1 changes."), "{}", none.out);
}

#[test]
fn a_change_without_a_relative_effect_is_kept_and_that_is_said() {
    let errors = rows("errors", |i| if i < 40 { f64::from(i % 2) * 2.0 - 1.0 } else { 40.0 + f64::from(i % 3) });
    let answer = scan(&world(&errors), &["--min-effect", "90%"]);
    assert_eq!(metrics_of(&answer), ["errors"]);
    assert!(changes(&answer)[0]["relative"].is_null());
    let caveat = answer["caveats"].as_array().unwrap().iter().find(|c| c["code"] == "undefined_effects").unwrap();
    assert!(caveat["text"].as_str().unwrap().ends_with("zero or not told from it: 1 of 1 changes."), "{caveat}");
}

#[test]
fn what_nothing_was_tested_for_is_no_all_clear() {
    let world = World::with_a_fall();
    let refused = |options: &[&str], told: &[&str]| {
        world.run(&[&["scan", "--metrics", "metrics.csv", "--fail-on-change"], options].concat()).refused(told);
    };
    refused(&["--since", "2031-01-01"], &["no metric has data from 2031-01-01", "--since"]);
    refused(&["--until", "1999-01-01"], &["no metric has data before 1999-01-02"]);
    refused(&["--since", "2024-02-01", "--until", "2024-01-01"], &["--until", "not after --since"]);
    let rows: String = (1..29).map(|day| format!("2024-02-{day:02},m,{}\n", 100 + day % 3)).collect();
    let stray = World::empty().file("metrics.csv", format!("timestamp,metric,value\n{rows}1970-01-01,m,5\n"));
    stray
        .run(&["scan", "--metrics", "metrics.csv", "--no-config"])
        .refused(&["none of the metrics could be tested", "1970-01-01 00:00 lies far from all others"]);
    let asked = ["why", "m", "--on", "2024-02-20", "--metrics", "metrics.csv", "--no-config"];
    stray.run(&asked).refused(&["1970-01-01 00:00 lies far from all others", "correct or remove the rows"]);
}

#[test]
fn a_least_effect_that_is_none() {
    let world = World::with_a_fall();
    for (value, told) in
        [("five", "not a share"), ("-5%", "not a share"), ("5", "percent sign"), ("NaN", "not a share")]
    {
        world.run(&["scan", "--metrics", "metrics.csv", "--min-effect", value]).refused(&[
            "--min-effect",
            value,
            told,
            "hint",
        ]);
    }
    for value in ["2", "0", "-1", "half", "100%"] {
        world.run(&["scan", "--metrics", "metrics.csv", "--fdr", value]).refused(&["--fdr", value, "hint"]);
    }
    let as_percentage = world.run(&["scan", "--metrics", "metrics.csv", "--fdr", "10%", "--format", "json"]).json();
    let as_share = world.run(&["scan", "--metrics", "metrics.csv", "--fdr", "0.1", "--format", "json"]).json();
    assert_eq!(as_percentage["question"]["fdr"], as_share["question"]["fdr"]);
}

#[test]
fn several_metrics_are_read_from_standard_input_at_once() {
    let text = format!("timestamp,metric,value\n{}{}{}", rows("a", step(0, 20)), rows("b", step(500, 40)), flat(1));
    let arguments = ["scan", "b", "a", "b", "--metrics", "-", "--format", "json"];
    let answer = World::empty().run_with(&arguments, text.as_bytes(), &[]).json();
    assert_eq!(answer["question"]["metrics"], serde_json::json!(["a", "b"]));
    assert_eq!(metrics_of(&answer), ["a", "b"]);
    let run = World::empty().run_with(&["scan", "b", "c", "--metrics", "-"], text.as_bytes(), &[]);
    run.refused(&["no metric \"c\" among the 3"]);
}
