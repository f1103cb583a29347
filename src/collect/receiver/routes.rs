//! Which path does what.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::super::Provider;
use super::answer::{Answer, Told};
use super::request;
use super::shared::Shared;

/// The paths, each written out: no part of a path is decoded or taken for a name.
pub(super) fn router(shared: &Arc<Shared>) -> Router {
    let mut router = Router::new().route("/healthz", get(health)).route("/metrics", get(metrics));
    for provider in shared.verifiers.keys().copied() {
        let take = move |State(shared): State<Arc<Shared>>, request: Request| async move {
            request::take(&shared, provider, request).await
        };
        router = router.route(&path(provider), post(take));
    }
    router
        .fallback(|| async { Answer::refused(404, "no_such_path", "there is nothing here") })
        .layer(middleware::from_fn_with_state(Arc::clone(shared), observed))
        .with_state(Arc::clone(shared))
}

fn path(provider: Provider) -> String {
    format!("/v1/{provider}")
}

/// Counts and logs a request. Of what the sender wrote only the name of a provider is told.
async fn observed(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let provider = provider_of(request.uri(), &shared);
    let own = matches!(request.uri().path(), "/healthz" | "/metrics");
    let response = next.run(request).await;
    let status = response.status();
    let took = began.elapsed();
    let mut told = response.extensions().get::<Told>().cloned().unwrap_or_default();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        told = Told { refused: Some("method"), text: "method".to_owned() };
    }
    // Probes of a load balancer would drown what matters.
    if own && status == StatusCode::OK {
        return response;
    }
    shared.metrics.answered(provider, status.as_u16(), took);
    if let Some(reason) = told.refused {
        shared.metrics.refused(provider, reason);
    }
    let name = provider.map_or("-", Provider::name);
    let ms = took.as_secs_f64() * 1e3;
    shared.log.request(&format!("{name} {} {} {ms:.1}ms", status.as_u16(), told.text));
    response
}

fn provider_of(uri: &Uri, shared: &Shared) -> Option<Provider> {
    shared.verifiers.keys().copied().find(|provider| path(*provider) == uri.path())
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let healthy = tokio::task::spawn_blocking(move || shared.is_healthy()).await.unwrap_or(false);
    if healthy {
        return "ok\n".into_response();
    }
    Answer::refused(503, "store_failed", "the store cannot be read").into_response()
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let text = tokio::task::spawn_blocking(move || shared.metrics.text(shared.gauges())).await.unwrap_or_default();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
