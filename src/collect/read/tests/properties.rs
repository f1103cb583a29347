//! Whatever comes in, reading it neither panics nor loses a message. `PROPTEST_CASES` sets how many cases are tried.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{files, repository};
use crate::collect::{Headers, Mapping, Pick, Provider, Reading, read};

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("status".to_owned()),
        Just("id".to_owned()),
        Just("message".to_owned()),
        Just("data".to_owned()),
        Just("workflow_run".to_owned()),
        Just("deployment".to_owned()),
        Just("context".to_owned()),
        Just("app".to_owned()),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("2024-03-05T13:06:40Z")),
        Just(json!("-262143-01-01T00:00:00Z")),
        Just(json!(i64::MAX)),
        Just(json!("success")),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// The places of a message, as pointers.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| {
            places(inner, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), into);
        }),
        Value::Array(all) => all.iter().enumerate().for_each(|(i, inner)| places(inner, &format!("{at}/{i}"), into)),
        _ => {}
    }
}

/// A real message of a provider, with parts of it replaced by anything.
fn mutated(provider: Provider) -> impl Strategy<Value = Vec<u8>> {
    let of_it = |(folder, _, body): (String, String, Vec<u8>)| (folder == provider.name()).then_some(body);
    let real: Vec<Vec<u8>> = files(&repository().join("tests/payloads")).into_iter().filter_map(of_it).collect();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any_json()), 0..4);
    (prop::sample::select(real), changes).prop_map(|(body, changes)| {
        let Ok(mut value) = serde_json::from_slice::<Value>(&body) else { return body };
        for (which, new) in changes {
            let mut all = Vec::new();
            places(&value, "", &mut all);
            if let Some(place) = value.pointer_mut(&all[which.index(all.len())]) {
                *place = new;
            }
        }
        value.to_string().into_bytes()
    })
}

/// A message cut off, or with bytes that were changed on the way.
fn damaged(provider: Provider) -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (mutated(provider), bytes, any::<prop::sample::Index>()).prop_map(|(mut body, changes, end)| {
        for (at, byte) in changes {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = byte;
            }
        }
        body.truncate(end.index(body.len() + 1));
        body
    })
}

fn nested() -> impl Strategy<Value = Vec<u8>> {
    (prop_oneof![Just("["), Just("{\"a\":"), Just("{\"message\":{\"data\":"), Just("[{\"data\":[")], 0..4000_usize)
        .prop_map(|(open, depth)| open.repeat(depth).into_bytes())
}

fn bodies(provider: Provider) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        5 => mutated(provider),
        2 => damaged(provider),
        2 => any_json().prop_map(|value| value.to_string().into_bytes()),
        2 => prop::collection::vec(any::<u8>(), 0..200),
        1 => nested(),
    ]
}

fn headers() -> impl Strategy<Value = Headers> {
    let name = prop::sample::select(vec![
        "x-github-event",
        "ce-type",
        "ce-time",
        "ce-id",
        "x-gitlab-event",
        "x-vercel-signature",
    ]);
    let value =
        prop_oneof![Just("release".to_owned()), Just("dev.cdevents.service.deployed.0.1.0".to_owned()), ".{0,10}"];
    prop::collection::vec((name, value), 0..3).prop_map(|all| all.into_iter().collect())
}

fn mapping() -> Mapping {
    let mut mapping = Mapping::default();
    mapping.generic.fields = vec![
        (
            "deployed_at".to_owned(),
            vec![Pick::Pointer("/build/timestamp".to_owned()), Pick::Pointer("/deployed_at".to_owned())],
        ),
        ("odd".to_owned(), vec![Pick::Pointer("/~2//".to_owned())]),
    ];
    mapping
}

fn holds(provider: Provider, body: &[u8], headers: &Headers) -> Result<(), TestCaseError> {
    let mapping = mapping();
    let items = read(provider, body, headers, &mapping);
    prop_assert!(!items.is_empty());
    for item in items {
        match &item.reading {
            Reading::Event(event) => {
                prop_assert!(event.deploy.id.is_some() && event.deploy.source.is_some());
                let again = read(item.provider, item.raw.as_bytes(), &Headers::none(), &mapping);
                // A name of an event in a header is not kept: its messages tell themselves apart.
                if headers == &Headers::none() {
                    prop_assert_eq!(&again[0].reading, &item.reading);
                }
            }
            Reading::Ignored(reason) | Reading::Rejected(reason) => {
                prop_assert!(!reason.is_empty() && reason.len() < 2000);
            }
        }
    }
    Ok(())
}

macro_rules! never_panics {
    ($($name:ident: $provider:expr,)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]
            $(
                #[test]
                fn $name(body in bodies($provider), headers in prop_oneof![Just(Headers::none()), headers()]) {
                    holds($provider, &body, &headers)?;
                }
            )*
        }
    };
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

never_panics! {
    any_message_of_cloud_build_is_read: Provider::CloudBuild,
    any_message_of_github_is_read: Provider::Github,
    any_message_of_gitlab_is_read: Provider::Gitlab,
    any_message_of_circleci_is_read: Provider::Circleci,
    any_message_of_azure_devops_is_read: Provider::AzureDevops,
    any_message_of_argocd_is_read: Provider::Argocd,
    any_message_of_cdevents_is_read: Provider::Cdevents,
    any_message_of_vercel_is_read: Provider::Vercel,
    any_message_of_netlify_is_read: Provider::Netlify,
    any_message_of_a_generic_sender_is_read: Provider::Generic,
}

#[test]
fn any_message_is_told_apart() {
    let strategy = prop::strategy::Union::new(Provider::ALL[..10].iter().map(|provider| bodies(*provider).boxed()));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases())
    });
    runner.run(&strategy, |body| holds(Provider::Auto, &body, &Headers::none())).unwrap();
}
