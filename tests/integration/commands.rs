use crate::world::{World, fall, metric, steady};

#[test]
fn flags_win_over_the_environment_which_wins_over_the_configuration() {
    let world = World::with_a_fall()
        .file("shiptrace.toml", "timezone = \"Asia/Tokyo\"\nwindow = \"1d\"\n[metrics.m]\nsource = \"metrics.csv\"\n");
    let ask = |further: &[&str], variables: &[(&str, &str)]| {
        let all = [&["why", "m", "--on", "2024-02-10", "--format", "json"], further].concat();
        world.run_with(&all, b"", variables).json()["question"].clone()
    };
    let question = ask(&[], &[("SHIPTRACE_WINDOW", "")]);
    assert_eq!((&question["timezone"], &question["window_seconds"]), (&"Asia/Tokyo".into(), &86_400.into()));
    let variables = [("SHIPTRACE_TIMEZONE", "Europe/Oslo"), ("SHIPTRACE_WINDOW", "2d")];
    let question = ask(&[], &variables);
    assert_eq!((&question["timezone"], &question["window_seconds"]), (&"Europe/Oslo".into(), &172_800.into()));
    let question = ask(&["--timezone", "UTC", "--window", "36h"], &variables);
    assert_eq!((&question["timezone"], &question["window_seconds"]), (&"UTC".into(), &129_600.into()));
}

#[test]
fn metrics_given_as_a_flag_replace_the_configured_ones_and_keep_what_is_said_of_them() {
    let config = "[metrics.m]\nsource = \"none.csv\"\nbetter = \"down\"\n[metrics.other]\nsource = \"none.csv\"\n";
    let world = World::with_a_fall().file("shiptrace.toml", config);
    let answer = world.why(&["--format", "json"]).json();
    assert_eq!(answer["change"]["verdict"], "better");
    let list = world.run(&["metrics", "--metrics", "metrics.csv", "--format", "json"]).json();
    assert_eq!(list["metrics"].as_array().unwrap().len(), 1);
}

#[test]
fn the_ending_of_the_output_chooses_the_format() {
    let world = World::with_a_fall();
    for (file, beginning) in [("a.json", "{"), ("a.csv", "metric,on,"), ("a.md", "## Why did"), ("a.txt", "m fell")] {
        let run = world.why(&["-o", file]);
        assert_eq!((run.code, run.out.as_str()), (0, ""), "{}", run.err);
        let text = std::fs::read_to_string(world.path(file)).unwrap();
        assert!(text.starts_with(beginning), "{file}: {text}");
    }
}

#[test]
fn fail_on_change_ends_with_1_where_one_was_found() {
    let world = World::with_a_fall();
    assert_eq!(world.why(&["--fail-on-change"]).code, 1);
    assert_eq!(world.why(&[]).code, 0);
    let steady = World::with_a_fall().file("metrics.csv", metric(60, steady));
    assert_eq!(steady.why(&["--fail-on-change"]).code, 0);
    assert_eq!(world.run(&["scan", "--metrics", "metrics.csv", "--fail-on-change"]).code, 1);
}

