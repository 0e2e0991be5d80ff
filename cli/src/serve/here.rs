//! Routes of what only one machine has: what steps printed, the documents of builds, the store's own
//! counters.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use greenroom_api::{Answer, Fault, OfApp, find, reply};
use greenroom_evidence::openapi::{OpenApi, page};
use serde_json::{Value, json};

use super::Local;

type App = State<Arc<Local>>;

/// They go under `/api/v1`.
pub fn routes() -> Router<Arc<Local>> {
    Router::new()
        .route("/stages/{stage}/docs", get(docs))
        .route("/runs/{stage}/{generation}/log", get(run_log))
        .route("/counters", get(counters))
}

async fn run_log(
    State(app): App,
    Path((stage, generation)): Path<(String, u64)>,
    Query(of): Query<OfApp>,
    headers: HeaderMap,
) -> Answer {
    let id = find(&app, &stage, of.app.as_deref()).await?;
    let run = app.run(&id, generation).await?;
    let steps = match &run.execution {
        Some(execution) => app
            .ports
            .pipelines
            .log(execution)
            .await
            .map_err(Fault::unavailable)?
            .unwrap_or_default(),
        None => Vec::new(),
    };
    let steps: Vec<Value> = steps
        .into_iter()
        .map(|step| json!({ "step": step.step, "text": step.text }))
        .collect();
    Ok(reply::cached(&headers, Value::Array(steps), None))
}

/// What the store has done since the process started: how many commits share an fsync.
async fn counters(State(app): App) -> Response {
    let counters = app.ports.store.counters();
    reply::json(&json!({ "store": {
        "commits": counters.commits,
        "groups": counters.groups,
        "fsyncs": counters.fsyncs,
    } }))
}

/// Nothing on the page may run or be fetched, whatever the document says.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// What stands on a stage, as its own API document tells it: a page that needs nothing from
/// elsewhere.
async fn docs(State(app): App, Path(stage): Path<String>, Query(of): Query<OfApp>) -> Answer {
    let id = find(&app, &stage, of.app.as_deref()).await?;
    let document = app.document(&id).await?;
    let bytes = app.ports.pipelines.document(&document.digest).await;
    let gone = || {
        Fault::not_found(
            "the document is not kept any more",
            "build the release again",
        )
    };
    let bytes = bytes.map_err(Fault::unavailable)?.ok_or_else(gone)?;
    let heading = format!("{} has {}", id.stage, document.revision.short());
    let drawing = move || OpenApi::read(&bytes).map(|api| page(&api, &heading));
    let drawn = tokio::task::spawn_blocking(drawing).await;
    let html = drawn
        .map_err(Fault::unavailable)?
        .map_err(Fault::unavailable)?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, html).into_response())
}
