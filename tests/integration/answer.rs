use std::fmt::Write as _;

use crate::world::{World, codes, metric, repository, steady};

#[test]
fn the_answer_names_the_change_its_size_its_moment_and_the_deployment_before_it() {
    let answer = World::with_a_fall().why(&["--format", "json"]).json();
    let change = &answer["change"];
    assert_eq!(change["at"], "2024-02-10T00:00:00Z");
    assert_eq!((change["kind"].as_str(), change["direction"].as_str()), (Some("level"), Some("down")));
    let relative = change["relative"].as_f64().unwrap();
    assert!((-0.36..-0.30).contains(&relative), "{relative}");
    let inside = &change["relative_interval"];
    assert!(inside["from"].as_f64().unwrap() < -1.0 / 3.0 && inside["to"].as_f64().unwrap() > -1.0 / 3.0, "{inside}");
    assert!(change["p_value"].as_f64().unwrap() < 1e-6);
    let first = &answer["suspects"][0];
    assert_eq!(first["deploy"]["commit"], "cccc3333");
    assert!(first["probability"].as_f64().unwrap() > 0.5);
    let (from, to) = (change["interval"]["from"].as_str().unwrap(), change["interval"]["to"].as_str().unwrap());
    assert!("2024-02-10" < from && from < to && to < "2024-02-11", "{from} {to}");
}

#[test]
fn probabilities_and_their_parts_add_up() {
    let answer = World::with_a_fall().why(&["--format", "json"]).json();
    let suspects = answer["suspects"].as_array().unwrap();
    let sum: f64 = suspects.iter().map(|s| s["probability"].as_f64().unwrap()).sum();
    let none = answer["none_of_these"].as_f64().unwrap();
    assert!((sum + none - 1.0).abs() < 1e-9);
    let parts = &answer["none"];
    let parts = parts["something_else"].as_f64().unwrap() + parts["nothing_happened"].as_f64().unwrap();
    assert!((parts - none).abs() < 1e-9);
    let ranks: Vec<u64> = suspects.iter().map(|s| s["rank"].as_u64().unwrap()).collect();
    assert_eq!(ranks, (1..=suspects.len() as u64).collect::<Vec<_>>());
}

#[test]
fn where_nothing_changed_it_says_so_and_still_lists_the_candidates() {
    let world = World::with_a_fall().file("metrics.csv", metric(60, steady));
    let answer = world.why(&["--format", "json"]).json();
    assert!(answer["change"].is_null());
    assert!(answer["evidence"]["p_value"].as_f64().unwrap() > 0.05);
    assert!(!answer["suspects"].as_array().unwrap().is_empty());
    let table = world.why(&[]);
    assert!(table.out.starts_with("No change of m is supported near 2024-02-10"), "{}", table.out);
}

#[test]
fn an_app_filter_leaves_the_others_out_with_the_reason() {
    let answer = World::with_a_fall().why(&["--format", "json", "--app", "api"]).json();
    assert!(answer["suspects"].as_array().unwrap().iter().all(|s| s["deploy"]["app"] == "api"));
    assert!(answer["excluded"].as_array().unwrap().iter().any(|e| e["reason"] == "app"));
    assert_eq!(answer["question"]["apps"][0], "api");
}

#[test]
fn the_apps_of_the_configuration_are_the_default_and_a_star_lifts_them() {
    let world = World::with_a_fall().file("shiptrace.toml", "[metrics.m]\nsource = \"metrics.csv\"\napps = [\"api\"]\nbetter = \"up\"\n[deploys]\nsource = \"deploys.csv\"\n");
    let ask = |further: &[&str]| {
        world.run(&[&["why", "m", "--on", "2024-02-10", "--format", "json"], further].concat()).json()
    };
    let narrow = ask(&[]);
    assert_eq!(narrow["change"]["verdict"], "worse");
    assert!(narrow["suspects"].as_array().unwrap().iter().all(|s| s["deploy"]["app"] == "api"));
    let wide = ask(&["--app", "*"]);
    assert!(wide["suspects"].as_array().unwrap().iter().any(|s| s["deploy"]["app"] == "web"));
}

