//! Metrics defined over raw events, each against numbers counted by hand.

use serde_json::Value;

use crate::world::{World, codes};

const EVENTS: &str = "at,event,user,amount,country,trial\n\
    2024-03-01T00:10:00Z,paid,ann,10,NO,true\n\
    2024-03-01T23:30:00Z,paid,bob,2.5,SE,false\n\
    2024-03-02T10:00:00Z,seen,ann,,NO,\n\
    2024-03-02T11:00:00Z,paid,ann,,NO,true\n\
    2024-03-04T09:00:00Z,paid,ann,4,,true\n\
    2024-03-04T09:00:00Z,paid,ann,4,,true\n\
    2024-03-04T12:00:00Z,paid,cy,NaN,NO,false\n\
    2024-03-05T08:00:00Z,seen,,1,SE,\n\
    ,paid,dan,7,NO,true\n";

/// The events above, with a metric `m` by this definition.
fn world(definition: &str) -> World {
    let config = format!("[metrics.m]\nsource = \"events.csv\"\ntime = \"at\"\n{definition}\n");
    World::empty().file("events.csv", EVENTS).file("shiptrace.toml", config)
}

fn metrics(world: &World, further: &[&str]) -> Value {
    world.run(&[&["metrics", "--format", "json"], further].concat()).json()
}

/// The values of `m` on the days from 1 to 5 March, of each day's events alone; none where there is no event or no value.
fn days(definition: &str) -> Vec<Option<f64>> {
    (1..=5)
        .map(|day| {
            let rows: Vec<&str> = EVENTS.lines().collect();
            let keep = |row: &&str| row.starts_with(&format!("2024-03-0{day}")) || row.starts_with("at,");
            let of_day: Vec<&str> = rows.iter().copied().filter(keep).collect();
            let text = of_day.join("\n") + "\n";
            if of_day.len() == 1 {
                return None;
            }
            let list = metrics(&world(definition).file("events.csv", text), &[]);
            list["metrics"][0]["last"].as_f64()
        })
        .collect()
}

#[test]
fn every_kind_of_value_is_what_a_person_counts() {
    for (definition, expected) in [
        ("", [Some(2.0), Some(2.0), None, Some(3.0), Some(1.0)]),
        ("value = \"count\"\nwhere = \"event = 'paid'\"", [Some(2.0), Some(1.0), None, Some(3.0), Some(0.0)]),
        ("value = \"sum(amount)\"", [Some(12.5), None, None, Some(8.0), Some(1.0)]),
        ("value = \"mean(amount)\"", [Some(6.25), None, None, Some(4.0), Some(1.0)]),
        ("value = \"distinct(user)\"", [Some(2.0), Some(1.0), None, Some(2.0), Some(0.0)]),
        ("value = \"approx_distinct(country)\"", [Some(2.0), Some(1.0), None, Some(1.0), Some(1.0)]),
        ("value = \"ratio(event = 'paid')\"", [Some(1.0), Some(0.5), None, Some(1.0), Some(0.0)]),
        ("value = \"ratio(trial)\"\nwhere = \"event = 'paid'\"", [Some(0.5), Some(1.0), None, Some(2.0 / 3.0), None]),
        ("where = \"trial\"", [Some(1.0), Some(1.0), None, Some(2.0), Some(0.0)]),
        ("where = \"not trial\"", [Some(1.0), Some(0.0), None, Some(1.0), Some(0.0)]),
        ("where = \"amount >= 4\"", [Some(1.0), Some(0.0), None, Some(2.0), Some(0.0)]),
        ("where = \"country != 'NO'\"", [Some(1.0), Some(0.0), None, Some(0.0), Some(1.0)]),
        ("where = \"country is null or user like '_n%'\"", [Some(1.0), Some(2.0), None, Some(2.0), Some(0.0)]),
    ] {
        assert_eq!(days(definition), expected, "{definition}");
    }
}

#[test]
fn the_series_goes_from_the_first_event_of_the_source_to_the_last_whatever_counts() {
    let list = metrics(&world("where = \"user = 'bob'\""), &[]);
    let m = &list["metrics"][0];
    assert_eq!((&m["from"], &m["to"]), (&"2024-03-01T00:00:00Z".into(), &"2024-03-06T00:00:00Z".into()));
    assert_eq!((&m["buckets"], &m["missing"], &m["last"]), (&5.into(), &0.into(), &0.0.into()));
    let list = metrics(&world("value = \"mean(amount)\""), &[]);
    assert_eq!((&list["metrics"][0]["missing"], &list["metrics"][0]["ratio"]), (&2.into(), &true.into()));
    assert_eq!(codes(&list), ["events_without_time", "gaps", "nan_as_missing"]);
}

