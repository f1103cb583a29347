//! Definitions and raw events that cannot be right.

use crate::world::World;

const EVENTS: &str =
    "at,event,amount\n2024-03-01T10:00:00Z,paid,3\n2024-03-02T10:00:00Z,seen,n/a\n2024-03-03T10:00:00Z,paid,4\n";

fn refused(definition: &str, events: &str, parts: &[&str]) {
    let config = format!("[metrics.m]\nsource = \"events.csv\"\n{definition}\n");
    let world = World::empty().file("events.csv", events).file("shiptrace.toml", config);
    for command in [&["metrics"][..], &["scan"], &["why", "m", "--on", "2024-03-02"]] {
        world.run(command).refused(parts);
    }
}

#[test]
fn a_definition_that_says_something_wrong_is_told_with_its_line() {
    refused(
        "time = \"at\"\nwhere = \"amount + 1 > 2\"",
        EVENTS,
        &["shiptrace.toml, line 4", "metrics.m.where", "amount + 1", "BETWEEN"],
    );
    refused("time = \"at\"\nvalue = \"median(amount)\"", EVENTS, &["shiptrace.toml, line 4", "mean(column)"]);
    refused("time = \"at\"\nvalue = \"ratio(event = paid)\"", EVENTS, &["line 4", "ratio", "event = paid"]);
    refused("value = \"count\"", EVENTS, &["line 3", "without a time", "time = "]);
    refused("time = \"at\"\ncolumns = { value = \"n\" }", EVENTS, &["line 4", "beside metrics.m.time"]);
    refused("time = \"at\"\nwere = \"a\"", EVENTS, &["line 4", "the nearest is where"]);
}

#[test]
fn a_column_that_is_not_there_is_told_with_the_nearest() {
    refused("time = \"when\"", EVENTS, &["events.csv", "m: ", "no column \"when\"", "\"amount\""]);
    refused("time = \"at\"\nwhere = \"evnt = 'paid'\"", EVENTS, &["no column \"evnt\"", "the nearest is \"event\""]);
    refused("time = \"at\"\nvalue = \"sum(ammount)\"", EVENTS, &["no column \"ammount\""]);
    let config = "[metrics.m]\nsource = \"events.csv\"\ntime = \"at\"\nby = \"country\"\n";
    let world = World::empty().file("events.csv", EVENTS).file("shiptrace.toml", config);
    world.run(&["metrics"]).refused(&["no column \"country\""]);
}

#[test]
fn a_cell_that_is_not_what_the_definition_wants_is_told_with_its_row() {
    let broken = EVENTS.replace("2024-03-02T10", "2024-03-02X10");
    refused("time = \"at\"", &broken, &["events.csv, row 3, column \"at\"", "not a time"]);
    refused("time = \"at\"", &format!("\n\r\n{broken}"), &["events.csv, row 5, column \"at\"", "not a time"]);
    refused(
        "time = \"at\"\nvalue = \"sum(amount)\"",
        EVENTS,
        &["events.csv, row 3, column \"amount\"", "\"n/a\" is not a finite number"],
    );
    refused(
        "time = \"at\"\nwhere = \"amount > 3\"",
        EVENTS,
        &["events.csv, row 3, column \"amount\"", "compared with one"],
    );
    refused("time = \"at\"\nvalue = \"ratio(amount > 3)\"", EVENTS, &["row 3, column \"amount\""]);
    let infinite = EVENTS.replace(",3\n", ",1e999\n");
    refused(
        "time = \"at\"\nvalue = \"mean(amount)\"\nwhere = \"event = 'paid'\"",
        &infinite,
        &["row 2, column \"amount\""],
    );
}

#[test]
fn a_cell_that_decides_nothing_is_not_looked_at() {
    for definition in
        ["where = \"event = 'paid' AND amount > 3\"", "value = \"sum(amount)\"\nwhere = \"event = 'paid'\""]
    {
        let config = format!("[metrics.m]\nsource = \"events.csv\"\ntime = \"at\"\n{definition}\n");
        let world = World::empty().file("events.csv", EVENTS).file("shiptrace.toml", config);
        assert_eq!(world.run(&["metrics"]).code, 0, "{definition}");
    }
}

#[test]
fn a_source_without_events_or_times_is_told() {
    refused("time = \"at\"", "at,event\n", &["events.csv", "no rows"]);
    refused("time = \"at\"", "at,event\n,paid\n", &["events.csv", "none of 1 events has a time"]);
    refused("time = \"at\"", "", &["empty"]);
    refused("time = \"at\"", "at,event\n2024-01-01T00:00:00Z,a,b\n", &["row 2", "3 cells"]);
}

#[test]
fn a_lonely_time_far_from_the_others_is_told() {
    let config = "[metrics.m]\nsource = \"events.csv\"\ntime = \"at\"\n";
    let events = EVENTS.replace("2024-03-01T10:00:00Z", "1970-01-01T00:00:00Z");
    let world = World::empty().file("events.csv", events).file("shiptrace.toml", config);
    world.run(&["why", "m", "--on", "2024-03-02"]).refused(&["1970-01-01"]);
    let list = world.run(&["metrics", "--format", "json"]);
    assert!(list.out.contains("skipped_metric"), "{}{}", list.out, list.err);
}

#[test]
fn hostile_text_in_data_does_not_reach_the_terminal() {
    let config = "[metrics.m]\nsource = \"events.csv\"\ntime = \"at\"\nby = \"who\"\n";
    let events = "at,who\n2024-03-01T10:00:00Z,\u{1b}[31mred\n2024-03-02T10:00:00Z,\"a,b}\"\n";
    let world = World::empty().file("events.csv", events).file("shiptrace.toml", config);
    let run = world.run(&["metrics"]);
    assert!(!run.out.contains('\u{1b}') && run.out.contains("m{who=a%2Cb%7D}"), "{}", run.out);
}
