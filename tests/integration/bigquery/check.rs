//! `shiptrace check` on BigQuery.

use super::service::{Service, refusal};
use crate::world::World;

fn check(service: &Service, further: &[&str]) -> crate::world::Run {
    let world = World::with_a_fall();
    let words =
        ["check", "--metrics", "bigquery:my-project.prod.series", "--deploys", "deploys.csv", "--as-of", "2024-03-10"];
    let cache = world.path("cache").display().to_string();
    let variables = [("BIGQUERY_EMULATOR_HOST", service.host.as_str()), ("XDG_CACHE_HOME", cache.as_str())];
    let run = world.run_with(&[&words[..], further].concat(), b"", &variables);
    crate::world::Run { out: run.out.replace(&service.host, "HOST"), ..run }
}

#[test]
fn what_would_be_used_and_read_and_scanned_is_told() {
    let run = check(&Service::good(), &["--quiet"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    insta::assert_snapshot!("check", run.out);
}

#[test]
fn what_is_missing_is_told_with_what_to_do_and_the_code_of_a_question() {
    let service = Service::new(|request, _| {
        (request.kind() == "table").then(|| refusal(404, "notFound", "Not found: Dataset my-project:prod"))
    });
    let run = check(&service, &[]);
    assert_eq!(run.code, 2);
    assert!(
        run.out.contains(
            "problem        BigQuery: Not found: Dataset my-project:prod\nto do          check the dataset's name"
        ),
        "{}",
        run.out
    );
    let service = Service::new(|request, _| {
        (request.kind() == "dry")
            .then(|| refusal(403, "accessDenied", "User does not have bigquery.jobs.create permission"))
    });
    let run = check(&service, &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &json["problems"][0]["exit_code"]), (3, &serde_json::json!(3)));
    assert!(json["problems"][0]["hint"].as_str().unwrap().contains("roles/bigquery.jobUser"));
}

#[test]
fn a_dry_run_reads_nothing() {
    let service = Service::good();
    assert_eq!(check(&service, &["--dry-run"]).code, 0);
    assert!(service.asked("insert").is_empty());
}
