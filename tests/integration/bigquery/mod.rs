//! BigQuery, as a service on loopback plays it: what goes well, and everything that can go wrong.

mod check;
mod credentials;
mod faults;
mod service;

use serde_json::json;

use crate::world::{World, codes};
use service::{Reply, Service, page, refusal};

#[test]
fn a_table_gives_the_answer_that_a_file_gives() {
    let world = World::with_a_fall();
    let service = Service::good();
    let answer = service.why(&world, &[]).json();
    let of_file = world.why(&["--format", "json", "--as-of", "2024-03-10"]).json();
    for key in ["change", "suspects", "none_of_these"] {
        assert_eq!(answer[key], of_file[key], "{key}");
    }
    assert!(codes(&answer).contains(&"bounded_history"));
    assert_eq!(service.asked("page").len(), 3, "60 rows in pages of 25");
    let job = &service.asked("insert")[0].body;
    let query = &job["configuration"]["query"];
    assert_eq!((&query["useLegacySql"], &query["maximumBytesBilled"]), (&json!(false), &json!("10737418240")));
    assert_eq!(job["configuration"]["labels"], json!({"tool": "shiptrace"}));
    assert_eq!(job["jobReference"]["location"], "EU", "where the dry run says that the data lies");
    assert!(service.asked("page").iter().all(|request| request.path.contains("location=EU")));
}

#[test]
fn the_price_is_told_before_and_quiet_leaves_it_out() {
    let world = World::with_a_fall();
    let told = Service::good().why(&world, &["--no-cache"]).err;
    assert!(told.contains("bigquery:my-project.prod.series: 118 MiB, less than 0.01 USD to scan"), "{told}");
    assert_eq!(Service::good().why(&world, &["--no-cache", "--quiet"]).err, "");
}

#[test]
fn a_dry_run_shows_the_query_and_runs_nothing() {
    let world = World::with_a_fall();
    let service = Service::good();
    let mut arguments = Service::WHY.to_vec();
    arguments.truncate(10);
    let run = world.run_with(
        &[&arguments[..], &["--dry-run"]].concat(),
        b"",
        &[("BIGQUERY_EMULATOR_HOST", service.host.as_str())],
    );
    assert_eq!((run.code, service.asked("insert").len()), (0, 0), "{}", run.err);
    insta::assert_snapshot!("dry_run", run.out);
    let json = service.why(&world, &["--dry-run"]).json();
    assert_eq!((&json["schema"], &json["queries"][0]["bytes"]), (&json!("shiptrace/queries/1"), &json!(123_456_789)));
}

#[test]
fn a_result_is_kept_and_not_asked_for_again() {
    let world = World::with_a_fall();
    let service = Service::good();
    let first = service.why(&world, &[]).json();
    let again = service.why(&world, &[]);
    assert!(again.err.contains("from the cache"), "{}", again.err);
    assert_eq!(again.json(), first);
    assert_eq!(service.asked("insert").len(), 1);
    service.why(&world, &["--no-cache"]).json();
    service.why(&world, &["--history", "100d"]).json();
    assert_eq!(service.asked("insert").len(), 3, "--no-cache and another stretch of time ask anew");
    for file in std::fs::read_dir(world.path("cache/shiptrace/bigquery")).unwrap() {
        std::fs::write(file.unwrap().path(), b"garbage").unwrap();
    }
    assert_eq!(service.why(&world, &[]).json()["change"], first["change"], "a file that is torn counts as not there");
}

#[test]
fn several_ready_metrics_of_a_table_are_read_by_one_query() {
    let table = "source = \"bigquery:my-project.prod.series\"\n";
    let config = format!("[metrics.m]\n{table}[metrics.n]\n{table}");
    let world = World::with_a_fall().file("shiptrace.toml", config);
    let service = Service::new(|request, _| {
        (request.kind() == "page").then(|| {
            let mut page = page(request);
            for row in page["rows"].as_array_mut().unwrap().iter_mut().skip(1).step_by(2) {
                row["f"][2]["v"] = json!("n");
            }
            Reply::Json(200, page)
        })
    });
    let variables = [("BIGQUERY_EMULATOR_HOST", service.host.as_str())];
    let words = ["metrics", "--no-cache", "--as-of", "2024-03-10", "--format", "json"];
    let metrics = world.run_with(&words, b"", &variables).json()["metrics"].clone();
    let held = |i: usize| metrics[i]["buckets"].as_i64().unwrap() - metrics[i]["missing"].as_i64().unwrap();
    assert_eq!((held(0) + held(1), service.asked("insert").len()), (60, 1), "{metrics}");
    let planned = world.run_with(&[&words[..], &["--dry-run"]].concat(), b"", &variables).json();
    assert_eq!(planned["queries"].as_array().unwrap().len(), 1, "{planned}");
}

