use std::io::Write;

use crate::world::{DEPLOYS, World, codes, day, fall, metric};

/// The change and the first suspect that are found in every way of writing the same data.
fn found(world: &World, arguments: &[&str]) {
    let all = [&["why", "m", "--on", "2024-02-10", "--format", "json"], arguments].concat();
    let answer = world.run(&all).json();
    assert_eq!(answer["change"]["at"], "2024-02-10T00:00:00Z", "{arguments:?}");
    assert_eq!(answer["suspects"][0]["deploy"]["commit"], "cccc3333", "{arguments:?}");
    assert_eq!(codes(&answer), Vec::<&str>::new(), "{arguments:?}");
}

fn gzip(text: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

#[test]
fn byte_order_marks_line_ends_and_unsorted_rows_do_not_matter() {
    let mut rows: Vec<String> = metric(60, fall).lines().skip(1).map(str::to_owned).collect();
    rows.reverse();
    let text = format!("\u{feff}timestamp,metric,value\r\n{}\r\n", rows.join("\r\n"));
    let (header, deploys) = DEPLOYS.split_once('\n').unwrap();
    let mut backwards: Vec<String> = deploys
        .split_terminator("\n2024-")
        .map(|row| format!("\r\n2024-{}", row.trim_start_matches("2024-")))
        .collect();
    backwards.reverse();
    let deploys = format!("\u{feff}{header}{}", backwards.concat());
    let world = World::empty().file("metrics.csv", text).file("deploys.csv", deploys);
    found(&world, &["--metrics", "metrics.csv", "--deploys", "deploys.csv"]);
}

#[test]
fn columns_without_a_name_and_blank_lines_before_the_header_do_not_matter() {
    let numbered = |text: &str| -> String {
        let row =
            |(i, line): (usize, &str)| format!("{}{line}\n", if i == 0 { ",".to_owned() } else { format!("{i},") });
        text.lines().enumerate().map(row).collect()
    };
    let wide = |end: &str| {
        let rows: Vec<String> = (0..60).map(|i| format!("{},{}{end}", day(i), fall(i))).collect();
        format!("\n\r\ntimestamp,m{end}\n{}\n", rows.join("\n"))
    };
    let world = World::with_a_fall()
        .file("numbered.csv", numbered(&metric(60, fall)))
        .file("comma.csv", wide(","))
        .file("commas.csv", wide(",,"));
    for file in ["numbered.csv", "comma.csv", "commas.csv"] {
        found(&world, &["--metrics", file, "--deploys", "deploys.csv"]);
        let answer = world.run(&["metrics", "--metrics", file, "--format", "json"]).json();
        assert_eq!(answer["metrics"].as_array().map(Vec::len), Some(1), "{file}");
    }
}

#[test]
fn spaces_around_the_names_of_columns_do_not_matter() {
    let long = metric(60, fall).replacen("timestamp,metric,value", "timestamp , metric, value", 1);
    let wide: String = (0..60).map(|i| format!("{}, {}, {i}\n", day(i), fall(i))).collect();
    let config = "[metrics.m]\nsource = \"events.csv\"\ntime = \"at\"\nvalue = \"sum(n)\"\nevery = \"1d\"\n";
    let world = World::with_a_fall()
        .file("long.csv", long)
        .file("wide.csv", format!("timestamp, m, other\n{wide}"))
        .file("events.csv", metric(60, fall).replacen("timestamp,metric,value", "at , metric, n", 1))
        .file("events.toml", config)
        .file("spaced.csv", DEPLOYS.replacen("app,commit", "app , commit", 1));
    for file in ["long.csv", "wide.csv"] {
        found(&world, &["--metrics", file, "--deploys", "spaced.csv"]);
    }
    found(&world, &["--config", "events.toml", "--deploys", "spaced.csv"]);
}

#[test]
fn several_offsets_in_one_column_are_fine() {
    let deploys = DEPLOYS
        .replace("2024-02-08T15:30:00Z", "2024-02-08T16:30:00+01:00")
        .replace("2024-02-10T09:00:00Z", "2024-02-10 04:00:00-0500");
    let world = World::with_a_fall().file("deploys.csv", deploys);
    found(&world, &["--metrics", "metrics.csv", "--deploys", "deploys.csv"]);
}

#[test]
fn compressed_files_globs_and_standard_input_are_read() {
    let text = metric(60, fall);
    let world = World::with_a_fall()
        .file("m.csv.gz", gzip(&text))
        .file("m.csv.zst", zstd::encode_all(text.as_bytes(), 0).unwrap())
        .file("d.csv.gz", gzip(DEPLOYS));
    found(&world, &["--metrics", "m.csv.gz", "--deploys", "d.csv.gz"]);
    found(&world, &["--metrics", "m.csv.zst", "--deploys", "deploys.csv"]);
    let (head, tail) = text.split_at(text.find("2024-01-20").unwrap());
    let parts =
        World::with_a_fall().file("part-1.csv", head).file("part-2.csv", format!("timestamp,metric,value\n{tail}"));
    found(&parts, &["--metrics", "part-*.csv", "--deploys", "deploys.csv"]);
    found(&parts, &["--metrics", "part-1.csv", "--metrics", "part-2.csv", "--deploys", "deploys.csv"]);
    let why = ["why", "m", "--on", "2024-02-10", "--metrics", "-", "--deploys", "deploys.csv", "--format", "json"];
    for input in [text.clone().into_bytes(), gzip(&text), zstd::encode_all(text.as_bytes(), 0).unwrap()] {
        assert_eq!(world.run_with(&why, &input, &[]).json()["change"]["at"], "2024-02-10T00:00:00Z");
    }
}

#[test]
fn a_column_without_a_name_is_read_where_the_configuration_maps_it() {
    let config = "[metrics.all]\nsource = \"metrics.csv\"\n[deploys]\nsource = \"deploys.csv\"\ncolumns = { deployed_at = \"\" }\n";
    let world = World::with_a_fall()
        .file("deploys.csv", DEPLOYS.replacen("deployed_at", "", 1))
        .file("shiptrace.toml", config.replace("[metrics.all]", "[metrics.m]"));
    found(&world, &[]);
}

#[test]
fn wide_files_and_ndjson_hold_the_same() {
    let mut wide = "timestamp,other,m\n".to_owned();
    let mut lines = String::new();
    for i in 0..60 {
        wide += &format!("{},{},{}\n", day(i), i, fall(i));
        lines += &format!("{{\"timestamp\": \"{}\", \"metric\": \"m\", \"value\": {}}}\n", day(i), fall(i));
    }
    let world = World::with_a_fall().file("wide.csv", wide).file("m.ndjson", lines);
    found(&world, &["--metrics", "wide.csv", "--deploys", "deploys.csv"]);
    found(&world, &["--metrics", "m.ndjson", "--deploys", "deploys.csv"]);
}

#[test]
fn parquet_with_dates_and_decimals_holds_the_same() {
    use polars::prelude::*;
    let days: Vec<String> = (0..60).map(day).collect();
    let values: Vec<f64> = (0..60).map(fall).collect();
    let mut frame = df!("timestamp" => days, "metric" => vec!["m"; 60], "value" => values).unwrap();
    let dates = frame.column("timestamp").unwrap().str().unwrap().as_date(Some("%Y-%m-%d"), false).unwrap();
    frame.replace("timestamp", dates.into_column()).unwrap();
    let world = World::with_a_fall();
    let file = std::fs::File::create(world.path("m.parquet")).unwrap();
    ParquetWriter::new(file).finish(&mut frame).unwrap();
    found(&world, &["--metrics", "m.parquet", "--deploys", "deploys.csv"]);
}

#[test]
fn columns_can_be_mapped_and_paths_are_relative_to_the_configuration() {
    let metrics = metric(60, fall).replace("timestamp,metric,value", "day,name,n");
    let deploys = DEPLOYS.replace("deployed_at,app", "finished,service");
    let config = "[deploys]\nsource = \"data/d.csv\"\ncolumns = { deployed_at = \"finished\", app = \"service\" }\n\
        [metrics.m]\nsource = \"data/m.csv\"\ncolumns = { timestamp = \"day\", metric = \"name\", value = \"n\" }\n";
    let world = World::empty().file("shiptrace.toml", config);
    std::fs::create_dir_all(world.path("data/deeper")).unwrap();
    let world = world.file("data/m.csv", metrics).file("data/d.csv", deploys);
    found(&world, &[]);
    let mut command = world.command(&["why", "m", "--on", "2024-02-10", "--format", "json"]);
    let output = command.current_dir(world.path("data/deeper")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn dimensions_are_added_up() {
    let mut text = "timestamp,metric,value,country\n".to_owned();
    for i in 0..60 {
        text += &format!("{},m,{},no\n{},m,{},se\n", day(i), 0.25 * fall(i), day(i), 0.75 * fall(i));
    }
    let world = World::with_a_fall().file("metrics.csv", text);
    found(&world, &["--metrics", "metrics.csv", "--deploys", "deploys.csv"]);
}

#[test]
fn an_empty_value_is_missing_and_not_zero() {
    let text = metric(60, fall).replace(&format!("2024-01-05,m,{}", fall(4)), "2024-01-05,m,");
    let answer = World::with_a_fall().file("metrics.csv", text).why(&["--format", "json"]).json();
    assert_eq!(answer["series"]["missing"], 1);
    assert_eq!(answer["change"]["at"], "2024-02-10T00:00:00Z");
}

#[test]
fn local_days_and_hours_are_those_of_the_zone() {
    let world = World::with_a_fall();
    let answer = world.why(&["--format", "json", "--timezone", "Europe/Oslo"]).json();
    assert_eq!(answer["question"]["timezone"], "Europe/Oslo");
    assert_eq!(answer["change"]["at"], "2024-02-10T00:00:00+01:00");
}

#[test]
fn steps_from_a_minute_to_a_month_are_found() {
    let start = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let at = |minutes: i64| start.and_hms_opt(0, 0, 0).unwrap() + chrono::TimeDelta::minutes(minutes);
    let write = |moments: Vec<String>| {
        let rows = moments.iter().enumerate().map(|(i, t)| format!("{t},{}\n", fall(u32::try_from(i).unwrap())));
        "timestamp,value\n".to_owned() + &rows.collect::<String>()
    };
    for (name, length) in [("minute", 1), ("5 minutes", 5), ("hour", 60), ("day", 1440), ("week", 7 * 1440)] {
        let text = write((0..60).map(|i| at(i * length).to_string()).collect());
        let world = World::empty().file("m.csv", text);
        let list = world.run(&["metrics", "--metrics", "m.csv", "--format", "json"]).json();
        assert_eq!(list["metrics"][0]["granularity"], name);
    }
    let months = (0..30).map(|i| (start + chrono::Months::new(i)).to_string()).collect();
    let world = World::empty().file("m.csv", write(months));
    let list = world.run(&["metrics", "--metrics", "m.csv", "--format", "json"]).json();
    assert_eq!(list["metrics"][0]["granularity"], "month");
}

#[test]
fn the_hour_that_comes_twice_keeps_both_values() {
    let mut text = "timestamp,value\n".to_owned();
    for hour in 0..48 {
        // The 29th has 25 hours in Oslo: 02:00 is written twice.
        let at = chrono::DateTime::from_timestamp(1_698_444_000 + hour * 3600, 0)
            .unwrap()
            .with_timezone(&chrono_tz::Europe::Oslo);
        text += &format!("{},{}\n", at.format("%Y-%m-%dT%H:%M:%S"), 100 + hour);
    }
    let world = World::empty().file("m.csv", text);
    let list = world.run(&["metrics", "--metrics", "m.csv", "--timezone", "Europe/Oslo", "--format", "json"]).json();
    assert_eq!((&list["metrics"][0]["buckets"], &list["metrics"][0]["missing"]), (&48.into(), &0.into()));
    assert_eq!(codes(&list), Vec::<&str>::new());
}
