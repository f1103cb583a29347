use crate::world::{World, fall, metric};

/// A world whose metrics file is this, asked about `m`.
fn metrics(content: impl AsRef<[u8]>) -> crate::world::Run {
    World::with_a_fall().file("metrics.csv", content).why(&[])
}

fn deploys(content: impl AsRef<[u8]>) -> crate::world::Run {
    World::with_a_fall().file("deploys.csv", content).why(&[])
}

#[test]
fn a_file_that_does_not_exist() {
    let world = World::with_a_fall();
    world.run(&["why", "m", "--on", "2024-02-10", "--metrics", "none.csv"]).refused(&["none.csv", "no such file"]);
    world.run(&["why", "m", "--on", "2024-02-10", "--metrics", "none*.csv"]).refused(&["none*.csv", "no such file"]);
    world.run(&["deploys", "--deploys", "none.parquet"]).refused(&["none.parquet"]);
}

#[test]
fn an_ending_that_is_not_read_and_a_name_that_is_no_table() {
    let world = World::with_a_fall().file("m.xlsx", "x");
    world.run(&["metrics", "--metrics", "m.xlsx"]).refused(&["m.xlsx", ".csv", ".parquet", "save the sheet as CSV"]);
    world.run(&["metrics", "--metrics", "m.json"]).refused(&["m.json", "one object on each line"]);
    world.run(&["metrics", "--metrics", "m.csv.zip"]).refused(&["m.csv.zip", "unpack"]);
    world.run(&["metrics", "--metrics", "bigquery:b.c"]).refused(&[
        "bigquery:b.c",
        "project, dataset and table",
        "hint",
    ]);
}

#[test]
fn an_empty_file() {
    metrics("").refused(&["metrics.csv", "empty", "hint", "first line"]);
    deploys("").refused(&["deploys.csv", "empty"]);
}

#[test]
fn a_header_only() {
    metrics("timestamp,value\n").refused(&["metrics.csv", "no rows"]);
    deploys("deployed_at,app\n").refused(&["deploys.csv", "no rows"]);
    let world = World::empty().file("m.csv", "timestamp,metric,value\n");
    world.run(&["metrics", "--metrics", "m.csv"]).refused(&["m.csv", "no rows"]);
    world.run(&["why", "m", "--on", "2024-01-01", "--metrics", "m.csv"]).refused(&["m.csv", "no rows"]);
}

#[test]
fn text_that_is_not_utf_8() {
    let mut bytes = metric(20, fall).into_bytes();
    bytes.extend(b"2024-03-01,\xe6,1\n");
    metrics(&bytes).refused(&["metrics.csv", "row 22", "UTF-8"]);
    deploys(b"deployed_at,message\n2024-02-10T09:00:00Z,\xff\n").refused(&["deploys.csv", "row 2", "UTF-8"]);
}

#[test]
fn a_missing_column_names_those_found_and_the_nearest() {
    metrics("timestamp,metric,valeu\n2024-01-01,m,1\n").refused(&["metrics.csv", "\"value\"", "valeu", "hint"]);
    metrics("time_stamp,value\n2024-01-01,1\n").refused(&["\"timestamp\"", "time_stamp"]);
    deploys("finished,app\n2024-01-01,web\n").refused(&["deploys.csv", "\"deployed_at\"", "\"finished\", \"app\""]);
    metrics("timestamp;metric;value\n2024-01-01;m;1\n").refused(&["\"timestamp\"", "semicolons"]);
}

#[test]
fn a_mapped_column_that_is_not_there() {
    let config = "[metrics.m]\nsource = \"metrics.csv\"\ncolumns = { timestamp = \"tme\" }\n";
    let world = World::with_a_fall().file("shiptrace.toml", config);
    world.run(&["why", "m", "--on", "2024-02-10"]).refused(&["metrics.csv", "\"tme\""]);
}

#[test]
fn two_columns_of_one_name() {
    metrics("timestamp,m,m\n2024-01-01,1,2\n").refused(&["metrics.csv", "two columns \"m\""]);
    metrics("timestamp,,,m,m\n2024-01-01,,,1,2\n").refused(&["metrics.csv", "two columns \"m\""]);
    metrics("timestamp,m, m\n2024-01-01,1,2\n").refused(&["metrics.csv", "two columns \"m\""]);
}

