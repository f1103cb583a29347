//! The store on real files.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tempfile::TempDir;

use super::super::{Event, Item, Provider, Reading};
use super::*;
use crate::model::Deploy;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("deploys.db")
    }

    fn open(&self) -> Database {
        Database::open(&self.file()).unwrap()
    }
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2024-03-05T10:00:00Z").unwrap().to_utc() + TimeDelta::minutes(minute)
}

fn event(id: &str, minute: i64, status: &str) -> Event {
    let mut deploy = Deploy::at(at(minute).with_timezone(&Tz::UTC));
    deploy.id = Some(id.to_owned());
    deploy.source = Some("github".to_owned());
    deploy.status = Some(status.to_owned());
    Event { deploy, changed_at: at(minute) }
}

fn item(event: &Event) -> Item {
    reading(Reading::Event(Box::new(event.clone())), "{}")
}

fn reading(reading: Reading, raw: &str) -> Item {
    Item { provider: Provider::Github, place: String::new(), raw: raw.to_owned(), reading }
}

fn counts(summary: &Summary) -> (usize, usize, usize) {
    (summary.new, summary.updated, summary.unchanged)
}

fn put(store: &mut Database, events: &[&Event]) -> (usize, usize, usize) {
    let items: Vec<Item> = events.iter().map(|event| item(event)).collect();
    counts(&store.put(&items).unwrap())
}

fn statuses(store: &Database) -> Vec<String> {
    store.events().unwrap().into_iter().filter_map(|event| event.deploy.status).collect()
}

#[test]
fn a_deployment_is_kept_with_all_that_is_known_of_it() {
    let folder = Folder::new();
    let mut whole = event("1", 0, "success");
    for text in [
        &mut whole.deploy.app,
        &mut whole.deploy.environment,
        &mut whole.deploy.repo,
        &mut whole.deploy.commit,
        &mut whole.deploy.branch,
        &mut whole.deploy.message,
        &mut whole.deploy.author,
        &mut whole.deploy.url,
        &mut whole.deploy.kind,
    ] {
        *text = Some("a \u{0} ' \" \n ü \u{202e}".to_owned());
    }
    whole.deploy.extra.insert("workflow".to_owned(), "build\u{0}".to_owned());
    whole.changed_at += TimeDelta::microseconds(1_234);
    assert_eq!(put(&mut folder.open(), &[&whole]), (1, 0, 0));
    assert_eq!(folder.open().events().unwrap(), [whole.clone()]);
    assert_eq!(events_of(&folder.file()).unwrap(), [whole]);
}

#[test]
fn the_latest_state_wins_whatever_comes_first() {
    let (early, late) = (event("1", 0, "failure"), event("1", 5, "success"));
    for order in [[&early, &late], [&late, &early]] {
        let folder = Folder::new();
        let mut store = folder.open();
        put(&mut store, &order[..1]);
        put(&mut store, &order[1..]);
        assert_eq!(statuses(&store), ["success"]);
    }
}

#[test]
fn of_two_messages_about_one_moment_the_last_wins_and_a_redelivery_of_either_changes_nothing() {
    let folder = Folder::new();
    let mut store = folder.open();
    let (first, second) = (event("1", 0, "failure"), event("1", 0, "success"));
    assert_eq!(put(&mut store, &[&first, &second]), (1, 1, 0));
    for again in [&first, &second, &first, &first] {
        assert_eq!(put(&mut store, &[again]), (0, 0, 1));
        assert_eq!(statuses(&store), ["success"]);
    }
    assert_eq!(put(&mut store, &[&event("1", 1, "failure")]), (0, 1, 0));
}

#[test]
fn a_message_that_says_less_takes_nothing_away() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut told = event("1", 0, "success");
    told.deploy.message = Some("Ask first".to_owned());
    put(&mut store, &[&told, &event("1", 3, "failure")]);
    let kept = store.events().unwrap();
    assert_eq!(kept[0].deploy.message.as_deref(), Some("Ask first"));
    assert_eq!(kept[0].deploy.status.as_deref(), Some("failure"));
}

