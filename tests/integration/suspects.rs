//! Which deployment it was: priors, other events, groups and what deployments say of themselves.

use serde_json::Value;

use crate::world::{World, codes, day, fall, metric, steady};

/// The answer about the fall of [`World::with_a_fall`] with these deployments.
fn asked(deploys: &str, further: &[&str]) -> Value {
    let world = World::with_a_fall().file("deploys.csv", deploys);
    world.why(&[&["--format", "json"], further].concat()).json()
}

fn suspects(answer: &Value) -> &Vec<Value> {
    answer["suspects"].as_array().unwrap()
}

/// The suspect whose deployment has this in a column.
fn suspect<'a>(answer: &'a Value, column: &str, value: &str) -> &'a Value {
    suspects(answer).iter().find(|s| s["deploy"][column] == value).unwrap()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} of {value}"))
}

fn reasons(suspect: &Value) -> String {
    suspect["reasons"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect::<Vec<_>>().join("; ")
}

#[test]
fn priors_come_from_the_configuration_and_the_answer_says_so() {
    let world = World::with_a_fall().file("shiptrace.toml", "[priors]\nnot_a_deployment = 0.9\n");
    let (plain, doubtful) = (World::with_a_fall().why(&["--format", "json"]), world.why(&["--format", "json"]));
    let none = |run: &crate::world::Run| number(&run.json(), "none_of_these");
    assert!(none(&doubtful) > none(&plain) + 0.1, "{} {}", none(&doubtful), none(&plain));
    let given = &doubtful.json()["reckoning"]["priors"][1];
    assert_eq!((given["name"].as_str(), given["source"].as_str()), (Some("not_a_deployment"), Some("shiptrace.toml")));
    assert!(plain.json()["reckoning"]["priors"].as_array().unwrap().iter().all(|g| g["source"] == "default"));
    world.file("shiptrace.toml", "[priors]\nnot_a_deployment = 90\n").why(&[]).refused(&[
        "shiptrace.toml, line 2",
        "priors.not_a_deployment",
        "between 0 and 1",
    ]);
}

#[test]
fn priors_are_learned_from_how_questions_ended() {
    let ended = |text: &str| World::with_a_fall().file("shiptrace.toml", text).why(&["--format", "json", "--explain"]);
    let priors = |text: &str| ended(text).json()["reckoning"]["priors"].clone();
    let learned = priors("[priors]\npast_questions = { deployment = 18, something_else = 8, nothing = 9 }\n");
    let value = |given: &Value| given["value"].as_f64().unwrap();
    // (9 + 1) / (35 + 2), and (8 + 0.8) / (26 + 2).
    assert!((value(&learned[0]) - 10.0 / 37.0).abs() < 1e-9 && (value(&learned[1]) - 8.8 / 28.0).abs() < 1e-9);
    assert_eq!(learned[0]["source"], "shiptrace.toml, of 35 past questions");
    assert_eq!(learned[1]["source"], "shiptrace.toml, of 26 past questions");
    assert_eq!((&learned[2]["value"], &learned[2]["source"]), (&Value::from(0.8), &Value::from("default")));
    // What is said counts, and of no questions nothing is learned.
    let said = priors("[priors]\nnothing_happened = 0.1\npast_questions = { nothing = 9 }\n");
    assert_eq!((value(&said[0]), said[0]["source"].as_str()), (0.1, Some("shiptrace.toml")));
    assert_eq!((value(&said[1]), said[1]["source"].as_str()), (0.4, Some("default")));
    let none = priors("[priors]\npast_questions = {}\n");
    assert_eq!((value(&none[0]), value(&none[1])), (0.5, 0.4));
    World::with_a_fall().file("shiptrace.toml", "[priors]\npast_questions = { nothing = -1 }\n").why(&[]).refused(&[
        "shiptrace.toml, line 2",
        "priors.past_questions.nothing",
        "0 or more",
    ]);
}

#[test]
fn how_late_dates_are_is_learned_from_earlier_questions() {
    let asked = |late: &str| {
        // A fall by one standard deviation, which leaves the day open.
        let small = |i: u32| if i < 40 { steady(i) } else { steady(i) * 0.98 };
        let config = format!("[priors]\ndays_late = {{ {late} }}\n");
        let world = World::with_a_fall().file("metrics.csv", metric(60, small)).file("shiptrace.toml", config);
        let words = ["why", "m", "--on", "2024-02-11", "--metrics", "metrics.csv", "--deploys", "deploys.csv"];
        [&["--explain"][..], &["--format", "json"]].map(|more| world.run(&[&words[..], more].concat()))
    };
    let culprit = |late: &str| {
        let answer = asked(late)[1].json();
        let suspects = answer["suspects"].as_array().unwrap();
        number(suspects.iter().find(|s| s["deploy"]["commit"] == "cccc3333").unwrap(), "probability")
    };
    // The metric fell the day before the one that is asked about.
    let (usual, a_day_late, on_the_day) = (culprit(""), culprit("1 = 40, 0 = 3"), culprit("0 = 40"));
    assert!(a_day_late > usual && usual > on_the_day, "{a_day_late} {usual} {on_the_day}");
    let [shown, json] = asked("1 = 40, 0 = 3");
    assert!(shown.out.contains("The date: as earlier ones were: on the day 3, 1 day late 40."), "{}", shown.out);
    assert_eq!(json.json()["reckoning"]["days_late"]["1"], 40);
    asked("9 = 1")[0].refused(&["shiptrace.toml, line 2", "priors.days_late.9", "-7 to 7"]);
}

#[test]
fn the_arithmetic_is_shown_on_request_and_is_what_gives_the_probabilities() {
    let world = World::with_a_fall();
    let shown = world.why(&["--explain"]).out;
    for part in
        ["log LR", "by data", "(average deployment)", "nothing happened", "Priors: nothing happened 0.5 (default)"]
    {
        assert!(shown.contains(part), "{part:?} is not in:\n{shown}");
    }
    assert!(!world.why(&[]).out.contains("log LR"));
    assert!(world.why(&["--explain", "--format", "markdown"]).out.contains("| hypothesis |"));
    let answer = world.why(&["--format", "json"]).json();
    let weight = |of: &Value| number(of, "prior") * of["log_likelihood_ratio"].as_f64().map_or(0.0, f64::exp);
    let reckoning = &answer["reckoning"];
    let none = weight(&reckoning["something_else"]) + weight(&reckoning["nothing_happened"]);
    let total = none + suspects(&answer).iter().map(weight).sum::<f64>();
    for suspect in suspects(&answer) {
        assert!((weight(suspect) / total - number(suspect, "probability")).abs() < 1e-9, "{suspect}");
        let parts = suspect["prior_parts"].as_array().unwrap().iter().map(|part| number(part, "factor"));
        assert!((parts.product::<f64>() / number(suspect, "prior") - 1.0).abs() < 1e-9, "{suspect}");
    }
}

#[test]
fn where_deployments_go_out_in_batches_one_that_is_missing_may_have_done_it() {
    let none = |minutes: u32| {
        // Two commits at noon of each of forty days, so many minutes apart, and one half an hour before the fall.
        let pair = |i: u32| format!("{}T12:{:02}:00Z,web,{:07x}\n", day(i / 2), minutes * (i % 2), 0x00ab_c000 + i);
        let history: String = (0..80).map(pair).collect();
        let deploys = format!("deployed_at,app,commit\n{history}2024-02-10T11:30:00Z,web,cccc3333\n");
        let hour = |i: u32| {
            let level = if i < 40 * 24 + 12 { 1.0 } else { 0.8 };
            format!("{}T{:02}:00:00Z,m,{}\n", day(i / 24), i % 24, level * steady(i))
        };
        let metrics = String::from("timestamp,metric,value\n") + &(0..50 * 24).map(hour).collect::<String>();
        let world = World::empty().file("metrics.csv", metrics).file("deploys.csv", deploys);
        number(&world.why(&["--format", "json"]).json(), "none_of_these")
    };
    let (apart, at_once) = (none(20), none(5));
    assert!(apart < 0.25 && at_once > 1.3 * apart, "{apart} {at_once}");
}

#[test]
fn of_suspects_that_are_not_shown_only_their_number_is_told() {
    for format in ["table", "markdown"] {
        let told = |top: &str| World::with_a_fall().why(&["--explain", "--top", top, "--format", format]).out;
        let (none, one) = (told("0"), told("1"));
        assert!(none.contains("deployments, together ") && none.contains("all 3 deployments"), "{none}");
        assert!(one.contains(" more, together ") && one.contains("2 others"), "{one}");
        let reason = "before the likeliest start";
        assert!(one.contains(reason) && !none.contains(reason), "{one}\n{none}");
    }
}

#[test]
fn an_app_may_take_longer_to_act() {
    // The deployment went out a day and a half before the metric moved.
    let deploys = "deployed_at,app,commit\n2024-02-08T22:00:00Z,phone,aaaa1111\n2024-02-09T02:00:00Z,web,bbbb2222\n";
    let world = World::with_a_fall().file("deploys.csv", deploys);
    let odds = |world: &World| {
        let answer = world.why(&["--format", "json"]).json();
        number(suspect(&answer, "app", "phone"), "probability") / number(suspect(&answer, "app", "web"), "probability")
    };
    let plain = odds(&world);
    let world = world.file("shiptrace.toml", "[apps.phone]\nlag = \"2d\"\n[apps.web]\nlag = \"20m\"\n");
    let told = odds(&world);
    assert!(plain < 1.0 && told > 20.0, "{plain} {told}");
    assert!(world.why(&["--explain"]).out.contains("phone 2 days; web 20 minutes."));
    // Of an app of which nothing is said holds what is said of all.
    let world = world.file("shiptrace.toml", "[priors]\nlag = \"20m\"\n[apps.phone]\nlag = \"2d\"\n");
    assert!((odds(&world) / told - 1.0).abs() < 1e-9);
    assert!(
        world.why(&["--explain"]).out.contains("Mean time to the effect: 20 minutes (as configured); phone 2 days.")
    );
    assert_eq!(world.why(&["--format", "json"]).json()["reckoning"]["lag"], 1200.0);
    world.file("shiptrace.toml", "[apps.phone]\nlag = \"soon\"\n").why(&[]).refused(&[
        "line 2",
        "apps.phone.lag",
        "2d",
    ]);
}

const EVENTS: &str = "deployed_at,kind,app,message\n\
    2024-02-09T09:00:00Z,deploy,web,New footer\n\
    2024-02-10T11:00:00Z,campaign,,Spring mailing\n\
    2024-02-10T11:30:00Z,Flag,web,Turn on the new search\n\
    2024-02-10T12:00:00Z,launch,api,Something of another kind\n";

#[test]
fn other_events_are_candidates_and_shown_with_their_kind() {
    let world = World::with_a_fall().file("deploys.csv", EVENTS);
    let answer = world.why(&["--format", "json"]).json();
    assert_eq!(suspects(&answer).len(), 4);
    assert_eq!(suspect(&answer, "message", "Spring mailing")["deploy"]["kind"], "campaign");
    assert_eq!(suspect(&answer, "message", "Spring mailing")["prior_parts"][0]["name"], "average_event");
    assert!(codes(&answer).contains(&"unknown_event_kind"));
    for format in ["table", "markdown"] {
        let shown = world.why(&["--format", format]).out.replace('`', "");
        assert!(shown.contains("(campaign) Spring mailing") && shown.contains("(launch) Something"), "{shown}");
        assert!(!shown.contains("(deploy)"), "{shown}");
    }
    let csv = world.why(&["--format", "csv"]).out;
    assert!(csv.lines().next().unwrap().ends_with("source,deploy_kind") && csv.contains(",campaign\n"), "{csv}");
    let list = world.run(&["deploys", "--deploys", "deploys.csv", "--format", "csv"]).out;
    assert!(list.starts_with("deployed_at,app,") && list.lines().next().unwrap().ends_with(",source,kind"), "{list}");
}

#[test]
fn an_event_of_no_app_is_not_left_out_by_an_app() {
    let answer = asked(EVENTS, &["--app", "api"]);
    let kept: Vec<&str> = suspects(&answer).iter().filter_map(|s| s["deploy"]["message"].as_str()).collect();
    assert!(kept.contains(&"Spring mailing") && kept.len() == 2, "{kept:?}");
    assert_eq!(answer["excluded"].as_array().unwrap().len(), 2);
}

#[test]
fn a_spike_is_rather_from_a_campaign_than_from_the_release_beside_it() {
    let before = (34..40).map(|i| format!("{}T02:00:00Z,,web,Old\n", crate::world::day(i)));
    let deploys = "deployed_at,kind,app,message\n2024-02-10T08:00:00Z,campaign,,Mailing\n\
        2024-02-10T08:00:00Z,deploy,web,New\n";
    let deploys = &(deploys.to_owned() + &before.collect::<String>());
    let odds = |value: fn(u32) -> f64| {
        let world = World::with_a_fall().file("deploys.csv", deploys).file("metrics.csv", metric(60, value));
        let answer = world.why(&["--format", "json"]).json();
        let of = |kind: &str| number(suspect(&answer, "kind", kind), "probability");
        of("campaign") / of("deploy")
    };
    let spike = odds(|i| if i == 40 { 1.6 * steady(i) } else { steady(i) });
    let lasting = odds(fall);
    assert!(spike > 1.5 && lasting < spike / 10.0, "{spike} {lasting}");
}

const ONE_COMMIT: &str = "deployed_at,app,commit,message\n\
    2024-02-10T09:00:00Z,web,c1,Serve it\n2024-02-10T09:04:00Z,web,c1,Serve it\n2024-02-10T09:08:00Z,api,c1,Serve it\n\
    2024-02-10T08:58:00Z,shop,d1,Other\n2024-02-08T10:00:00Z,web,e1,One\n2024-02-08T10:05:00Z,web,e2,Two\n";

#[test]
fn deployments_of_one_commit_or_minute_share_a_group_and_keep_an_entry_each() {
    let world = World::with_a_fall().file("deploys.csv", ONE_COMMIT);
    let answer = world.why(&["--format", "json"]).json();
    let group = |commit: &str| {
        let of = suspects(&answer).iter().filter(|s| s["deploy"]["commit"] == commit);
        of.map(|s| s["group"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(group("c1"), vec![Value::from("web@c1"); 3]);
    assert!(group("d1")[0].is_null());
    assert!(group("e1")[0].is_string() && group("e1") == group("e2"));
    assert_eq!(world.why(&["--format", "csv"]).out.lines().filter(|line| line.contains("web@c1")).count(), 3);
    let table = world.why(&[]).out;
    assert!(
        table.contains("(3 until 09:08) Serve it") && (table.contains("web +1") || table.contains("api +1")),
        "{table}"
    );
    assert!(table.contains("e1 +1") || table.contains("e2 +1"), "{table}");
    assert!(world.why(&["--format", "markdown"]).out.contains("(3 until 09:08) `Serve it`"));
}

#[test]
fn a_commit_that_goes_out_three_times_has_the_prior_of_one() {
    let answer = asked(ONE_COMMIT, &[]);
    let prior = |commit: &str| {
        let of = suspects(&answer).iter().filter(|s| s["deploy"]["commit"] == commit);
        of.map(|s| number(s, "prior")).sum::<f64>()
    };
    assert!((prior("c1") / prior("d1") - 1.0).abs() < 1e-9, "{} {}", prior("c1"), prior("d1"));
    assert!((prior("e1") / prior("e2") - 1.0).abs() < 1e-9);
}

#[test]
fn scan_lists_groups_as_one_and_holds_each_of_their_deployments() {
    let world = World::with_a_fall().file("deploys.csv", ONE_COMMIT);
    let scan = ["scan", "--metrics", "metrics.csv", "--deploys", "deploys.csv", "--top", "1"];
    let answer = world.run(&[&scan[..], &["--format", "json"]].concat()).json();
    let listed = answer["changes"][0]["suspects"].as_array().unwrap();
    assert_eq!(listed.iter().filter(|s| s["group"] == "web@c1").count(), listed.len());
    assert_eq!(listed.len(), 3);
    assert!(world.run(&scan).out.contains("(3 until 09:08) Serve it"));
}

#[test]
fn an_outage_soon_after_a_small_fall_is_not_what_the_fall_is_blamed_for() {
    let hours = |i: u32| {
        let at = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().and_time(chrono::NaiveTime::MIN);
        (at + chrono::TimeDelta::hours(i64::from(i))).format("%Y-%m-%dT%H:%M:%S")
    };
    let value = |i: u32| {
        let level = if i >= 614 { steady(i) - 16.0 } else { steady(i) };
        if (628..634).contains(&i) { 0.4 * level } else { level }
    };
    let rows: String = (0..1200).map(|i| format!("{},{}\n", hours(i), value(i))).collect();
    let deploys = [(554, "old"), (613, "fell"), (627, "stopped")];
    let deploys: String = deploys.iter().map(|(i, app)| format!("{},{app}\n", hours(*i))).collect();
    let world = World::empty()
        .file("metrics.csv", format!("timestamp,m\n{rows}"))
        .file("deploys.csv", format!("deployed_at,app\n{deploys}"));
    let scan = ["scan", "--metrics", "metrics.csv", "--deploys", "deploys.csv", "--format", "json"];
    let answer = world.run(&scan).json();
    let first = |kind: &str| {
        let change = answer["changes"].as_array().unwrap().iter().find(|change| change["kind"] == kind);
        change.map(|change| change["suspects"][0]["deploy"]["app"].clone())
    };
    assert_eq!((first("level"), first("spike")), (Some("fell".into()), Some("stopped".into())), "{answer}");
}

#[test]
fn bots_and_documents_are_weighed_down_and_never_hidden() {
    let deploys = "deployed_at,app,author,message\n\
        2024-02-10T09:00:00Z,a,Ann,Plain\n2024-02-10T09:00:00Z,b,renovate[bot],Bump x\n2024-02-10T09:00:00Z,c,Bo,docs: say how\n";
    let answer = asked(deploys, &[]);
    let p = |app: &str| number(suspect(&answer, "app", app), "probability");
    assert!((p("b") / p("a") - 0.5).abs() < 1e-9 && (p("c") / p("a") - 0.25).abs() < 1e-9, "{answer}");
    assert!(reasons(suspect(&answer, "app", "b")).contains("by a bot"));
    assert!(reasons(suspect(&answer, "app", "c")).contains("documentation"));
    assert_eq!(suspect(&answer, "app", "a")["rank_without_priors"].as_u64().unwrap(), 1);
    assert_eq!(suspects(&answer).len(), 3);
}

#[test]
fn a_word_of_the_metric_in_the_message_is_a_weak_sign_and_said() {
    let deploys =
        "deployed_at,app,message\n2024-02-10T09:00:00Z,a,Plain\n2024-02-10T09:00:00Z,b,Confirm sign-ups twice\n";
    let world = World::with_a_fall().file("deploys.csv", deploys);
    let world = world.file("metrics.csv", metric(60, fall).replace(",m,", ",signups_confirmed,"));
    let why =
        ["why", "signups_confirmed", "--on", "2024-02-10", "--metrics", "metrics.csv", "--deploys", "deploys.csv"];
    let answer = world.run(&[&why[..], &["--format", "json"]].concat()).json();
    let p = |app: &str| number(suspect(&answer, "app", app), "probability");
    assert!((p("b") / p("a") - 1.5).abs() < 1e-9, "{answer}");
    assert!(reasons(suspect(&answer, "app", "b")).contains("the message shares `confirm` with the metric"));
}

#[test]
fn a_gap_of_the_feed_makes_something_else_likelier_and_says_by_how_much() {
    let feed = |silent: std::ops::Range<u32>| {
        let days = (0..60).filter(move |i| !silent.contains(i));
        days.fold("deployed_at,app\n".to_owned(), |text, i| format!("{text}{}T03:00:00Z,web\n", crate::world::day(i)))
    };
    let (whole, gap) = (asked(&feed(0..0), &[]), asked(&feed(36..40), &[]));
    let else_of = |answer: &Value| number(&answer["reckoning"]["something_else"], "prior");
    assert!(else_of(&gap) > else_of(&whole) + 0.1, "{} {}", else_of(&gap), else_of(&whole));
    assert!(number(&gap["reckoning"], "uncovered") > 0.5 && number(&whole["reckoning"], "uncovered") == 0.0);
    let told = gap["caveats"].to_string();
    assert!(told.contains("% of the window, for which something else was made likelier"), "{told}");
    let world = World::with_a_fall().file("deploys.csv", feed(36..40));
    assert!(world.why(&["--explain"]).out.contains("of the window is"));
}

#[test]
fn a_random_date_tells_how_much_a_deployment_before_the_change_says() {
    let daily = (0..60).map(|i| format!("{}T11:00:00Z,web\n", crate::world::day(i))).collect::<String>();
    let crowded = World::with_a_fall().file("deploys.csv", "deployed_at,app\n".to_owned() + &daily);
    let rate = |world: &World, further: &[&str]| {
        world.why(&[&["--format", "json"], further].concat()).json()["base_rate"].clone()
    };
    let told = rate(&crowded, &[]);
    assert_eq!((told["deployments_median"].as_f64(), told["share_of_dates_with_any"].as_f64()), (Some(4.0), Some(1.0)));
    let (tried, as_good) = (told["placebo"]["tried"].as_u64().unwrap(), told["placebo"]["as_good"].as_u64().unwrap());
    assert!(tried > 40 && as_good == tried, "{told}");
    let table = crowded.why(&[]).out.replace('\n', " ");
    let sentence = "A random date of this history has 4 deployments in its window (median); \
                    one would fit this well by chance at 100 % of dates.";
    assert!(table.contains(sentence), "{table}");
    assert!(crowded.why(&["--format", "markdown"]).out.contains("A random date of this history"));
    // A week apart, and one of them three hours before.
    let weekly = (0..8).map(|i| format!("{}T09:00:00Z,web\n", crate::world::day(5 + 7 * i))).collect::<String>();
    let sparse = World::with_a_fall().file("deploys.csv", "deployed_at,app\n".to_owned() + &weekly);
    let told = rate(&sparse, &[]);
    let share = number(&told["placebo"], "as_good") / number(&told["placebo"], "tried");
    assert!(share < 0.4 && number(&told, "share_of_dates_with_any") < 0.8, "{told}");
    assert!(rate(&sparse, &["--app", "*"]) == told);
    let one = World::with_a_fall().file("deploys.csv", "deployed_at,app\n2024-02-10T09:00:00Z,web\n");
    assert!(rate(&one, &[]).is_null());
    assert!(!one.why(&[]).out.contains("A random date"));
}
