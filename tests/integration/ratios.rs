//! Ratios given by their numerators and denominators.

use crate::world::{DEPLOYS, World, codes, day, fall, steady};

/// Visits of a day, which vary a lot.
fn visits(i: u32) -> f64 {
    20_000.0 + 3_000.0 * f64::from(i % 5)
}

/// Sign-ups of a day: about a twentieth of the visits, a third less from 2024-02-10 at noon on.
fn signups(i: u32) -> f64 {
    (fall(i) / 20_000.0 * visits(i)).round()
}

fn wide(numerator: &str, denominator: &str) -> String {
    let rows = (0..60).map(|i| format!("{},{},{}\n", day(i), signups(i), visits(i)));
    format!("timestamp,{numerator},{denominator}\n{}", rows.collect::<String>())
}

fn long(numerator: &str, denominator: &str) -> String {
    let row = |i| format!("{},{numerator},{}\n{},{denominator},{}\n", day(i), signups(i), day(i), visits(i));
    format!("timestamp,metric,value\n{}", (0..60).map(row).collect::<String>())
}

fn world(metrics: &str) -> World {
    World::empty().file("metrics.csv", metrics).file("deploys.csv", DEPLOYS)
}

const WHY: [&str; 6] = ["why", "conversion", "--on", "2024-02-10", "--format", "json"];
const DATA: [&str; 4] = ["--metrics", "metrics.csv", "--deploys", "deploys.csv"];

#[test]
fn two_columns_or_two_metrics_of_a_name_are_one_ratio() {
    for metrics in [wide("conversion.num", "conversion.den"), long("conversion.num", "conversion.den")] {
        let world = world(&metrics);
        let answer = world.run(&[&WHY[..], &DATA].concat()).json();
        assert_eq!(answer["change"]["at"], "2024-02-10T00:00:00Z");
        let before = answer["change"]["before"].as_f64().unwrap();
        assert!((0.045..0.055).contains(&before), "{before}");
        assert_eq!(codes(&answer), Vec::<&str>::new());
        let list = world.run(&["metrics", "--metrics", "metrics.csv", "--format", "json"]).json();
        let names: Vec<_> = list["metrics"].as_array().unwrap().iter().map(|m| (&m["metric"], &m["ratio"])).collect();
        assert_eq!(names, [(&"conversion".into(), &true.into())]);
        let scan = world.run(&["scan", "--metrics", "metrics.csv", "--format", "json"]).json();
        assert_eq!(scan["question"]["metrics"], serde_json::json!(["conversion"]));
    }
}

#[test]
fn the_configuration_names_two_columns_or_two_metrics() {
    let config = "[metrics.conversion]\nsource = \"metrics.csv\"\nnumerator = \"signups\"\ndenominator = \"visits\"\n\
        [deploys]\nsource = \"deploys.csv\"\n";
    for metrics in [wide("signups", "visits"), long("signups", "visits")] {
        let world = world(&metrics).file("shiptrace.toml", config);
        let answer = world.run(&WHY).json();
        assert_eq!(answer["change"]["at"], "2024-02-10T00:00:00Z");
        assert!(answer["change"]["before"].as_f64().unwrap() < 0.06);
        let list = world.run(&["metrics", "--format", "json"]).json();
        assert_eq!(list["metrics"][0]["ratio"], true);
        assert_eq!(world.run(&["scan", "conversion", "--format", "json"]).code, 0);
    }
}

#[test]
fn a_configured_metric_may_lie_in_its_file_as_two_parts() {
    let config = "[metrics.conversion]\nsource = \"metrics.csv\"\nbetter = \"up\"\n";
    for metrics in [wide("conversion.num", "conversion.den"), long("conversion.num", "conversion.den")] {
        let world = world(&metrics).file("shiptrace.toml", config);
        let answer = world.run(&WHY).json();
        assert_eq!(answer["change"]["verdict"], "worse");
        assert!(answer["change"]["before"].as_f64().unwrap() < 0.06);
    }
}

