use super::{event, plain};
use crate::collect::{Headers, Item, Mapping, Provider, Reading, Rename, Rule, read};

fn row(app: &str, second: u32) -> String {
    format!(r#"{{"deployed_at":"2024-03-05T13:06:{second:02}Z","app":"{app}"}}"#)
}

fn generic(body: impl AsRef<[u8]>) -> Vec<Item> {
    plain(Provider::Generic, body)
}

/// The app of an event, `-` for what is none, with the place.
fn outline(items: &[Item]) -> Vec<String> {
    let app = |item: &Item| match &item.reading {
        Reading::Event(event) => event.deploy.app.clone().unwrap_or_default(),
        _ => "-".to_owned(),
    };
    items.iter().map(|item| format!("{} {}", item.place, app(item))).collect()
}

#[test]
fn one_object_an_array_and_lines_are_the_same_messages() {
    let (a, b) = (row("a", 1), row("b", 2));
    let pretty = a.replace(',', ",\n  ").replace('{', "{\n  ");
    for body in [
        format!("{a}\n{b}\n"),
        format!("{a}\r\n\r\n{b}"),
        format!("\u{feff}{a}\n{b}\n"),
        format!("[{a},{b}]"),
        format!("[\n{a},\n{b}\n]\n"),
        format!("[{a}]\n[{b}]\n"),
        format!("{a}{b}"),
        format!("{pretty}\n{}", b.replace(',', ",\n")),
        format!("[{pretty},{b}]"),
    ] {
        let apps: Vec<_> = generic(&body).iter().map(|item| event(item).deploy.app.clone().unwrap()).collect();
        assert_eq!(apps, ["a", "b"], "{body}");
    }
}

#[test]
fn what_is_broken_is_rejected_alone_with_its_place() {
    let (a, b) = (row("a", 1), row("b", 2));
    let lines = |body: String| outline(&generic(body));
    assert_eq!(lines(format!("{a}\n{{\"deployed_at\": \n{b}\n")), ["line 1 a", "line 2 -", "line 3 b"]);
    assert_eq!(lines(format!("{{\"deployed_at\": \n{a}\n{b}\n")), ["line 1 -", "line 2 a", "line 3 b"]);
    assert_eq!(
        lines(format!("oops\n{a}\n\n[{b},7]\n")),
        ["line 1 -", "line 2 a", "line 4, message 1 b", "line 4, message 2 -"]
    );
    assert_eq!(
        lines(format!("[{a}, 7, \"x,]\", null, {b}]")),
        ["message 1 a", "message 2 -", "message 3 -", "message 4 -", "message 5 b"]
    );
    assert_eq!(lines(format!("[{a},{{\"app\":")), ["message 1 a", "message 2 -"]);
}

#[test]
fn nothing_is_said_about_nothing() {
    for body in ["", "  \n\n", "[]"] {
        assert_eq!(generic(body)[0].reading, Reading::Rejected("there is nothing in it".to_owned()), "{body:?}");
    }
}

#[test]
fn depth_length_and_number_have_a_limit() {
    let rejected = |body: &[u8]| match &generic(body)[..] {
        [Item { reading: Reading::Rejected(reason), raw, .. }] => (reason.clone(), raw.len()),
        other => panic!("{} items", other.len()),
    };
    let deep = format!("{{\"a\":{}", "[".repeat(500_000));
    assert!(rejected(deep.as_bytes()).0.contains("more than 200,000 values"));
    let deep = format!("{{\"a\":{}", "[".repeat(5_000));
    assert!(rejected(deep.as_bytes()).0.contains("recursion limit"));
    let wide = format!("{{\"a\":[{}0]}}", "0,".repeat(300_000));
    assert!(rejected(wide.as_bytes()).0.contains("more than 200,000 values"));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(11 << 20));
    let (reason, kept) = rejected(long.as_bytes());
    assert!(reason.contains("longer than 10 MiB") && kept <= 64 << 10, "{reason} {kept}");
    let many = "{}\n".repeat(10_001);
    assert!(rejected(many.as_bytes()).0.contains("more than 10,000 messages"));
    let after = format!("{long}\n{}\n", row("a", 1));
    assert_eq!(outline(&generic(after)), ["message 1 -", "message 2 a"]);
}

#[test]
fn bytes_that_are_no_text_are_rejected_and_kept_readably() {
    let items = generic(b"{\"app\":\"\xff\"}\n");
    assert!(matches!(&items[0].reading, Reading::Rejected(reason) if reason.contains("no JSON")));
    assert_eq!(items[0].raw, "{\"app\":\"\u{fffd}\"}");
}

