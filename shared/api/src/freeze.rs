//! What keeps stages closed without a lock: windows of the stage file, and a pause of everything.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use greenroom_app::ports::Ports;
use greenroom_core::pause::PauseCommand;
use serde::Deserialize;
use serde_json::json;

use crate::fault::Fault;
use crate::handlers::{Answer, Of, answer, find, operator, parse};
use crate::reply;

/// A pause or its end, as it is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct PauseAsked {
    by: String,
    app: Option<String>,
    /// Every app, asked for by this and by nothing else.
    #[serde(default)]
    all: bool,
    command: PauseCommand,
}

pub(crate) async fn pause<P: Ports>(State(app): Of<P>, body: Bytes) -> Answer {
    let asked: PauseAsked = parse(&body)?;
    let principal = operator(&asked.by)?;
    let paused = if asked.all {
        if asked.app.is_some() {
            return Err(Fault::invalid(
                "`app` and `all` are two wishes",
                "give one of them",
            ));
        }
        app.pause_all(&principal, &asked.command).await??
    } else {
        let of = app.find_app(asked.app.as_deref()).await?;
        vec![app.pause(of.id, &principal, &asked.command).await??]
    };
    Ok(reply::json(&json!({ "apps": paused })))
}

/// `?app=&stage=`
#[derive(Debug, Deserialize)]
pub(crate) struct FreezeAsked {
    app: Option<String>,
    stage: Option<String>,
}

pub(crate) async fn freeze<P: Ports>(
    State(app): Of<P>,
    Query(asked): Query<FreezeAsked>,
    headers: HeaderMap,
) -> Answer {
    let of = asked.app.as_deref();
    let stages = match &asked.stage {
        Some(stage) => {
            app.freeze(None, Some(&find(&app, stage, of).await?))
                .await?
        }
        None => {
            let only = match of {
                Some(name) => Some(app.find_app(Some(name)).await?),
                None => None,
            };
            app.freeze(only.as_ref(), None).await?
        }
    };
    answer(
        &headers,
        &json!({ "schema": "freeze/v1", "stages": stages }),
    )
}