#[test]
fn scan_finds_every_change_of_every_metric_also_without_deployments() {
    let other = metric(60, |i| if i < 25 { steady(i + 100) } else { 1.4 * steady(i + 100) }).replace(",m,", ",other,");
    let flat = metric(60, |i| steady(i + 500)).replace(",m,", ",flat,");
    let text = metric(60, fall)
        + &other.replace("timestamp,metric,value\n", "")
        + &flat.replace("timestamp,metric,value\n", "");
    let world = World::with_a_fall().file("metrics.csv", text);
    let scan = world.run(&["scan", "--metrics", "metrics.csv", "--format", "json"]).json();
    let found: Vec<(&str, &str)> = scan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["metric"].as_str().unwrap(), c["at"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [("other", "2024-01-26T00:00:00Z"), ("m", "2024-02-10T00:00:00Z")]);
    assert!(
        scan["changes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|c| c["none_of_these"] == 1.0 && c["suspects"].as_array().unwrap().is_empty())
    );
    let scan = world
        .run(&[
            "scan",
            "--metrics",
            "metrics.csv",
            "--deploys",
            "deploys.csv",
            "--since",
            "2024-02-01",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(scan["changes"].as_array().unwrap().len(), 1);
    assert_eq!(scan["changes"][0]["suspects"][0]["deploy"]["commit"], "cccc3333");
    assert!(scan["changes"][0]["suspects"].as_array().unwrap().len() <= 3);
}

#[test]
fn deploys_are_listed_by_app_and_time() {
    let world = World::with_a_fall();
    let list = world
        .run(&[
            "deploys",
            "--deploys",
            "deploys.csv",
            "--app",
            "api",
            "--since",
            "2024-02-08",
            "--until",
            "2024-02-12",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(list["schema"], "shiptrace/deploys/1");
    let commits: Vec<&str> =
        list["deploys"].as_array().unwrap().iter().map(|d| d["commit"].as_str().unwrap()).collect();
    assert_eq!(commits, ["dddd4444"]);
}

#[test]
fn further_columns_are_kept_and_shown_on_request() {
    let deploys = "deployed_at,app,message,ticket\n2024-02-10T09:00:00Z,web,Consent,T-17\n";
    let world = World::with_a_fall().file("deploys.csv", deploys);
    assert!(!world.why(&[]).out.contains("T-17"));
    assert!(world.why(&["--columns", "ticket"]).out.contains("T-17"));
    assert_eq!(world.why(&["--format", "json"]).json()["suspects"][0]["deploy"]["extra"]["ticket"], "T-17");
    assert_eq!(world.why(&["--columns", "ticket,url"]).err, "");
    assert!(
        world
            .why(&["--columns", "tickt"])
            .err
            .contains("warning: --columns tickt: no deployment of the answer has it; the nearest: ticket")
    );
    assert_eq!(world.why(&["--columns", "tickt", "--quiet"]).err, "");
}

#[test]
fn what_is_to_be_run_next_can_be_run() {
    let world = World::with_a_fall();
    let answer = world.why(&["--format", "json"]).json();
    for step in answer["next"].as_array().unwrap() {
        let words = shlex::split(step["command"].as_str().unwrap()).unwrap();
        assert_eq!(words[0], "shiptrace");
        let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let run = world.run(&words);
        assert_eq!(run.code, 0, "{step}: {}", run.err);
    }
    assert!(world.path("m-2024-02-10.md").exists());
}

#[test]
fn what_gives_the_answer_again_needs_no_variables() {
    let world = World::with_a_fall();
    let variables = [
        ("SHIPTRACE_METRICS", "metrics.csv"),
        ("SHIPTRACE_DEPLOYS", "deploys.csv"),
        ("SHIPTRACE_TIMEZONE", "Asia/Tokyo"),
        ("SHIPTRACE_WINDOW", "5d"),
    ];
    for command in [&["why", "m", "--on", "2024-02-10"][..], &["scan", "m"]] {
        let document = world.run_with(&[command, &["--format", "markdown"]].concat(), b"", &variables).out;
        let again =
            document.lines().find(|line| line.starts_with("shiptrace ")).unwrap_or_else(|| panic!("{document}"));
        let words = shlex::split(again).unwrap();
        let words: Vec<&str> = words[1..].iter().map(String::as_str).chain(["--format", "markdown"]).collect();
        assert_eq!(world.run(&words).out, document);
    }
}

#[test]
fn completions_and_the_manual_are_printed() {
    let world = World::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(world.run(&["completions", shell]).out.contains("shiptrace"), "{shell}");
    }
    assert!(world.run(&["man"]).out.starts_with(".ie"));
    assert!(world.run(&["man", "why"]).out.contains("fail\\-on\\-change"));
    world.run(&["man", "whyy"]).refused(&["whyy"]);
}

#[test]
fn a_metric_of_the_configuration_that_its_file_does_not_hold_is_named_with_what_it_holds() {
    let wide: String = (0..60).map(|i| format!("{},{},{}\n", crate::world::day(i), i, fall(i))).collect();
    let world = World::with_a_fall()
        .file("wide.csv", format!("timestamp,other,m\n{wide}"))
        .file("shiptrace.toml", "[metrics.all]\nsource = \"wide.csv\"\n[metrics.m]\nsource = \"wide.csv\"\n");
    world.run(&["why", "all", "--on", "2024-02-10"]).refused(&["wide.csv", "\"all\"", "\"m\", \"other\"", "hint"]);
    let listed = world.run(&["metrics", "--format", "json"]).json();
    assert_eq!(crate::world::codes(&listed), ["skipped_metric"]);
    assert!(
        world.run(&["check", "--deploys", "deploys.csv"]).out.ends_with("All is well, but for what was skipped.\n")
    );
    assert_eq!(listed["metrics"].as_array().map(Vec::len), Some(1));
    let scanned = world.run(&["scan", "--format", "json"]).json();
    assert!(scanned["caveats"][0]["text"].as_str().unwrap().contains("[metrics.all]"), "{}", scanned["caveats"]);
}
