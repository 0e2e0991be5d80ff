//! Pipelines that stand by themselves: what the stage file in force wants, and what was applied.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use greenroom_app::ports::Ports;
use greenroom_core::definition::Applied;
use serde::Deserialize;
use serde_json::json;

use crate::handlers::{Answer, Of, OfApp, answer, operator, parse};
use crate::reply;

pub(crate) async fn pipelines<P: Ports>(
    State(app): Of<P>,
    Query(of): Query<OfApp>,
    headers: HeaderMap,
) -> Answer {
    let of = app.find_app(of.app.as_deref()).await?;
    answer(&headers, &app.pipelines(of.id).await?)
}

pub(crate) async fn existing<P: Ports>(
    State(app): Of<P>,
    Query(of): Query<OfApp>,
    headers: HeaderMap,
) -> Answer {
    let of = app.find_app(of.app.as_deref()).await?;
    answer(&headers, &app.existing_pipelines(&of).await?)
}

/// What was deployed, as it is sent: all that stands now.
#[derive(Debug, Deserialize)]
pub(crate) struct AppliedAsked {
    /// How the person calls themselves.
    by: String,
    app: Option<String>,
    applied: Applied,
    /// What was applied when they began; something else by now is a conflict.
    seen: Option<Applied>,
}

pub(crate) async fn applied<P: Ports>(State(app): Of<P>, body: Bytes) -> Answer {
    let asked: AppliedAsked = parse(&body)?;
    let principal = operator(&asked.by)?;
    let of = app.find_app(asked.app.as_deref()).await?;
    app.apply_over(of.id, &principal, &asked.applied, asked.seen.as_ref())
        .await??;
    Ok(reply::json(&json!(app.pipelines(of.id).await?)))
}
