//! Several metrics weighed together.

use serde_json::Value;

use crate::world::{World, fall, metric, steady};

/// A rise by a fifth that begins on 2024-02-10 at noon, in noise of its own.
fn rise(i: u32) -> f64 {
    let usual = steady(i + 500);
    match i {
        40 => (usual * 1.1).round(),
        41.. => (usual * 1.2).round(),
        _ => usual,
    }
}

/// The metric `m` falls; `orders` rises at the same moment, `visits` never moves, and `late` moves six days later.
fn world() -> World {
    let own = |value: fn(u32) -> f64, name: &str| {
        let text = metric(60, value).replace(",m,", &format!(",{name},"));
        text.split_once('\n').unwrap().1.to_owned()
    };
    let late = |i: u32| if i >= 46 { 1.3 * steady(i + 900) } else { steady(i + 900) };
    let all = metric(60, fall) + &own(rise, "orders") + &own(|i| steady(i + 700), "visits") + &own(late, "late");
    World::with_a_fall().file("metrics.csv", all)
}

fn first(answer: &Value) -> (String, f64) {
    let suspect = &answer["suspects"][0];
    (suspect["deploy"]["commit"].as_str().unwrap().to_owned(), suspect["probability"].as_f64().unwrap())
}

#[test]
fn what_moved_together_makes_its_deployment_likelier_and_is_told() {
    let world = world();
    let (alone, together) =
        (world.why(&["--format", "json"]).json(), world.why(&["--with", "orders", "--format", "json"]).json());
    assert_eq!((first(&alone).0, first(&together).0), ("cccc3333".to_owned(), "cccc3333".to_owned()));
    assert!(first(&together).1 > first(&alone).1, "{alone} {together}");
    let told = &together["with"][0];
    assert_eq!((told["metric"].as_str(), told["together"].as_bool()), (Some("orders"), Some(true)));
    assert!(told["change"]["relative"].as_f64().unwrap() > 0.1 && told["weight"].as_f64().unwrap() > 0.5);
    assert_eq!(alone["with"], Value::Array(Vec::new()));
    for format in ["table", "markdown"] {
        let shown = world.why(&["--with", "orders", "--format", format]).out.replace('`', "");
        assert!(shown.contains("orders moved too: +"), "{shown}");
    }
}

#[test]
fn what_did_not_move_and_what_moved_at_another_time_is_told_as_well() {
    let world = world();
    let table = world.why(&["--with", "visits", "--with", "late", "--with", "visits"]).out.replace('\n', " ");
    assert_eq!(table.matches("visits did not move (p = ").count(), 1, "{table}");
    assert!(!table.contains("late moved too"), "{table}");
    let answer = world.why(&["--with", "visits", "--with", "late", "--format", "json"]).json();
    assert!(answer["with"][0]["change"].is_null());
    assert!(answer["with"].as_array().unwrap().iter().all(|one| one["together"] == false));
    assert_eq!(first(&answer).0, "cccc3333");
}

#[test]
fn metrics_of_different_steps_are_weighed_together() {
    let hourly: String = (0..60 * 24)
        .map(|hour| {
            let value = steady(hour + 3000) * if hour >= 40 * 24 + 12 { 1.2 } else { 1.0 };
            format!("{}T{:02}:00:00Z,requests,{value}\n", crate::world::day(hour / 24), hour % 24)
        })
        .collect();
    let world = World::with_a_fall().file("hourly.csv", "timestamp,metric,value\n".to_owned() + &hourly);
    let further = ["--metrics", "hourly.csv", "--with", "requests", "--format", "json"];
    let (alone, together) = (world.why(&["--format", "json"]).json(), world.why(&further).json());
    assert_eq!(together["with"][0]["together"], true, "{}", together["with"]);
    assert!(first(&together).1 > first(&alone).1);
}

#[test]
fn a_copy_of_a_metric_says_nothing_new() {
    let copy = metric(60, fall).replace(",m,", ",copy,");
    let world = World::with_a_fall().file("metrics.csv", metric(60, fall) + copy.split_once('\n').unwrap().1);
    let (alone, together) =
        (world.why(&["--format", "json"]).json(), world.why(&["--with", "copy", "--format", "json"]).json());
    assert!((first(&alone).1 - first(&together).1).abs() < 1e-6);
    assert!(world.why(&["--with", "copy"]).out.replace('\n', " ").contains("Its noise is to 100 % that of m"));
}

#[test]
fn a_further_metric_must_exist_and_be_another_one() {
    let world = world();
    world.why(&["--with", "m"]).refused(&["--with", "that is the metric asked about"]);
    world.why(&["--with", "order"]).refused(&["order", "orders"]);
}

#[test]
fn a_further_metric_without_data_near_the_date_is_named_and_not_weighed() {
    let short = metric(20, steady).replace(",m,", ",short,");
    let world = World::with_a_fall().file("metrics.csv", metric(60, fall) + short.split_once('\n').unwrap().1);
    let (alone, together) =
        (world.why(&["--format", "json"]).json(), world.why(&["--with", "short", "--format", "json"]).json());
    assert!((first(&alone).1 - first(&together).1).abs() < 1e-9);
    assert!(
        world.why(&["--with", "short"]).out.replace('\n', " ").contains("short could not be looked at near the date")
    );
}

#[test]
fn scan_hears_the_metrics_of_one_event_as_witnesses_of_each_other() {
    let world = world();
    let scan = |metrics: &[&str]| {
        let words = [&["scan"], metrics, &["--metrics", "metrics.csv", "--deploys", "deploys.csv", "--format", "json"]];
        world.run(&words.concat()).json()
    };
    let change = |answer: &Value| {
        let all = answer["changes"].as_array().unwrap();
        all.iter().find(|c| c["metric"] == "m" && c["at"] == "2024-02-10T00:00:00Z").unwrap().clone()
    };
    let (alone, together) = (change(&scan(&["m"])), change(&scan(&["m", "orders"])));
    assert!(first(&together).1 > first(&alone).1, "{alone} {together}");
    let table = world.run(&["scan", "m", "orders", "--metrics", "metrics.csv", "--deploys", "deploys.csv"]).out;
    assert!(table.contains("with the others as witnesses:"), "{table}");
}

#[test]
fn scan_says_in_how_many_windows_the_deploy_events_have_a_gap() {
    let feed = (0..60).filter(|i| !(28..45).contains(i));
    let feed = feed.map(|i| format!("{}T09:00:00Z,web\n", crate::world::day(i))).collect::<String>();
    let late = "2024-02-10T09:00:00Z,web\n";
    let world = World::with_a_fall().file("deploys.csv", format!("deployed_at,app\n{late}{feed}"));
    let run = |world: &World| {
        world.run(&["scan", "--metrics", "metrics.csv", "--deploys", "deploys.csv", "--format", "json"]).json()
    };
    let told = run(&world)["caveats"].to_string();
    assert!(told.contains("have a gap in the window of 1 of the changes"), "{told}");
    assert!(!run(&World::with_a_fall())["caveats"].to_string().contains("gap"));
}