#[test]
fn the_reason_names_the_place_in_the_message() {
    let reason = |provider: Provider, body: &str| match &plain(provider, body)[0].reading {
        Reading::Rejected(reason) => reason.clone(),
        other => panic!("{other:?}"),
    };
    let build = |rest: &str| reason(Provider::CloudBuild, &format!("{{\"status\":\"SUCCESS\"{rest}}}"));
    assert_eq!(build(",\"finishTime\":\"2024-03-05T13:06:41Z\""), "/id: missing, and a deployment needs its id");
    assert!(build(",\"id\":\"a\"").starts_with("/finishTime, nor /startTime, nor /createTime: missing"));
    assert_eq!(build(",\"id\":\"a\",\"finishTime\":\"soon\""), "/finishTime: \"soon\" is not a time");
    assert!(build(",\"id\":\"a\",\"finishTime\":\"9999-01-01T00:00:00Z\"").contains("is not a time"));
    let push = r#"{"message":{"data":"SGVsbG8=","messageId":"1"},"subscription":"s"}"#;
    assert_eq!(reason(Provider::CloudBuild, push), "/message/data: it is no JSON: expected value at line 1 column 1");
    let push = r#"{"message":{"data":"eyJpZCI6IDF9","messageId":"1"},"subscription":"s"}"#;
    assert!(reason(Provider::CloudBuild, push).starts_with("in /message/data: /status: missing"));
    let push = r#"{"message":{"data":"*","message_id":"1"},"subscription":"s"}"#;
    assert_eq!(reason(Provider::CloudBuild, push), "/message/data: it is neither base64 nor JSON");
    let delivery = r#"{"guid":"g","event":"push","delivered_at":"x","request":false}"#;
    assert!(reason(Provider::Github, delivery).starts_with("/request/payload: missing"));
    assert!(reason(Provider::Auto, "{\"a\":1}").contains("no message of a known provider"));
    assert!(
        reason(Provider::Gitlab, "{\"object_kind\":\"deployment\",\"status\":\"odd\"}").contains("/status: \"odd\"")
    );
}

#[test]
fn headers_tell_what_a_body_does_not() {
    let headers: Headers = [("X-GitHub-Event", "push")].into_iter().collect();
    let items = read(Provider::Auto, b"{\"ref\":\"refs/heads/main\"}", &headers, &Mapping::default());
    assert_eq!(items[0].reading, Reading::Ignored("an event that is no deployment".to_owned()));
    assert_eq!(items[0].provider, Provider::Github);
    assert_eq!(format!("{headers:?}"), r#"{"x-github-event"}"#);

    let context = [
        ("ce-specversion", "1.0"),
        ("ce-id", "e-1"),
        ("ce-source", "/ci"),
        ("ce-type", "dev.cdevents.service.deployed.0.3.0"),
        ("ce-time", "2024-03-05T13:06:40Z"),
    ];
    let headers: Headers = context.into_iter().collect();
    let body = br#"{"subject":{"id":"web","content":{"environment":{"id":"production"}}}}"#;
    let items = read(Provider::Cdevents, body, &headers, &Mapping::default());
    assert_eq!(event(&items[0]).deploy.id.as_deref(), Some("e-1"));
    // What is kept can be read again without the headers.
    assert_eq!(plain(Provider::Cdevents, &items[0].raw)[0].reading, items[0].reading);
}

#[test]
fn the_first_rule_that_fits_names_the_app() {
    let glob = |text: &str| glob::Pattern::new(text).unwrap();
    let mapping = Mapping {
        environments: vec![Rename { from: glob("prod-*"), to: "production".to_owned() }],
        rules: vec![
            Rule { workflow: vec![glob("*test*")], ignore: true, line: 3, ..Rule::default() },
            Rule {
                repo: vec![glob("acme/web*"), glob("acme/site")],
                environment: vec![glob("production")],
                app: Some("web".to_owned()),
                ..Rule::default()
            },
            Rule { repo: vec![glob("acme/*")], app: Some("other".to_owned()), ..Rule::default() },
        ],
        ..Mapping::default()
    };
    let one = |rest: &str| {
        let body = format!(r#"{{"deployed_at":"2024-03-05T13:06:40Z","app":"x",{rest}}}"#);
        read(Provider::Generic, body.as_bytes(), &Headers::none(), &mapping).remove(0)
    };
    let named = |rest: &str| {
        let item = one(rest);
        let deploy = &event(&item).deploy;
        (deploy.app.clone().unwrap(), deploy.environment.clone().unwrap_or_default())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(named(r#""repo":"Acme/Website","environment":"PROD-eu""#), pair("web", "production"));
    assert_eq!(named(r#""repo":"acme/site","environment":"staging""#), pair("other", "staging"));
    assert_eq!(named(r#""repo":"else/site","environment":"prod""#), pair("x", "prod"));
    let run = r#"{"action":"completed","workflow":{"name":"Unit tests"},"workflow_run":{"id":1,"conclusion":"success","updated_at":"2024-03-05T13:06:40Z"},"repository":{}}"#;
    let item = read(Provider::Github, run.as_bytes(), &Headers::none(), &mapping).remove(0);
    assert_eq!(item.reading, Reading::Ignored("by the rule in line 3 of the configuration".to_owned()));
}

#[test]
fn the_latest_state_counts_and_loses_nothing() {
    use crate::collect::Kept;
    let state = |second: u32, rest: &str| {
        let body = format!(r#"{{"id":"1","deployed_at":"2024-03-05T13:06:{second:02}Z","app":"web"{rest}}}"#);
        event(&generic(body)[0]).clone()
    };
    let (failed, went_out) =
        (state(1, r#","status":"failed","message":"Ask first""#), state(2, r#","status":"success""#));
    let (first, kept) = failed.clone().onto(None);
    assert_eq!(kept, Kept::New);
    let (both, kept) = went_out.clone().onto(Some(&first));
    assert_eq!(
        (kept, both.deploy.status.as_deref(), both.deploy.message.as_deref()),
        (Kept::Updated, Some("success"), Some("Ask first"))
    );
    for again in [failed, went_out] {
        assert_eq!(again.onto(Some(&both)), (both.clone(), Kept::Unchanged));
    }
}
