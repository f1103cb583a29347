use std::fmt::Write as _;
use std::path::Path;

use super::{files, plain, repository, told};
use crate::collect::{Headers, Item, Mapping, Pick, Provider, Reading, read};

/// What the Jenkins message of the tests needs.
fn jenkins() -> Mapping {
    let pointer = |at: &str| vec![Pick::Pointer(at.to_owned())];
    let fields = [
        ("id", pointer("/build/full_url")),
        ("deployed_at", pointer("/build/timestamp")),
        ("app", pointer("/name")),
        ("environment", vec![Pick::Fixed("production".to_owned())]),
        ("status", pointer("/build/status")),
        ("commit", pointer("/build/scm/commit")),
        ("number", pointer("/build/number")),
    ];
    let mut mapping = Mapping::default();
    mapping.generic.source = "jenkins".to_owned();
    mapping.generic.fields = fields.into_iter().map(|(name, picks)| (name.to_owned(), picks)).collect();
    mapping
}

fn read_file(provider: Provider, file: &str, body: &[u8]) -> Vec<Item> {
    let mapping = if file == "jenkins.json" { jenkins() } else { Mapping::default() };
    read(provider, body, &Headers::none(), &mapping)
}

#[test]
fn every_message_becomes_the_right_event() {
    let mut all = String::new();
    for (provider, file, body) in files(&repository().join("tests/payloads")) {
        let _ = writeln!(all, "{provider}/{file}");
        for item in read_file(provider.parse().unwrap(), &file, &body) {
            all += &told(&item);
        }
    }
    insta::assert_snapshot!("payloads", all);
}

#[test]
fn auto_recognises_every_message() {
    for (provider, file, body) in files(&repository().join("tests/payloads")) {
        let named = read_file(provider.parse().unwrap(), &file, &body);
        assert_eq!(read_file(Provider::Auto, &file, &body), named, "{provider}/{file}");
    }
}

#[test]
fn a_message_that_was_kept_reads_the_same_again() {
    for (provider, file, body) in files(&repository().join("tests/payloads")) {
        for item in read_file(provider.parse().unwrap(), &file, &body) {
            let again = read_file(item.provider, &file, item.raw.as_bytes());
            assert_eq!(again.len(), 1, "{provider}/{file}");
            assert_eq!(again[0].reading, item.reading, "{provider}/{file}");
        }
    }
}

#[test]
fn a_deployment_that_is_told_twice_is_one() {
    let file = |name: &str| std::fs::read(repository().join("tests/payloads/cloud-build").join(name)).unwrap();
    let [once, pushed, pulled] =
        ["build.json", "push.json", "pulled.json"].map(|name| plain(Provider::CloudBuild, file(name)));
    assert_eq!(once[0].reading, pushed[0].reading);
    assert_eq!(once[0].reading, pulled[0].reading);
}

/// Real messages, where somebody has a folder of them: `PROVIDER/FILE`, with `pubsub` for messages in an envelope.
#[test]
fn a_folder_of_real_messages_is_read() {
    let Some(folder) = std::env::var_os("SHIPTRACE_PAYLOADS") else { return };
    let (mut events, mut others) = (0, 0);
    for (provider, file, body) in files(folder.as_ref())
        .into_iter()
        .filter(|(_, file, _)| Path::new(file).extension().is_some_and(|ending| ending == "json"))
    {
        let provider = provider.parse().unwrap_or(Provider::CloudBuild);
        for item in plain(provider, &body) {
            println!("{provider}/{file}\n{}", told(&item));
            *if matches!(item.reading, Reading::Event(_)) { &mut events } else { &mut others } += 1;
        }
    }
    println!("{events} events, {others} others");
    assert!(events > 0);
}
