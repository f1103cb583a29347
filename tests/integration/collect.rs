//! Deploy events are brought in, and what is odd is said.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::world::{World, repository};

fn payload(name: &str) -> String {
    repository().join("tests/payloads").join(name).display().to_string()
}

/// The deployments that a run would keep.
fn dry(world: &World, arguments: &[&str]) -> Value {
    world.run(&[&["collect"], arguments, &["--dry-run", "--format", "json"]].concat()).json()["deploys"].clone()
}

#[test]
fn messages_of_many_senders_become_deployments_once() {
    let world = World::empty();
    let files = [
        "cloud-build/table.ndjson",
        "cloud-build/push.json",
        "github/deployment_status.json",
        "gitlab/deployment.json",
    ];
    let files: Vec<String> = files.iter().map(|file| payload(file)).collect();
    let arguments: Vec<&str> = ["auto"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let deploys = dry(&world, &arguments);
    let apps: Vec<&str> = deploys.as_array().unwrap().iter().map(|d| d["app"].as_str().unwrap()).collect();
    assert_eq!(apps, ["storefront", "notifier", "storefront", "deploy-api"]);
    let run = world.run(&[&["collect"], &arguments[..], &["--into", "d.db"]].concat());
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{}", run.err);
    assert_eq!(run.err, "d.db: 4 new, 0 updated, 1 unchanged\nignored 1: 1 in progress\n");
    let again = world.run(&[&["collect"], &arguments[..], &["--into", "d.db"]].concat());
    assert!(again.err.starts_with("d.db: 0 new, 0 updated, 5 unchanged\n"), "{}", again.err);
}

#[test]
fn what_cannot_be_read_is_said_with_its_place_and_stops_nothing() {
    let good = r#"{"deployed_at":"2024-02-10T09:00:00Z","app":"web","id":"1"}"#;
    let lines = format!("{good}\n{{\"deployed_at\": \n{{\"deployed_at\":\"soon\\u001b[2J\"}}\n");
    let world = World::empty().file("m.ndjson", lines);
    let run = world.run(&["collect", "generic", "m.ndjson", "--into", "d.db"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.err.contains("1 new") && run.err.contains("warning: rejected 2, kept aside with the reason"),
        "{}",
        run.err
    );
    assert!(run.err.contains("  m.ndjson, line 2: it is no JSON"), "{}", run.err);
    assert!(run.err.contains("  m.ndjson, line 3: /deployed_at: ") && !run.err.contains('\u{1b}'), "{}", run.err);
    let world = World::empty().file("m.json", "{\"a\": 1}");
    world
        .run(&["collect", "gitlab", "m.json", "--into", "d.db"])
        .refused(&["none of the 1 messages could be read as gitlab"]);
}

#[test]
fn wrong_use_is_refused() {
    let world = World::empty().file("m.json", "{}");
    world.run(&["collect", "git-hub", "m.json"]).refused(&["git-hub", "the nearest is github"]);
    world.run(&["collect", "github", "missing.json"]).refused(&["missing.json: cannot be read", "hint: "]);
    world.run(&["collect", "github", "m.json", "--into", "d.csv"]).refused(&["--into \"d.csv\"", ".db"]);
    world.run(&["collect", "github", "m.json", "-o", "d.csv"]).refused(&["--output \"d.csv\"", "--dry-run"]);
    world.run(&["collect"]).refused(&["<PROVIDER>"]);
    world.run(&["collect", "git", "--app", "web"]).refused(&["is no git repository", "--repo"]);
}

#[test]
fn the_configuration_names_apps_and_the_store() {
    let config = "[collect]\ninto = \"kept.db\"\n[[collect.apps]]\nrepo = \"acme/store*\"\napp = \"shop\"\n\
        [[collect.apps]]\nprovider = \"gitlab\"\nignore = true\n[collect.environments]\n\"prod*\" = \"live\"\n";
    let world = World::empty().file("shiptrace.toml", config);
    let (github, gitlab) = (payload("github/deployment_status.json"), payload("gitlab/deployment.json"));
    let deploys = dry(&world, &["auto", &github, &gitlab]);
    assert_eq!(deploys.as_array().unwrap().len(), 1);
    assert_eq!((&deploys[0]["app"], &deploys[0]["environment"]), (&"shop".into(), &"live".into()));
    let run = world.run(&["collect", "auto", &github, &gitlab]);
    assert_eq!(
        run.err,
        "kept.db: 1 new, 0 updated, 0 unchanged\nignored 1: 1 by the rule in line 6 of the configuration\n"
    );
    assert!(world.path("kept.db").exists());
}

#[test]
fn packed_files_and_standard_input_are_read() {
    let world = World::empty();
    let line = r#"{"deployed_at":"2024-02-10T09:00:00Z","app":"web","id":"1"}"#;
    let run = world.run_with(&["collect", "generic", "--dry-run", "--format", "json"], line.as_bytes(), &[]);
    assert_eq!(run.json()["deploys"][0]["app"], "web");
    let world = world.file("plain.json", line);
    let packed = Command::new("gzip").arg("-k").arg(world.path("plain.json")).status();
    if packed.is_ok_and(|status| status.success()) {
        assert_eq!(dry(&world, &["generic", "plain.json.gz"])[0]["app"], "web");
    }
}

/// A clone with a release before the fall of the metric, whose third commit did it.
fn clone(world: &World) -> bool {
    let folder = world.path("clone");
    std::fs::create_dir(&folder).unwrap();
    let git = |arguments: &[&str], at: &str| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Cy Moss", "-c", "user.email=cy@example.com", "-c", "commit.gpgsign=false"]);
        command
            .args(arguments)
            .current_dir(Path::new(&folder))
            .env("GIT_COMMITTER_DATE", at)
            .env("GIT_AUTHOR_DATE", at);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().is_ok_and(|output| output.status.success())
    };
    let mut made = git(&["init", "-q", "-b", "main"], "2024-02-01T09:00:00Z");
    for (i, (message, tag)) in [
        ("Begin", Some("v1")),
        ("Tidy the logs", None),
        ("Halve the signup form", None),
        ("Bump a library", Some("v2")),
        ("New footer", Some("v3")),
    ]
    .into_iter()
    .enumerate()
    {
        let at = [
            "2024-02-01T09:00:00Z",
            "2024-02-08T09:00:00Z",
            "2024-02-09T09:00:00Z",
            "2024-02-10T09:00:00Z",
            "2024-02-14T09:00:00Z",
        ][i];
        made &= git(&["commit", "-q", "--allow-empty", "-m", message], at);
        made &= tag.is_none_or(|tag| git(&["tag", tag], at));
    }
    made
}

#[test]
fn the_history_of_a_clone_answers_why_and_shows_what_each_release_brought() {
    let world = World::with_a_fall();
    if !clone(&world) {
        return;
    }
    let deploys = dry(&world, &["git", "--repo", "clone", "--app", "web", "--tags", "v*"]);
    let ids: Vec<&str> = deploys.as_array().unwrap().iter().map(|d| d["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["web@v1", "web@v2", "web@v3"]);
    assert_eq!(deploys[1]["extra"]["commits"], "3");
    assert_eq!(deploys[1]["extra"]["commit_messages"], "Bump a library\nHalve the signup form\nTidy the logs");
    let run = world.run(&["collect", "git", "--repo", "clone", "--app", "web", "--tags", "v*", "--into", "d.db"]);
    assert_eq!((run.code, run.err.as_str()), (0, "d.db: 3 new, 0 updated, 0 unchanged\n"));
    world
        .run(&["collect", "git", "--repo", "clone", "--app", "web", "--branch", "man"])
        .refused(&["no branch \"man\"", "the nearest is main"]);
    world
        .run(&["collect", "git", "--repo", "clone", "--app", "web", "--tags", "w*"])
        .refused(&["none of its 3 tags fits \"w*\""]);
}

#[test]
fn a_clone_fills_the_messages_of_a_store() {
    let world = World::empty();
    if !clone(&world) {
        return;
    }
    let head = Command::new("git").args(["rev-list", "main"]).current_dir(world.path("clone")).output().unwrap();
    let hashes = String::from_utf8(head.stdout).unwrap();
    let mut lines = String::new();
    for (i, hash) in [hashes.lines().nth(4), hashes.lines().nth(1), None].into_iter().enumerate() {
        let hash = hash.unwrap_or("abababababababababababababababababababab");
        let _ =
            writeln!(lines, r#"{{"deployed_at":"2024-02-1{i}T09:00:00Z","app":"web","id":"{i}","commit":"{hash}"}}"#);
    }
    let world = world.file("m.ndjson", lines);
    let run = world.run(&["collect", "generic", "m.ndjson", "--repo", "clone", "--dry-run", "--format", "json"]);
    assert!(run.err.contains("2 messages, 2 authors, 1 times"), "{}", run.err);
    assert!(run.err.contains("1 deployments are of a commit that the clone does not have"), "{}", run.err);
    let deploys = run.json()["deploys"].clone();
    assert_eq!((&deploys[1]["message"], &deploys[1]["author"]), (&"Bump a library".into(), &"Cy Moss".into()));
    assert_eq!(deploys[1]["extra"]["commits"], "3");
    world.run(&["collect", "generic", "m.ndjson", "--into", "d.db"]);
    assert!(world.run(&["collect", "fill", "--repo", "clone", "--into", "d.db"]).err.contains("2 messages, 2 authors"));
    assert!(
        world
            .run(&["collect", "fill", "--repo", "clone", "--into", "d.db"])
            .err
            .contains("0 messages, 0 authors, 0 times")
    );
    // What a clone filled in survives that the message comes again.
    let again = world.run(&["collect", "generic", "m.ndjson", "--into", "d.db"]);
    assert_eq!(again.err, "d.db: 0 new, 0 updated, 3 unchanged\n");
}