#[test]
fn days_are_those_of_the_zone() {
    let world = world("where = \"user = 'bob'\"");
    let oslo = metrics(&world, &["--timezone", "Europe/Oslo"]);
    assert_eq!(oslo["metrics"][0]["from"], "2024-03-01T00:00:00+01:00");
    let losangeles = metrics(&world, &["--timezone", "America/Los_Angeles"]);
    assert_eq!(losangeles["metrics"][0]["from"], "2024-02-29T00:00:00-08:00");
}

/// An event every five minutes for 50 hours from a moment on: how many buckets they make, and the value of the last.
fn around_a_change(every: &str, zone: &str, first: &str) -> (u64, f64) {
    let first = chrono::DateTime::parse_from_rfc3339(first).unwrap().to_utc();
    let moment = |i: i64| (first + chrono::TimeDelta::minutes(5 * i)).format("%Y-%m-%dT%H:%M:%SZ\n").to_string();
    let events = format!("at\n{}", (0..50 * 12_i64).map(moment).collect::<String>());
    let config =
        format!("timezone = \"{zone}\"\n[metrics.m]\nsource = \"e.csv\"\ntime = \"at\"\nevery = \"{every}\"\n");
    let list = metrics(&World::empty().file("e.csv", events).file("shiptrace.toml", config), &[]);
    let m = &list["metrics"][0];
    (m["buckets"].as_u64().unwrap(), m["last"].as_f64().unwrap())
}

#[test]
fn buckets_follow_the_clocks_where_these_change() {
    // 50 hours from midnight of 30 March: a day of 24 hours, one of 23, and three hours; all hours of elapsed time are there.
    assert_eq!(around_a_change("1h", "Europe/Oslo", "2024-03-29T23:00:00Z"), (50, 12.0));
    // The third day is not whole: the last value is that of a day of 23 hours, or of 25 where an hour comes twice.
    assert_eq!(around_a_change("1d", "Europe/Oslo", "2024-03-29T23:00:00Z"), (3, 23.0 * 12.0));
    assert_eq!(around_a_change("1d", "Europe/Oslo", "2024-10-25T22:00:00Z"), (3, 25.0 * 12.0));
    assert_eq!(around_a_change("1h", "Europe/Oslo", "2024-10-25T22:00:00Z"), (50, 12.0));
    assert_eq!(around_a_change("30m", "Asia/Kolkata", "2024-03-29T23:00:00Z"), (100, 6.0));
    assert_eq!(around_a_change("1h", "Asia/Kolkata", "2024-03-29T23:30:00Z"), (50, 12.0));
}

#[test]
fn weeks_and_months_are_those_of_the_calendar() {
    let rows = (0..400).map(|i| {
        let day = chrono::NaiveDate::from_ymd_opt(2023, 1, 2).unwrap() + chrono::TimeDelta::days(i);
        format!("{day},a\n")
    });
    let events = format!("at,user\n{}", rows.collect::<String>());
    let of = |every: &str| {
        let config = format!("[metrics.m]\nsource = \"e.csv\"\ntime = \"at\"\nevery = \"{every}\"\n");
        let list = metrics(&World::empty().file("e.csv", &events).file("shiptrace.toml", config), &[]);
        let m = &list["metrics"][0];
        (m["from"].as_str().unwrap().to_owned(), m["buckets"].as_u64().unwrap(), m["last"].as_f64().unwrap())
    };
    // The last day is 2024-02-05, a Monday: too early in its month and its quarter for these to be whole.
    assert_eq!(of("1w"), ("2023-01-02T00:00:00Z".to_owned(), 58, 1.0));
    assert_eq!(of("1mo"), ("2023-01-01T00:00:00Z".to_owned(), 14, 31.0));
    assert_eq!(of("1q"), ("2023-01-01T00:00:00Z".to_owned(), 5, 92.0));
}

#[test]
fn times_are_read_in_every_way_in_which_they_are_written() {
    let ways = [
        "2024-03-01T12:00:00Z",
        "2024-03-01 12:00:00 UTC",
        "2024-03-01T13:00:00.123456+01:00",
        "2024-03-01 07:00:00-05:00",
        "2024-03-01T13:00",
        "1709294400",
        "1709294400000",
        "1709294400000000",
    ];
    let events = format!("at\n{}\n", ways.join("\n"));
    let config = "timezone = \"Europe/Oslo\"\n[metrics.m]\nsource = \"e.csv\"\ntime = \"at\"\nevery = \"1h\"\n";
    let list = metrics(&World::empty().file("e.csv", events).file("shiptrace.toml", config), &[]);
    assert_eq!((&list["metrics"][0]["buckets"], &list["metrics"][0]["last"]), (&1.into(), &8.0.into()));
}