#[test]
fn a_bad_time() {
    metrics(metric(20, fall) + "24.11.2023,m,5\n").refused(&[
        "metrics.csv",
        "row 22",
        "\"timestamp\"",
        "24.11.2023",
        "hint",
    ]);
    deploys("deployed_at,app\n2024-02-10T09:00:00Z,a\nsoon,b\n").refused(&[
        "deploys.csv",
        "row 3",
        "\"deployed_at\"",
        "soon",
    ]);
    deploys("deployed_at,app\n,b\n").refused(&["row 2", "empty"]);
}

#[test]
fn a_bad_number_and_infinity() {
    metrics(metric(20, fall) + "2024-03-01,m,\"1,234\"\n").refused(&[
        "metrics.csv",
        "row 22",
        "\"value\"",
        "1,234",
        "not a number",
    ]);
    metrics(metric(20, fall) + "2024-03-01,m,inf\n").refused(&["row 22", "\"value\"", "infinite"]);
    metrics(metric(20, fall) + "2024-03-01,m,1e999\n").refused(&["row 22", "infinite"]);
}

#[test]
fn a_row_with_too_many_or_too_few_cells() {
    metrics(metric(20, fall) + "2024-03-01,m,1,2\n").refused(&["metrics.csv", "row 22", "4 cells", "3"]);
    metrics(metric(20, fall) + "2024-03-01,m\n").refused(&["metrics.csv", "row 22", "2 cells", "3"]);
    metrics(format!("\n\r\n{}2024-03-01,m\n", metric(20, fall))).refused(&["metrics.csv", "row 24", "2 cells"]);
}

#[test]
fn a_quote_that_is_not_closed_is_told_with_its_row() {
    metrics(metric(20, fall) + "2024-03-01,m,\"1\n2024-03-02,m,1\n").refused(&["metrics.csv", "row 22", "quote"]);
}

#[test]
fn a_line_that_is_no_json_object() {
    let lines = "{\"timestamp\":\"2024-01-01\",\"value\":1}\n\n{\"timestamp\":\"2024-01-02\",\"value\":2,}\n";
    let world = World::empty().file("m.ndjson", lines);
    world.run(&["metrics", "--metrics", "m.ndjson"]).refused(&["m.ndjson, row 3", "JSON object", "hint"]);
}

#[test]
fn an_unknown_metric_and_an_unknown_app_name_the_nearest() {
    let content = metric(60, fall).replace(",m,", ",signups,");
    let world = World::with_a_fall().file("metrics.csv", content);
    world
        .run(&["why", "signup", "--on", "2024-02-10", "--metrics", "metrics.csv"])
        .refused(&["\"signup\"", "\"signups\""]);
    world.run(&["scan", "sinups", "--metrics", "metrics.csv"]).refused(&["\"sinups\"", "\"signups\""]);
    World::with_a_fall().why(&["--app", "wbe"]).refused(&["\"wbe\"", "\"web\""]);
    let wide = World::empty().file("m.csv", "timestamp,clicks,views\n2024-01-01,1,2\n2024-01-02,1,2\n");
    wide.run(&["why", "click", "--on", "2024-01-01", "--metrics", "m.csv"]).refused(&["\"click\"", "\"clicks\""]);
}

#[test]
fn an_unknown_key_of_the_configuration_is_named_with_its_line_and_the_nearest() {
    let world = World::with_a_fall().file("shiptrace.toml", "timezone = \"UTC\"\nwindwo = \"3d\"\n");
    world.why(&[]).refused(&["shiptrace.toml, line 2", "windwo", "window"]);
    assert_eq!(world.why(&["--no-config"]).code, 0);
    let world = World::with_a_fall().file("shiptrace.toml", "[metrics.m]\nbetter = \"higher\"\n");
    world.why(&[]).refused(&["shiptrace.toml, line 2", "\"up\" or \"down\""]);
    let world = World::with_a_fall().file("shiptrace.toml", "[deploys\n");
    world.why(&[]).refused(&["shiptrace.toml, line 1"]);
}