#[test]
fn parts_are_added_up_over_dimensions_before_they_are_divided() {
    let row = |i: u32| {
        let (n, d) = (signups(i), visits(i));
        let part = |part: &str, value: f64, country: &str| format!("{},r.{part},{value},{country}\n", day(i));
        part("num", n - 100.0, "no")
            + &part("num", 100.0, "se")
            + &part("den", d - 500.0, "no")
            + &part("den", 500.0, "se")
    };
    let text = format!("timestamp,metric,value,country\n{}", (0..60).map(row).collect::<String>());
    let last = |world: &World, arguments: &[&str]| {
        world.run(&[&["metrics", "--format", "json"], arguments].concat()).json()["metrics"][0]["last"]
            .as_f64()
            .unwrap()
    };
    let expected = signups(59) / visits(59);
    assert!((last(&world(&text), &DATA[..2]) - expected).abs() < 1e-12);
    let row = |i: u32| format!("{},no,{},{}\n{},se,100,500\n", day(i), signups(i) - 100.0, visits(i) - 500.0, day(i));
    let text = format!("timestamp,country,signups,visits\n{}", (0..60).map(row).collect::<String>());
    let config = "[metrics.r]\nsource = \"metrics.csv\"\nnumerator = \"signups\"\ndenominator = \"visits\"\n";
    assert!((last(&world(&text).file("shiptrace.toml", config), &[]) - expected).abs() < 1e-12);
}

#[test]
fn a_ratio_may_be_greater_than_one_and_without_a_denominator_it_is_missing() {
    let row = |i: u32| match i {
        5 => format!("{},0,0\n", day(i)),
        6 => format!("{},,100\n", day(i)),
        7 => format!("{},700,\n", day(i)),
        _ => format!("{},{},100\n", day(i), 7.0 * steady(i)),
    };
    let text = format!("timestamp,revenue.num,revenue.den\n{}", (0..60).map(row).collect::<String>());
    let list = world(&text).run(&["metrics", "--metrics", "metrics.csv", "--format", "json"]).json();
    assert_eq!(list["metrics"][0]["missing"], 3);
    assert!(list["metrics"][0]["last"].as_f64().unwrap() > 50.0);
    assert_eq!(codes(&list), ["gaps", "zero_denominators"]);
}

#[test]
fn parts_in_two_files_meet() {
    let column = |name: &str, value: fn(u32) -> f64| {
        format!("timestamp,{name}\n{}", (0..60).map(|i| format!("{},{}\n", day(i), value(i))).collect::<String>())
    };
    let world = world("").file("n.csv", column("c.num", signups)).file("d.csv", column("c.den", visits));
    let list = world.run(&["metrics", "--metrics", "n.csv", "--metrics", "d.csv", "--format", "json"]).json();
    assert_eq!((&list["metrics"][0]["metric"], &list["metrics"][0]["ratio"]), (&"c".into(), &true.into()));
}

#[test]
fn the_parts_of_a_ratio_are_no_metrics() {
    let world = world(&wide("conversion.num", "conversion.den"));
    for command in [&["why", "conversion.num", "--on", "2024-02-10"][..], &["scan", "conversion.den"]] {
        world.run(&[command, &DATA].concat()).refused(&["conversion.", "nearest: \"conversion\""]);
    }
    world.run(&[&["scan", "conversoin"], &DATA[..]].concat()).refused(&["\"conversoin\"", "nearest: \"conversion\""]);
}

#[test]
fn a_ratio_that_is_given_by_itself_too_is_taken_from_its_parts() {
    let rows = (0..60).map(|i| format!("{},0.5,{},{}\n", day(i), signups(i), visits(i)));
    let text = format!("timestamp,r,r.num,r.den\n{}", rows.collect::<String>());
    let list = world(&text).run(&["metrics", "--metrics", "metrics.csv", "--format", "json"]).json();
    assert_eq!(list["metrics"].as_array().unwrap().len(), 1);
    assert_eq!((&list["metrics"][0]["ratio"], codes(&list)), (&true.into(), vec!["ratio_beside_values"]));
}