#[test]
fn dimensions_split_a_metric_into_parts_that_are_asked_about_by_name() {
    let world = world("by = \"country\"\nbetter = \"up\"");
    let list = metrics(&world, &[]);
    let names: Vec<_> = list["metrics"].as_array().unwrap().iter().map(|m| m["metric"].as_str().unwrap()).collect();
    assert_eq!(names, ["m", "m{country=NO}", "m{country=SE}", "m{country=}"]);
    assert_eq!(list["metrics"][2]["better"], "up");
    world.run(&["why", "m{country=FR}", "--on", "2024-03-02"]).refused(&["m{country=FR}", "m{country=NO}"]);
    // Of which there are too few days to tell anything.
    world.run(&["scan", "m{country=NO}"]).refused(&["none of the metrics could be tested: m{country=NO} was skipped"]);
    let two = self::world("by = [\"country\", \"event\"]");
    let names: Vec<_> = metrics(&two, &[])["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["metric"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&"m{country=NO,event=paid}".to_owned()), "{names:?}");
}

#[test]
fn too_many_combinations_are_told_and_can_still_be_asked_about() {
    let rows = (0..2000).map(|i| format!("2024-03-{:02}T12:00:00Z,u{}\n", i % 28 + 1, i * i % 97 % 80));
    let events = format!("at,user\n{}", rows.collect::<String>());
    let config = "[metrics.m]\nsource = \"e.csv\"\ntime = \"at\"\nby = \"user\"\n";
    let world = World::empty().file("e.csv", events).file("shiptrace.toml", config);
    let list = metrics(&world, &[]);
    assert!(list["metrics"].as_array().unwrap().len() <= 51);
    let kept: Vec<&str> = list["metrics"].as_array().unwrap().iter().map(|m| m["metric"].as_str().unwrap()).collect();
    let all = (0..80).map(|i| format!("m{{user=u{i}}}"));
    if kept.len() == 51 {
        assert!(codes(&list).contains(&"many_combinations"));
        for other in all.filter(|name| !kept.contains(&name.as_str())) {
            let run = world.run(&["scan", &other, "--format", "json"]);
            assert!(run.code == 0 || run.err.contains("there is no metric"), "{}", run.err);
        }
    }
}

#[test]
fn a_source_that_ends_within_a_bucket_makes_no_fall() {
    let rows = (0..1990).map(|i| {
        let at = chrono::DateTime::from_timestamp(1_709_251_200 + i * 1_500, 0).unwrap();
        format!("{}\n", at.format("%Y-%m-%dT%H:%M:%SZ"))
    });
    let events = format!("at\n{}", rows.collect::<String>());
    let config = "[metrics.m]\nsource = \"e.csv\"\ntime = \"at\"\n";
    let world = World::empty().file("e.csv", events).file("shiptrace.toml", config);
    // The last of the events is of 13:00 or so in a day of 57 or 58.
    let list = metrics(&world, &[]);
    assert_eq!(codes(&list), ["partial_bucket"], "{list}");
    assert_eq!(list["metrics"][0]["missing"], 1);
    let scan = world.run(&["scan", "--format", "json"]).json();
    assert_eq!(scan["changes"], serde_json::json!([]));
}

#[test]
fn files_of_different_kinds_and_columns_make_one_source() {
    let folder = World::empty();
    std::fs::create_dir(folder.path("days")).unwrap();
    let config = "[metrics.m]\nsource = [\"days/*.csv\", \"days/c.ndjson\"]\ntime = \"at\"\nvalue = \"distinct(user)\"\nwhere = \"event = 'paid'\"\nevery = \"1mo\"\n";
    let folder = folder
        .file("days/a.csv", "at,event,user\n2024-03-01T10:00:00Z,paid,ann\n2024-03-01T11:00:00Z,paid,bob\n")
        .file("days/b.csv", "user,at,event\nann,2024-03-02T10:00:00Z,paid\ncy,2024-03-02T10:00:00Z,seen\n")
        .file("days/c.ndjson", "{\"at\":\"2024-03-03T10:00:00Z\",\"event\":\"paid\",\"user\":\"dee\"}\n")
        .file("shiptrace.toml", config);
    let list = metrics(&folder, &[]);
    assert_eq!((&list["metrics"][0]["buckets"], &list["metrics"][0]["last"]), (&1.into(), &3.0.into()));
}
