//! Every way in which the service can refuse or fail.

use serde_json::json;

use super::service::{Reply, Service, refusal};
use crate::world::World;

const HTML: &str = "<!DOCTYPE html><html><body>Bad Gateway token=SECRET</body></html>";

/// What is sent in place of the answer to one kind of request, the exit code, and what the message must hold.
type Case = (&'static str, fn() -> Reply, i32, &'static [&'static str]);

const CASES: [Case; 17] = [
    (
        "dry",
        || refusal(401, "authError", "Invalid Credentials"),
        3,
        &["were refused", "gcloud auth application-default login"],
    ),
    (
        "dry",
        || {
            refusal(
                403,
                "accessDenied",
                "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p.",
            )
        },
        3,
        &["no permission", "roles/bigquery.jobUser"],
    ),
    (
        "table",
        || {
            refusal(
                403,
                "accessDenied",
                "Access Denied: Table p:d.t: Permission bigquery.tables.get denied on table p:d.t",
            )
        },
        3,
        &["no permission", "roles/bigquery.dataViewer"],
    ),
    (
        "dry",
        || refusal(403, "accessNotConfigured", "BigQuery API has not been used in project 7 before or it is disabled."),
        3,
        &["not enabled", "gcloud services enable bigquery.googleapis.com --project=my-project"],
    ),
    (
        "dry",
        || refusal(404, "notFound", "Not found: Project my-project"),
        2,
        &["Project my-project", "gcloud projects list"],
    ),
    (
        "table",
        || refusal(404, "notFound", "Not found: Dataset my-project:prod"),
        2,
        &["Dataset my-project:prod", "bq ls"],
    ),
    (
        "table",
        || refusal(404, "notFound", "Not found: Table my-project:prod.series was not found in location EU"),
        2,
        &["Table my-project:prod.series", "bq ls", "location"],
    ),
    (
        "dry",
        || refusal(400, "invalidQuery", "Unrecognized name: valu; Did you mean value? at [4:3]"),
        2,
        &["no column \"valu\"", "the nearest is \"value\""],
    ),
    (
        "dry",
        || refusal(400, "invalidQuery", "No matching signature for operator >= for argument types: STRING, TIMESTAMP."),
        2,
        &["No matching signature", "values of their type"],
    ),
    (
        "dry",
        || {
            let message = "Cannot query over table 'p.d.t' without a filter over column(s) 'day' that can be used for partition elimination";
            refusal(400, "invalidQuery", message)
        },
        2,
        &["filter on its partitions", "@from"],
    ),
    (
        "dry",
        || refusal(400, "invalidQuery", "Syntax error: Unexpected end of script at [1:9]"),
        2,
        &["the query is refused", "--dry-run"],
    ),
    (
        "page",
        || {
            refusal(
                400,
                "bytesBilledLimitExceeded",
                "Query exceeded limit for bytes billed: 1. 52428800 or higher required.",
            )
        },
        2,
        &["50.0 MiB", "--max-bytes-billed 52428800"],
    ),
    ("insert", || refusal(403, "quotaExceeded", "Quota exceeded: free query bytes scanned"), 3, &["quota is used up"]),
    ("page", || Reply::Text(403, HTML), 3, &["status 403 and an HTML page", "HTTPS_PROXY"]),
    ("page", || Reply::Text(200, HTML), 3, &["status 200 and an HTML page", "HTTPS_PROXY"]),
    (
        "dry",
        || Reply::Json(200, json!({"statistics": {"query": {"statementType": "DELETE", "totalBytesProcessed": "1"}}})),
        2,
        &["the query is DELETE", "one SELECT"],
    ),
    (
        "dry",
        || {
            Reply::Json(
                200,
                json!({"statistics": {"query": {"statementType": "SELECT", "totalBytesProcessed": "53687091200"}}}),
            )
        },
        2,
        &["would scan 50.0 GiB", "at most 10.0 GiB", "--max-bytes-billed 53687091200"],
    ),
];

#[test]
fn each_refusal_says_what_is_wrong_and_what_to_do() {
    let world = World::with_a_fall();
    for (kind, reply, code, parts) in CASES {
        let service = Service::new(move |request, _| (request.kind() == kind).then(reply));
        let run = service.why(&world, &["--no-cache"]);
        assert_eq!((run.code, run.out.as_str()), (code, ""), "{parts:?}: {}", run.err);
        for part in parts {
            assert!(run.err.contains(part), "{part:?} is not in:\n{}", run.err);
        }
        assert!(!run.err.contains("SECRET") && run.err.contains("\nhint: "), "{}", run.err);
        if kind == "dry" {
            assert!(service.asked("insert").is_empty(), "nothing runs that was refused");
        }
        assert!(service.asked(kind).len() <= 2, "what will not pass is not tried again: {parts:?}");
    }
}

/// Trouble that passes.
const PASSING: [fn() -> Reply; 7] = [
    || refusal(429, "rateLimitExceeded", "Exceeded rate limits"),
    || refusal(403, "rateLimitExceeded", "Exceeded rate limits"),
    || refusal(500, "internalError", "An internal error occurred"),
    || refusal(503, "backendError", "Error encountered during execution"),
    || Reply::Text(502, HTML),
    || Reply::Cut,
    || Reply::Torn,
];

#[test]
fn trouble_that_passes_is_waited_out_and_loses_no_row() {
    let world = World::with_a_fall();
    let whole = Service::good().why(&world, &["--no-cache"]).json();
    for reply in PASSING {
        // The first of every kind of request fails, and the second page too.
        let service =
            Service::new(move |request, before| (before == 0 || (request.kind() == "page" && before == 2)).then(reply));
        assert_eq!(service.why(&world, &["--no-cache"]).json(), whole);
    }
}

#[test]
fn trouble_that_stays_is_told_with_how_often_it_was_tried() {
    let world = World::with_a_fall();
    let told = |reply: fn() -> Reply| {
        let service = Service::new(move |request, _| (request.kind() == "dry").then(reply));
        let run = service.why(&world, &["--no-cache", "--timeout", "4s"]);
        assert_eq!(run.code, 3, "{}", run.err);
        run.err
    };
    let busy = told(|| refusal(503, "backendError", "Error encountered"));
    assert!(busy.contains("failed with status 503") && busy.contains("try again later"), "{busy}");
    let limited = told(|| refusal(429, "rateLimitExceeded", "Exceeded rate limits"));
    assert!(limited.contains("too many requests"), "{limited}");
    let cut = told(|| Reply::Cut);
    assert!(cut.contains("could not be reached") && cut.contains("check the network"), "{cut}");
    let proxy = told(|| Reply::Text(502, HTML));
    assert!(proxy.contains("status 502 and an HTML page") && !proxy.contains("SECRET"), "{proxy}");
}

#[test]
fn a_job_that_fails_within_the_service_is_begun_anew() {
    let world = World::with_a_fall();
    let whole = Service::good().why(&world, &["--no-cache"]).json();
    let service = Service::new(|request, before| match request.kind() {
        "page" if before < 3 => Some(refusal(503, "backendError", "Error encountered during execution")),
        "job" => {
            Some(Reply::Json(200, json!({"status": {"state": "DONE", "errorResult": {"reason": "backendError"}}})))
        }
        _ => None,
    });
    assert_eq!(service.why(&world, &["--no-cache"]).json(), whole);
    let jobs = service.asked("insert");
    assert_eq!(jobs.len(), 2);
    assert_ne!(jobs[0].body["jobReference"]["jobId"], jobs[1].body["jobReference"]["jobId"]);
}

#[test]
fn nobody_at_home_is_told() {
    let world = World::with_a_fall();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let arguments = [&Service::WHY[..], &["--timeout", "2s", "--no-cache"]].concat();
    let run = world.run_with(&arguments, b"", &[("BIGQUERY_EMULATOR_HOST", free.as_str())]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("could not be reached") && run.err.contains("refused"), "{}", run.err);
}

#[test]
fn a_result_with_too_many_rows_is_not_read() {
    let world = World::with_a_fall();
    let service = Service::good();
    let run = service.why(&world, &["--max-rows", "59"]);
    run.refused(&["the result has 60 rows, and at most 59 are read", "--max-rows 60"]);
    assert_eq!(service.asked("page").len(), 1);
}

#[test]
fn a_name_that_cannot_be_one_is_not_sent() {
    let world = World::with_a_fall();
    for (name, part) in [
        ("bigquery:prod.series", "project, dataset and table"),
        ("bigquery:p.d.t`; DROP TABLE x; --", "cannot be one"),
        ("bigquery:p.d.events_*", "make a view"),
    ] {
        let run = world.run(&["metrics", "--metrics", name]);
        run.refused(&[part]);
    }
}
