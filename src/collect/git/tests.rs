use std::path::PathBuf;

use git2::{Oid, Signature, Time};
use tempfile::TempDir;

use super::{Backfill, GitError, History, Repository, Which};
use crate::collect::{Event, Headers, Mapping, Provider, Reading, read};

/// A repository that is made of commits an hour apart.
struct Made {
    folder: TempDir,
    git: git2::Repository,
    hour: i64,
}

const BEGIN: i64 = 1_709_200_800;

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let git = git2::Repository::init(folder.path()).unwrap();
        Self { folder, git, hour: 0 }
    }

    fn who(&mut self, name: &str) -> Signature<'static> {
        self.hour += 1;
        Signature::new(name, "a@example.com", &Time::new(BEGIN + 3600 * self.hour, 60)).unwrap()
    }

    fn commit(&mut self, parents: &[Oid], author: &str, message: &str) -> Oid {
        let who = self.who(author);
        let tree = self.git.find_tree(self.git.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let parents: Vec<_> = parents.iter().map(|id| self.git.find_commit(*id).unwrap()).collect();
        self.git.commit(None, &who, &who, message, &tree, &parents.iter().collect::<Vec<_>>()).unwrap()
    }

    fn branch(&self, name: &str, at: Oid) {
        self.git.branch(name, &self.git.find_commit(at).unwrap(), true).unwrap();
    }

    fn tag(&mut self, name: &str, at: Oid, said: Option<&str>) {
        let object = self.git.find_object(at, None).unwrap();
        if let Some(said) = said {
            let who = Signature::new("Releaser", "r@example.com", &Time::new(BEGIN + 3600 * 1000, 0)).unwrap();
            self.git.tag(name, &object, &who, said, false).unwrap();
        } else {
            self.git.tag_lightweight(name, &object, false).unwrap();
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn history(&self, which: Which) -> Result<(Vec<Event>, History), GitError> {
        let mut events = Vec::new();
        let what = Backfill { which, app: "web".to_owned(), environment: None };
        let history = Repository::open(&self.path())?.backfill(&what, |event| {
            events.push(event);
            Ok::<(), GitError>(())
        })?;
        Ok((events, history))
    }

    /// A line of four commits with a merge of two more: `main`.
    fn with_a_merge() -> (Self, Vec<Oid>) {
        let mut made = Self::new();
        let first = made.commit(&[], "Ann", "First");
        let second = made.commit(&[first], "Ann", "Second");
        let side = made.commit(&[second], "Bo", "Side one\n\nBody.");
        let tip = made.commit(&[side], "Bo", "Side two");
        let merge =
            made.commit(&[second, tip], "Merger", "Merge pull request #7 from bo/side\n\nAsk for consent first");
        let after = made.commit(&[merge], "Cy", "After");
        made.branch("main", after);
        (made, vec![first, second, side, tip, merge, after])
    }
}

fn tags(glob: &str) -> Which {
    Which::Tags(glob::Pattern::new(glob).unwrap())
}

fn outline((events, _): &(Vec<Event>, History)) -> Vec<String> {
    let told = |event: &Event| {
        let deploy = &event.deploy;
        let extra = |name: &str| deploy.extra.get(name).cloned().unwrap_or_default().replace('\n', "; ");
        format!(
            "{} {} {} | {} | {} {}",
            deploy.branch.as_deref().unwrap(),
            deploy.deployed_at.format("%m-%d %H"),
            deploy.author.as_deref().unwrap(),
            deploy.message.as_deref().unwrap().lines().next().unwrap(),
            extra("commits"),
            extra("commit_messages")
        )
    };
    events.iter().map(told).collect()
}

#[test]
fn tags_are_deployments_with_what_each_brought() {
    let (mut made, ids) = Made::with_a_merge();
    made.tag("v1", ids[1], None);
    made.tag("v2", ids[4], None);
    made.tag("v3", ids[5], Some("Release three\n\nBigger buttons\n-----BEGIN PGP SIGNATURE-----\nxyz\n"));
    made.tag("nightly", ids[5], None);
    let history = made.history(tags("v*")).unwrap();
    assert_eq!(
        outline(&history),
        [
            "v1 02-29 12 Ann | Second |  ",
            "v2 02-29 15 Merger | Ask for consent first | 3 Side two; Side one",
            "v3 04-11 02 Releaser | Release three | 1 After",
        ]
    );
    let last = &history.0[2].deploy;
    assert_eq!(last.message.as_deref(), Some("Release three\n\nBigger buttons"));
    assert_eq!((last.id.as_deref(), last.source.as_deref()), (Some("web@v3"), Some("git")));
    assert_eq!(made.history(tags("v*")).unwrap(), history);
}

#[test]
fn merges_are_by_whom_wrote_what_was_merged() {
    let (made, ids) = Made::with_a_merge();
    let branch = |merges| Which::Branch { name: "main".to_owned(), merges };
    let history = made.history(branch(true)).unwrap();
    assert_eq!(outline(&history), ["main 02-29 15 Bo | Ask for consent first |  "]);
    assert_eq!(history.0[0].deploy.extra["merged_by"], "Merger");
    assert_eq!(history.0[0].deploy.id, Some(format!("web@{}", ids[4])));
    assert_eq!(
        outline(&made.history(branch(false)).unwrap()),
        [
            "main 02-29 11 Ann | First |  ",
            "main 02-29 12 Ann | Second | 1 Second",
            "main 02-29 15 Bo | Ask for consent first | 3 Side two; Side one",
            "main 02-29 16 Cy | After | 1 After",
        ]
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let told = |made: &Made, which| made.history(which).unwrap_err().to_string();
    let empty = Made::new();
    assert!(told(&empty, tags("*")).ends_with("the repository has no commit"));
    let nowhere = tempfile::tempdir().unwrap();
    assert!(matches!(Repository::open(nowhere.path()), Err(GitError::NotARepository { .. })));
    assert!(matches!(Repository::open(&nowhere.path().join("missing")), Err(GitError::NotARepository { .. })));
    let mut made = Made::new();
    let a = made.commit(&[], "Ann", "First");
    made.branch("main", a);
    made.tag("v1", a, None);
    assert!(told(&made, tags("w*")).ends_with("none of its 1 tags fits \"w*\""));
    let branch = |name: &str| Which::Branch { name: name.to_owned(), merges: true };
    assert!(told(&made, branch("mian")).ends_with("there is no branch \"mian\"; the nearest is main"));
    assert!(told(&made, branch("../../x")).contains("there is no branch"));
    assert!(told(&made, branch("main")).ends_with("has 1 commits and no merge"));
}

#[test]
fn a_shallow_clone_tells_only_what_it_has() {
    let (mut made, ids) = Made::with_a_merge();
    made.tag("v1", ids[1], None);
    made.tag("v2", ids[4], None);
    made.tag("v3", ids[5], None);
    std::fs::write(made.path().join(".git/shallow"), format!("{}\n", ids[2])).unwrap();
    let history = made.history(tags("v*")).unwrap();
    assert_eq!(history.1.cut_off, 1);
    assert_eq!(
        outline(&history)[1..],
        ["v2 02-29 15 Merger | Ask for consent first |  ", "v3 02-29 16 Cy | After | 1 After"]
    );
}

#[test]
fn a_clone_fills_what_messages_leave_out_and_overwrites_nothing() {
    let (mut made, ids) = Made::with_a_merge();
    made.tag("v9", ids[5], None);
    let lines = [
        format!(r#"{{"id":"1","deployed_at":"2024-03-01T08:00:00Z","app":"web","commit":"{}"}}"#, ids[1]),
        format!(
            r#"{{"id":"2","deployed_at":"2024-03-02T08:00:00Z","app":"web","commit":"{}","status":"failed","message":"Mine","author":"Me"}}"#,
            ids[4]
        ),
        format!(
            r#"{{"id":"3","deployed_at":"2024-03-03T08:00:00Z","app":"web","commit":"{}"}}"#,
            &ids[4].to_string()[..8]
        ),
        r#"{"id":"4","deployed_at":"2024-03-04T08:00:00Z","app":"web","branch":"v9"}"#.to_owned(),
        format!(r#"{{"id":"5","deployed_at":"2024-03-05T08:00:00Z","app":"web","commit":"{}"}}"#, "ab".repeat(20)),
        format!(r#"{{"id":"6","deployed_at":"2024-03-06T08:00:00Z","app":"web","commit":"{}"}}"#, ids[1]),
    ];
    let items = read(Provider::Generic, lines.join("\n").as_bytes(), &Headers::none(), &Mapping::default());
    let events: Vec<_> = items
        .into_iter()
        .map(|item| if let Reading::Event(event) = item.reading { *event } else { panic!() })
        .collect();
    let repository = Repository::open(&made.path()).unwrap();
    let (changed, filled) = repository.fill(events.clone());
    let told = |id: &str| {
        let deploy = &changed.iter().find(|event| event.deploy.id.as_deref() == Some(id)).unwrap().deploy;
        let first = deploy.message.as_deref().unwrap().lines().next().unwrap().to_owned();
        (first, deploy.author.clone().unwrap(), deploy.extra.get("commits").cloned().unwrap_or_default())
    };
    let row = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(told("1"), row("Second", "Ann", ""));
    assert_eq!(told("2"), row("Mine", "Me", "3"));
    assert_eq!(told("3"), row("Ask for consent first", "Merger", "3"));
    assert_eq!(told("4"), row("After", "Cy", "1"));
    assert_eq!(told("6"), row("Second", "Ann", "0"));
    assert_eq!((filled.commits, filled.messages, filled.authors, filled.counts, filled.unknown), (1, 4, 4, 4, 1));
    let (again, nothing) = repository.fill(changed.clone());
    assert_eq!((again.len(), nothing.messages, nothing.counts), (0, 0, 0));
}
