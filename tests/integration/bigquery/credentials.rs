//! Who is asking.

use serde_json::json;

use super::service::{Reply, Service};
use crate::world::{Run, World};

const REFRESH: &str = "1//refresh-token-that-is-secret";

fn run(service: &Service, world: &World, further: &[(&str, &str)]) -> Run {
    let endpoint = format!("http://{}", service.host);
    let home = world.path("home").display().to_string();
    let mut variables = vec![
        ("SHIPTRACE_BIGQUERY_ENDPOINT", endpoint.as_str()),
        ("HOME", home.as_str()),
        ("NO_GCE_CHECK", "true"),
        ("GOOGLE_APPLICATION_CREDENTIALS", ""),
        ("CLOUDSDK_CONFIG", ""),
        ("GOOGLE_CLOUD_PROJECT", ""),
    ];
    variables.extend(further);
    world.run_with(&[&Service::WHY[..], &["--no-cache", "--timeout", "5s"]].concat(), b"", &variables)
}

/// A world with the login of a person whose tokens come from the service.
fn with_login(service: &Service) -> World {
    let login = json!({"type": "authorized_user", "client_id": "c", "client_secret": "client-secret-x", "refresh_token": REFRESH,
        "token_uri": format!("http://{}/token", service.host), "quota_project_id": "billing-project"});
    let world = World::with_a_fall();
    std::fs::create_dir_all(world.path("home/.config/gcloud")).unwrap();
    world.file("home/.config/gcloud/application_default_credentials.json", login.to_string())
}

#[test]
fn without_credentials_it_is_said_where_they_were_looked_for() {
    let service = Service::good();
    let run = run(&service, &World::with_a_fall(), &[]);
    assert_eq!(run.code, 3, "{}", run.err);
    for part in
        ["no Google credentials", "application_default_credentials.json", "gcloud auth application-default login"]
    {
        assert!(run.err.contains(part), "{part} is not in {}", run.err);
    }
}

#[test]
fn a_login_is_changed_for_a_token_once() {
    let service = Service::new(|request, _| {
        (request.kind() == "token").then(|| Reply::Json(200, json!({"access_token": "ya29.abc", "expires_in": 3600})))
    });
    let world = with_login(&service);
    assert!(run(&service, &world, &[]).json()["change"].is_object());
    assert_eq!(service.asked("token").len(), 1);
    let form = service.asked("token").remove(0).body.as_str().unwrap().to_owned();
    assert!(form.contains("grant_type=refresh_token&client_id=c"), "{form}");
    assert!(service.asked("insert")[0].path.contains("/projects/billing-project/jobs"));
}

#[test]
fn a_token_that_is_refused_is_renewed_once() {
    let service = Service::new(|request, before| match request.kind() {
        "token" => Some(Reply::Json(200, json!({"access_token": format!("ya29.{before}"), "expires_in": 3600}))),
        "table" if before == 0 => Some(super::refusal(401, "authError", "Invalid Credentials")),
        _ => None,
    });
    let world = with_login(&service);
    assert!(run(&service, &world, &[]).json()["change"].is_object());
    assert_eq!(service.asked("token").len(), 2);
}

#[test]
fn expired_credentials_are_told_without_a_secret() {
    let service = Service::new(|request, _| {
        let said = format!("Token {REFRESH} has been expired or revoked.");
        let body = json!({"error": "invalid_grant", "error_description": said});
        (request.kind() == "token").then(|| Reply::Json(400, body))
    });
    let run = run(&service, &with_login(&service), &[]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("expired or revoked") && run.err.contains("gcloud auth"), "{}", run.err);
    assert!(!run.err.contains(REFRESH) && !run.err.contains("client-secret-x"), "{}", run.err);
}

#[test]
fn a_file_of_credentials_that_is_broken_is_named_and_not_shown() {
    let service = Service::good();
    let told = |content: &str| {
        let world = World::with_a_fall().file("key.json", content);
        let path = world.path("key.json").display().to_string();
        let run = run(&service, &world, &[("GOOGLE_APPLICATION_CREDENTIALS", &path)]);
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(
            run.err.contains("key.json, named by GOOGLE_APPLICATION_CREDENTIALS") && !run.err.contains("hidden"),
            "{}",
            run.err
        );
        run.err
    };
    assert!(told("hidden").contains("not JSON"));
    assert!(told(r#"{"type": "service_account", "private_key": "hidden"}"#).contains("need `client_email`"));
    let key = r#"{"type": "service_account", "client_email": "a@b", "private_key": "hidden"}"#;
    assert!(told(key).contains("private_key is not an RSA key"));
    assert!(told(r#"{"type": "authorized_user", "client_id": "c", "client_secret": "hidden", "refresh_token": "hidden", "token_uri": "http://example.com/"}"#)
        .contains("not HTTPS"));
}
