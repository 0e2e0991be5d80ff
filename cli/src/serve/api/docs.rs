//! What stands on a stage, as its own API document tells it: a page that needs nothing from elsewhere.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use greenroom_evidence::openapi::{OpenApi, page};

use super::{Answer, App, Fault, OfApp, find};

/// Nothing on the page may run or be fetched, whatever the document says.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub async fn docs(State(app): App, Path(stage): Path<String>, Query(of): Query<OfApp>) -> Answer {
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