#[test]
fn one_id_of_two_senders_is_two_deployments() {
    let folder = Folder::new();
    let mut store = folder.open();
    let mut other = event("1", 0, "success");
    other.deploy.source = Some("gitlab".to_owned());
    assert_eq!(put(&mut store, &[&event("1", 0, "success"), &other]), (2, 0, 0));
}

#[test]
fn a_message_that_cannot_be_read_is_kept_once_and_read_again_after_a_fix() {
    let folder = Folder::new();
    let mut store = folder.open();
    let broken = |raw: &str| reading(Reading::Rejected("no time at /at".to_owned()), raw);
    for _ in 0..2 {
        assert_eq!(store.put(&[broken("one"), broken("two"), item(&event("1", 0, "success"))]).unwrap().rejected, 2);
    }
    let kept = store.rejected(0, 10).unwrap();
    let told: Vec<_> = kept.iter().map(|k| (k.provider.as_str(), k.body.as_str(), k.reason.as_str())).collect();
    assert_eq!(told, [("github", "one", "no time at /at"), ("github", "two", "no time at /at")]);
    let read = |_: &str, body: &str| match body {
        "one" => vec![item(&event("2", 0, "success"))],
        _ => vec![reading(Reading::Rejected("still no time".to_owned()), body)],
    };
    let (summary, still) = store.writer().unwrap().retry(at(9), read).unwrap();
    assert_eq!((summary.new, still), (1, 1));
    let kept = store.rejected(0, 10).unwrap();
    assert_eq!((kept.len(), kept[0].reason.as_str(), kept[0].tries), (1, "still no time", 1));
    assert_eq!([store.discard(kept[0].number).unwrap(), store.discard(99).unwrap()], [true, false]);
    assert_eq!((store.rejected_count().unwrap(), store.deployments().unwrap()), (0, 2));
}

#[test]
fn a_message_that_is_too_long_is_cut_and_says_so() {
    let folder = Folder::new();
    let mut store = folder.open();
    store.put(&[reading(Reading::Rejected("x".to_owned()), &"ü".repeat(1 << 20))]).unwrap();
    let kept = store.rejected(0, 1).unwrap().remove(0);
    assert_eq!((kept.body.len(), kept.bytes, kept.is_whole()), (1 << 20, 2 << 20, false));
    assert_eq!(store.writer().unwrap().retry(at(0), |_, _| unreachable!()).unwrap().1, 1);
}

#[test]
fn all_of_a_batch_is_kept_or_nothing_of_it() {
    let folder = Folder::new();
    let mut store = folder.open();
    store.limit_bytes(40 * 4096).unwrap();
    let mut long = event("1", 0, "success");
    long.deploy.message = Some("m".repeat(300_000));
    let failed = store.put(&[item(&event("2", 0, "success")), item(&long)]).unwrap_err();
    assert!(matches!(failed, StoreError::Full { .. }), "{failed}");
    assert_eq!(store.deployments().unwrap(), 0);
    assert_eq!(put(&mut store, &[&event("2", 0, "success")]), (1, 0, 0));
}

#[test]
fn every_change_is_put_into_the_outbox_of_every_target_once() {
    let folder = Folder::new();
    let mut store = folder.open();
    put(&mut store, &[&event("old", 0, "success")]);
    store.add_target("p.d.t", at(0)).unwrap();
    put(&mut store, &[&event("new", 1, "failure")]);
    put(&mut store, &[&event("new", 1, "failure"), &event("old", 0, "success")]);
    let ids = |unsent: &[Unsent]| -> Vec<String> { unsent.iter().map(|u| u.event.key().1.to_owned()).collect() };
    let before = store.unsent("p.d.t", 10).unwrap();
    assert_eq!(ids(&before), ["old", "new"]);
    // It changes while it is on its way: the newer state is sent too.
    put(&mut store, &[&event("new", 2, "success")]);
    store.sent("p.d.t", &[&before[0], &before[1]], &[]).unwrap();
    let after = store.unsent("p.d.t", 10).unwrap();
    assert_eq!((ids(&after), after[0].version), (vec!["new".to_owned()], 2));
    store.sent("p.d.t", &[], &[(&after[0], "no such column".to_owned())]).unwrap();
    let depth = store.depth("p.d.t").unwrap();
    assert_eq!((depth.deployments, depth.refused), (1, 1));
    store.add_target("p.d.t", at(5)).unwrap();
    assert_eq!(store.unsent("p.d.t", 10).unwrap().len(), 1);
}