#[test]
fn half_a_ratio_names_the_file_what_was_found_what_is_missing_and_the_nearest() {
    let told = ["metrics.csv", "\"conversion.num\"", "no denominator \"conversion.den\"", "\"conversion.dem\"", "hint"];
    for metrics in [wide("conversion.num", "conversion.dem"), long("conversion.num", "conversion.dem")] {
        let world = world(&metrics);
        for command in
            [&["metrics"][..], &["scan"], &["scan", "conversion"], &["why", "conversion.num", "--on", "2024-02-10"]]
        {
            let data = if command == ["metrics"] { &DATA[..2] } else { &DATA[..] };
            world.run(&[command, data].concat()).refused(&told);
        }
    }
    let world = world(&wide("visits", "conversion.den"));
    world.run(&[&["scan"], &DATA[..]].concat()).refused(&["\"conversion.den\"", "no numerator \"conversion.num\""]);
}

#[test]
fn a_part_that_the_configuration_names_and_no_file_holds() {
    let config = "[metrics.c]\nsource = \"metrics.csv\"\nnumerator = \"signups\"\ndenominator = \"vists\"\n";
    for metrics in [wide("signups", "visits"), long("signups", "visits")] {
        let world = world(&metrics).file("shiptrace.toml", config);
        world.run(&["scan"]).refused(&["metrics.csv", "\"signups\"", "no denominator \"vists\"", "\"visits\""]);
        world.run(&["why", "c", "--on", "2024-02-10"]).refused(&["no denominator \"vists\"", "\"visits\""]);
    }
    let neither = world(&wide("a", "b")).file("shiptrace.toml", config);
    neither.run(&["metrics"]).refused(&["metrics.csv", "c has no numerator \"signups\""]);
    let half = config.replace("denominator = \"vists\"\n", "");
    let world = world(&wide("signups", "visits")).file("shiptrace.toml", half);
    world.run(&["scan"]).refused(&["shiptrace.toml, line 3", "metrics.c.numerator without a denominator", "hint"]);
}

#[test]
fn a_negative_denominator_is_named_with_its_place() {
    let text = wide("c.num", "c.den") + "2024-03-01,5,-7\n";
    world(&text).run(&["metrics", "--metrics", "metrics.csv"]).refused(&[
        "metrics.csv",
        "row 62",
        "\"c.den\"",
        "\"-7\"",
        "negative denominator",
    ]);
    let text = long("c.num", "c.den") + "2024-03-01,c.den,-7\n";
    world(&text).run(&["metrics", "--metrics", "metrics.csv"]).refused(&[
        "row 122",
        "\"value\"",
        "negative denominator",
    ]);
    let text = wide("c.num", "c.den") + "2024-03-01,-5,7\n";
    assert_eq!(world(&text).run(&["metrics", "--metrics", "metrics.csv"]).code, 0);
}

#[test]
fn what_was_done_to_a_part_is_told_by_its_own_name() {
    let config = "[metrics.c]\nsource = \"metrics.csv\"\nnumerator = \"signups\"\ndenominator = \"visits\"\n";
    let text = long("signups", "visits") + &format!("{},visits,9\n2024-03-01,visits,9\n", day(59));
    let list = world(&text).file("shiptrace.toml", config).run(&["metrics", "--format", "json"]).json();
    assert_eq!(codes(&list), ["conflicting_rows", "gaps", "half_ratios"]);
    let told = list["caveats"][0]["text"].as_str().unwrap();
    assert!(told.starts_with("visits: 1 row gives another value"), "{told}");
    assert!(list["caveats"][2]["text"].as_str().unwrap().starts_with("c: 1 row with"), "{list}");
}
