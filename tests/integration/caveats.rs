use crate::world::{DEPLOYS, World, codes, fall, metric, steady};

fn told(metrics: &str, deploys: &str) -> serde_json::Value {
    World::empty().file("metrics.csv", metrics).file("deploys.csv", deploys).why(&["--format", "json"]).json()
}

#[test]
fn nan_is_missing() {
    let answer = told(
        &metric(60, fall).replace("2024-01-05,m,", "2024-01-05,m,NaN\n2099,").replace("2099", "2024-01-31,x"),
        DEPLOYS,
    );
    assert!(codes(&answer).contains(&"nan_as_missing"), "{:?}", codes(&answer));
    assert_eq!(answer["series"]["missing"], 1);
}

#[test]
fn rows_that_repeat_or_contradict() {
    let answer = told(&(metric(60, fall) + "2024-01-01,m,5\n2024-01-01,m,5\n"), DEPLOYS);
    let text = |code: &str| {
        let caveats = answer["caveats"].as_array().unwrap();
        caveats.iter().find(|c| c["code"] == code).unwrap()["text"].as_str().unwrap().to_owned()
    };
    assert!(text("conflicting_rows").contains(&format!("5 over {}", fall(0))), "{}", text("conflicting_rows"));
    assert!(text("duplicate_rows").contains("1 row repeats"));
}

#[test]
fn a_local_hour_that_clocks_skipped_hints_at_another_zone() {
    // From 29 to 31 March 2024 in UTC, without saying so; in Oslo the clocks skip from two to three on the last of these days.
    let hour = |i: u32| format!("2024-03-{:02}T{:02}:00,m,{}\n", 29 + i / 24, i % 24, 100 + i % 7);
    let metrics = String::from("timestamp,metric,value\n") + &(0..72).map(hour).collect::<String>();
    let told = |zone: &str| {
        let world = World::empty().file("metrics.csv", metrics.clone());
        let answer = world.run(&["metrics", "--metrics", "metrics.csv", "--timezone", zone, "--format", "json"]).json();
        answer["caveats"].to_string()
    };
    let oslo = told("Europe/Oslo");
    assert!(oslo.contains("2024-03-31 03:00") && oslo.contains("may be of another zone"), "{oslo}");
    assert_eq!(told("UTC"), "[]");
}

#[test]
fn deployments_that_repeat() {
    let deploys =
        "id,deployed_at,app\n1,2024-02-09T10:00:00Z,web\n1,2024-02-10T09:00:00Z,web\n2,2024-02-01T09:00:00Z,web\n";
    let answer = told(&metric(60, fall), deploys);
    assert!(codes(&answer).contains(&"duplicate_deploys"));
    let suspects = answer["suspects"].as_array().unwrap();
    assert_eq!(suspects.len(), 1);
    assert_eq!(suspects[0]["deploy"]["deployed_at"], "2024-02-10T09:00:00Z");
}

#[test]
fn negative_counts_gaps_and_equal_values() {
    let answer = told(&metric(60, |i| if i == 7 { -3.0 } else { fall(i) }), DEPLOYS);
    assert!(codes(&answer).contains(&"negative_values"));
    let gappy: String =
        metric(60, fall).lines().filter(|l| !l.starts_with("2024-01-1")).map(|l| l.to_owned() + "\n").collect();
    let answer = told(&gappy, DEPLOYS);
    assert!(codes(&answer).contains(&"gaps"));
    assert_eq!(answer["series"]["missing"], 10);
    let answer = told(&metric(60, |_| 7.0), DEPLOYS);
    assert!(codes(&answer).contains(&"constant"));
    assert!(answer["change"].is_null());
    assert_eq!(answer["none"]["nothing_happened"], 1.0);
}

#[test]
fn no_deployments_recorded_is_never_called_no_deployments() {
    let far = "deployed_at,app\n2023-01-01T00:00:00Z,web\n2023-01-02T00:00:00Z,web\n";
    let world = World::with_a_fall().file("deploys.csv", far);
    let answer = world.why(&["--format", "json"]).json();
    assert_eq!(answer["none_of_these"], 1.0);
    assert!(codes(&answer).contains(&"deploy_feed_gap"));
    let table = world.why(&[]).out;
    assert!(table.contains("No deployments are recorded in the window"), "{table}");
    let without = world.run(&["why", "m", "--on", "2024-02-10", "--metrics", "metrics.csv", "--format", "json"]).json();
    assert!(codes(&without).contains(&"no_deploy_source"));
}

#[test]
fn a_feed_that_starts_late_ends_early_or_is_silent() {
    let feed = |days: &mut dyn Iterator<Item = u32>| {
        days.fold("deployed_at,app\n".to_owned(), |text, i| format!("{text}{}T09:00:00Z,web\n", crate::world::day(i)))
    };
    let gap = |text: String| codes(&told(&metric(60, fall), &text)).contains(&"deploy_feed_gap");
    assert!(gap(feed(&mut (39..60))), "starts after the window does");
    assert!(gap(feed(&mut (0..30))), "ends before it");
    assert!(gap(feed(&mut (0..60).filter(|i| !(34..45).contains(i)))), "is silent in it");
    assert!(!gap(feed(&mut (0..60))));
}

#[test]
fn environments_that_match_nothing_keep_all() {
    let deploys = DEPLOYS
        .replace("deployed_at,app", "deployed_at,environment")
        .replace(",web,", ",eu-1,")
        .replace(",api,", ",us-1,");
    let answer = told(&metric(60, fall), &deploys);
    assert!(codes(&answer).contains(&"environments_unmatched"));
    assert!(!answer["suspects"].as_array().unwrap().is_empty());
}

#[test]
fn scan_skips_what_is_too_short_and_says_so() {
    let text = metric(60, fall) + "2024-01-01,short,1\n2024-01-02,short,2\n2024-01-03,short,3\n2024-01-01,one,1\n";
    let world = World::empty().file("metrics.csv", text);
    let answer = world.run(&["scan", "--metrics", "metrics.csv", "--format", "json"]).json();
    assert_eq!(codes(&answer).iter().filter(|c| **c == "skipped_metric").count(), 2);
    assert_eq!(answer["changes"][0]["metric"], "m");
}

#[test]
fn deployments_after_now_are_left_out() {
    let world = World::with_a_fall();
    let answer = world.why(&["--as-of", "2024-02-14", "--format", "json"]).json();
    assert!(codes(&answer).contains(&"future_deploys"));
}

#[test]
fn a_clean_answer_has_no_caveats() {
    let answer = World::with_a_fall().why(&["--format", "json"]).json();
    assert_eq!(codes(&answer), Vec::<&str>::new());
    let _ = steady(1);
}