#[test]
fn a_query_that_is_not_over_is_waited_for() {
    let world = World::with_a_fall();
    let service = Service::new(|request, before| {
        (request.kind() == "page" && before < 2).then(|| Reply::Json(200, json!({"jobComplete": false})))
    });
    assert!(service.why(&world, &[]).json()["change"].is_object());
    assert_eq!((service.asked("insert").len(), service.asked("page").len()), (1, 5));
}

#[test]
fn a_query_that_takes_too_long_is_cancelled() {
    let world = World::with_a_fall();
    let service =
        Service::new(|request, _| (request.kind() == "page").then(|| Reply::Json(200, json!({"jobComplete": false}))));
    let run = service.why(&world, &["--timeout", "1s"]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("no result within 1 s") && run.err.contains("--timeout 20m"), "{}", run.err);
    assert_eq!(service.asked("cancel").len(), 1);
    let job = service.asked("insert").remove(0).body;
    assert_eq!(job["configuration"]["jobTimeoutMs"], "1000", "the service ends it too");
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_the_query() {
    let world = World::with_a_fall();
    let service =
        Service::new(|request, _| (request.kind() == "page").then(|| Reply::Json(200, json!({"jobComplete": false}))));
    let mut command = world.command(&Service::WHY);
    command.env("BIGQUERY_EMULATOR_HOST", &service.host).arg("--no-cache");
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while service.asked("page").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(kill.success());
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(service.asked("cancel").len(), 1);
}

#[test]
fn a_job_whose_answer_was_lost_is_not_run_twice() {
    let world = World::with_a_fall();
    let service = Service::new(|request, before| match (request.kind(), before) {
        ("insert", 0) => Some(Reply::Cut),
        ("insert", _) => Some(refusal(409, "duplicate", "Already Exists: Job my-project:EU.shiptrace_x")),
        _ => None,
    });
    assert!(service.why(&world, &[]).json()["change"].is_object());
    let names: Vec<_> = service.asked("insert").iter().map(|r| r.body["jobReference"]["jobId"].clone()).collect();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], names[1], "the same name, so that the service knows it");
}

#[test]
fn rows_that_are_missing_make_no_answer() {
    let world = World::with_a_fall();
    let service = Service::new(|request, before| {
        (request.kind() == "page" && before == 2).then(|| {
            let mut last = page(request);
            last["rows"].as_array_mut().unwrap().pop();
            Reply::Json(200, last)
        })
    });
    let run = service.why(&world, &[]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("59 of 60 rows"), "{}", run.err);
}

#[test]
fn a_query_of_the_users_own_is_run_as_it_is() {
    let world = World::with_a_fall()
        .file("mine.sql", "SELECT ts AS timestamp, n AS value FROM `p.d.t` WHERE ts >= @from AND ts < @to -- @apps")
        .file("shiptrace.toml", "[deploys]\nsource = \"deploys.csv\"\n[metrics.m]\nquery = \"mine.sql\"\n");
    let fields = json!({"fields": [{"name": "timestamp", "type": "TIMESTAMP"}, {"name": "value", "type": "FLOAT"}, {"name": "x", "type": "STRING"}]});
    let service = Service::new(move |request, _| match request.kind() {
        "dry" => Some(Reply::Json(
            200,
            json!({"statistics": {"query": {"statementType": "SELECT", "totalBytesProcessed": "1", "schema": fields}}}),
        )),
        "page" => {
            let mut page = page(request);
            page["schema"] = fields.clone();
            Some(Reply::Json(200, page))
        }
        _ => None,
    });
    let run = |further: &[&str]| {
        let words = [
            "why",
            "m",
            "--on",
            "2024-02-10",
            "--as-of",
            "2024-03-10",
            "--format",
            "json",
            "--no-cache",
            "--app",
            "web",
        ];
        world.run_with(&[&words[..], further].concat(), b"", &[("BIGQUERY_EMULATOR_HOST", service.host.as_str())])
    };
    assert!(run(&["--project", "my-project"]).json()["change"].is_object());
    let query = service.asked("insert").remove(0).body["configuration"]["query"].clone();
    let names: Vec<&str> =
        query["queryParameters"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["from", "to", "apps"], "those that it mentions");
    let without = run(&[]);
    assert_eq!(without.code, 2, "{}", without.err);
    assert!(
        without.err.contains("no project is named") && without.err.contains("GOOGLE_CLOUD_PROJECT"),
        "{}",
        without.err
    );
}