#[test]
fn a_window_of_nothing() {
    for window in ["0", "0d", "-1d", "long"] {
        World::with_a_fall().why(&["--window", window]).refused(&["--window", window]);
    }
}

#[test]
fn a_date_outside_the_data_or_in_the_future() {
    let world = World::with_a_fall();
    let ask = |on: &str| world.run(&["why", "m", "--on", on, "--metrics", "metrics.csv"]);
    ask("2023-06-01").refused(&["2023-06-01", "2024-01-01", "2024-03-01"]);
    ask("2024-06-01").refused(&["2024-06-01", "outside"]);
    ask("2999-01-01").refused(&["2999-01-01", "future"]);
    ask("yesterday").refused(&["--on", "yesterday"]);
    ask("2024-02-12..2024-02-10").refused(&["--on", "before it begins"]);
}

#[test]
fn fewer_than_eight_buckets() {
    let world = World::empty().file("metrics.csv", metric(7, fall));
    world.run(&["why", "m", "--on", "2024-01-05", "--metrics", "metrics.csv"]).refused(&["m has 7 buckets", "8"]);
}

#[test]
fn timestamps_that_make_no_series() {
    let rows: String = (0..40_u32)
        .map(|i| format!("2024-01-{:02}T{:02}:{:02}:11,m,1\n", 1 + i % 28, i * 7 % 24, i * i % 60))
        .collect();
    metrics("timestamp,metric,value\n".to_owned() + &rows).refused(&["m", "no regular series", "hint"]);
}

#[test]
fn an_output_that_cannot_be_written_is_found_before_the_work_starts() {
    let world = World::with_a_fall();
    world.why(&["-o", "no/such/folder/answer.md"]).refused(&["no/such/folder/answer.md", "cannot be written"]);
    world.why(&["-o", "answer.xls"]).refused(&["answer.xls", "--format"]);
    // The output is named although the data is broken too: it was looked at first.
    let broken = World::with_a_fall().file("metrics.csv", "timestamp,value\nx,y\n");
    broken.why(&["-o", "no/such/folder/answer.md"]).refused(&["cannot be written"]);
}

#[test]
fn a_file_that_may_not_be_read_or_is_a_folder() {
    let world = World::with_a_fall();
    std::fs::create_dir(world.path("folder.csv")).unwrap();
    world.run(&["metrics", "--metrics", "folder.csv"]).refused(&["folder.csv", "folder"]);
    world.why(&["--config", "none.toml"]).refused(&["none.toml", "cannot be read"]);
}

#[test]
fn a_failed_run_leaves_the_old_output_as_it_was() {
    let world = World::with_a_fall().file("answer.md", "old").file("metrics.csv", "timestamp,value\nx,y\n");
    world.why(&["-o", "answer.md"]).refused(&[]);
    assert_eq!(std::fs::read_to_string(world.path("answer.md")).unwrap(), "old");
    assert_eq!(std::fs::read_dir(world.path("")).unwrap().count(), 3, "nothing else is left behind");
}

#[test]
fn standard_input_for_two_things() {
    let run = World::with_a_fall().run(&["why", "m", "--on", "2024-02-10", "--metrics", "-", "--deploys", "-"]);
    run.refused(&["standard input", "once"]);
}

#[test]
fn files_that_are_not_what_their_ending_says() {
    let world = World::empty().file("m.parquet", "not parquet").file("m.ndjson", "{\"a\":\n").file("m.csv.gz", "plain");
    for file in ["m.parquet", "m.ndjson", "m.csv.gz"] {
        world.run(&["metrics", "--metrics", file]).refused(&[file]);
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let world = World::empty();
    world.run(&["why", "m"]).refused(&["--on"]);
    world.run(&["whyy"]).refused(&["whyy"]);
    world.run(&["scan", "--fdr", "2"]).refused(&["--fdr"]);
    world.run(&["why", "m", "--on", "2024-01-01"]).refused(&["no metrics were given", "--metrics"]);
    world
        .run(&["why", "m", "--on", "2024-01-01", "--timezone", "Europe/Olso"])
        .refused(&["Europe/Olso", "Europe/Oslo"]);
}