#[test]
fn the_commit_before_is_that_of_the_last_deployment_that_went_out_there() {
    let folder = Folder::new();
    let mut store = folder.open();
    let deployed = |id: &str, minute, status, commit: &str, environment: Option<&str>| {
        let mut event = event(id, minute, status);
        event.deploy.app = Some("web".to_owned());
        event.deploy.commit = Some(commit.to_owned());
        event.deploy.environment = environment.map(str::to_owned);
        event
    };
    let all = [
        deployed("1", 0, "success", "aaaa", Some("production")),
        deployed("2", 1, "failure", "bbbb", Some("production")),
        deployed("3", 2, "success", "cccc", Some("staging")),
        deployed("4", 3, "success", "dddd", Some("production")),
    ];
    put(&mut store, &all.iter().collect::<Vec<_>>());
    let before = |minute| store.commit_before("web", Some("production"), at(minute)).unwrap();
    assert_eq!([before(3).as_deref(), before(4).as_deref(), before(0).as_deref()], [Some("aaaa"), Some("dddd"), None]);
    assert_eq!(store.commit_before("web", None, at(9)).unwrap(), None);
}

#[test]
fn what_is_no_database_of_ours_is_named_and_left_as_it_is() {
    let folder = Folder::new();
    std::fs::write(folder.file(), "deployed_at,app\n2024-03-05,web\n").unwrap();
    assert!(matches!(Database::open(&folder.file()), Err(StoreError::Foreign { .. })));
    assert!(matches!(events_of(&folder.file()), Err(StoreError::Foreign { .. })));
    assert!(std::fs::read_to_string(folder.file()).unwrap().starts_with("deployed_at"));
    std::fs::remove_file(folder.file()).unwrap();
    let other = rusqlite::Connection::open(folder.file()).unwrap();
    other.execute_batch("CREATE TABLE t (a)").unwrap();
    drop(other);
    assert!(matches!(Database::open(&folder.file()), Err(StoreError::Foreign { .. })));
    let missing = folder.0.path().join("none/deploys.db");
    assert!(matches!(Database::open(&missing), Err(StoreError::Open { .. })));
    assert!(matches!(Database::open_existing(&missing), Err(StoreError::Open { .. })));
    assert!(matches!(events_of(&missing), Err(StoreError::Open { .. })));
}

#[test]
fn a_newer_schema_and_a_damaged_file_are_refused() {
    let folder = Folder::new();
    put(&mut folder.open(), &[&event("1", 0, "success")]);
    let raw = rusqlite::Connection::open(folder.file()).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    assert!(matches!(Database::open(&folder.file()), Err(StoreError::Newer { found: 99, .. })));
    assert!(matches!(events_of(&folder.file()), Err(StoreError::Newer { .. })));
    let raw = rusqlite::Connection::open(folder.file()).unwrap();
    raw.pragma_update(None, "user_version", 1).unwrap();
    drop(raw);
    let mut bytes = std::fs::read(folder.file()).unwrap();
    let end = bytes.len().min(4096 * 4);
    bytes[4096..end].fill(0x5a);
    std::fs::write(folder.file(), bytes).unwrap();
    let error = Database::open(&folder.file()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[test]
fn two_writers_wait_for_each_other_and_a_reader_for_none() {
    let folder = Folder::new();
    drop(folder.open());
    let write = |from: usize| {
        let mut store = folder.open();
        for i in from..from + 50 {
            put(&mut store, &[&event(&i.to_string(), 0, "success")]);
        }
    };
    std::thread::scope(|scope| {
        let writers = [scope.spawn(|| write(0)), scope.spawn(|| write(50))];
        while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            assert!(events_of(&folder.file()).unwrap().len() <= 100);
        }
    });
    assert_eq!(events_of(&folder.file()).unwrap().len(), 100);
}