#[test]
fn shifting_time_and_scaling_values_moves_nothing_else() {
    let world = World::with_a_fall();
    let plain = world.why(&["--format", "json"]).json();
    let scaled = World::with_a_fall().file("metrics.csv", metric(60, |i| 8.0 * crate::world::fall(i)));
    let scaled = scaled.why(&["--format", "json"]).json();
    assert_eq!(plain["change"]["at"], scaled["change"]["at"]);
    let probability = |a: &serde_json::Value| a["suspects"][0]["probability"].as_f64().unwrap();
    assert!((probability(&plain) - probability(&scaled)).abs() < 1e-6);
}

#[test]
fn a_bucket_that_is_not_over_is_named_and_not_tested() {
    let world = World::with_a_fall();
    let answer = world.why(&["--format", "json", "--as-of", "2024-02-20T12:00:00Z"]).json();
    assert!(codes(&answer).contains(&"partial_bucket"));
    assert_eq!(answer["series"]["to"], "2024-02-20T00:00:00Z");
    assert_eq!(answer["as_of"], "2024-02-20T12:00:00Z");
}

#[test]
fn a_change_of_yesterday_is_young() {
    let world = World::with_a_fall();
    let answer = world.why(&["--format", "json", "--as-of", "2024-02-13"]).json();
    assert_eq!(answer["change"]["young"], true);
    assert_eq!(answer["suspects"][0]["deploy"]["commit"], "cccc3333");
}

/// Numbers with six digits after the point: the last ones differ between the logarithms of operating systems.
fn shortened(text: &str) -> String {
    let mut digits = None;
    let mut keep = |c: char| {
        digits = match digits {
            _ if c == '.' => Some(0),
            Some(n) if c.is_ascii_digit() => Some(n + 1),
            _ => None,
        };
        digits.is_none_or(|n| n <= 6)
    };
    text.chars().filter(|&c| keep(c)).collect()
}

#[test]
fn the_sample_data_gives_the_answer_of_its_story() {
    let shown = |arguments: &[&str]| {
        let mut command = World::empty().command(arguments);
        let output = command.current_dir(repository()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let now = ["--as-of", "2024-01-01"];
    let why = |format: &str| {
        shown(&[&["why", "confirmed_interactions", "--on", "2023-11-24", "--format", format], &now[..]].concat())
    };
    insta::assert_snapshot!("sample_why_table", why("table"));
    insta::assert_snapshot!("sample_why_markdown", why("markdown"));
    insta::assert_snapshot!("sample_why_csv", shortened(&why("csv")));
    insta::assert_snapshot!("sample_scan_table", shown(&[&["scan"], &now[..]].concat()));
    insta::assert_snapshot!("sample_metrics_table", shown(&[&["metrics"], &now[..]].concat()));
    insta::assert_snapshot!(
        "sample_spike_table",
        shown(&[&["why", "page_views", "--on", "2023-10-17"], &now[..]].concat())
    );
    insta::assert_snapshot!(
        "sample_unchanged_table",
        shown(&[&["why", "signups", "--on", "2023-11-24"], &now[..]].concat())
    );
}

#[test]
fn the_answer_in_the_readme_is_the_one_that_is_given() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let mut command = World::empty().command(&["why", "confirmed_interactions", "--on", "2023-11-24"]);
    let output = command.current_dir(repository()).output().unwrap();
    let given = String::from_utf8(output.stdout).unwrap();
    assert!(readme.contains(given.trim_end()), "the README tells another answer than:\n{given}");
}

/// Errors of sixty days by the hour, most of them by day, four times as many from the tenth of February on.
fn rare_errors(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut chance = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX)
    };
    let mut csv = String::from("timestamp,m\n");
    for hour in 0..60 * 24 {
        let rate = if (8..20).contains(&(hour % 24)) { 0.12 } else { 0.02 } * if hour < 40 * 24 { 1.0 } else { 4.0 };
        let at = chrono::DateTime::from_timestamp(1_704_067_200 + 3600 * hour, 0).unwrap();
        writeln!(csv, "{},{}", at.to_rfc3339(), u8::from(chance() < rate) + u8::from(chance() < rate / 4.0)).unwrap();
    }
    csv
}

#[test]
fn a_change_whose_moment_is_hardly_known_is_not_told_as_another_one() {
    for seed in 0..8 {
        let answer = World::with_a_fall().file("metrics.csv", rare_errors(seed)).why(&["--format", "json"]).json();
        assert_eq!(answer["change"]["direction"], "up", "seed {seed}");
        assert_eq!(answer["other_changes"], serde_json::json!([]), "seed {seed}");
    }
}
