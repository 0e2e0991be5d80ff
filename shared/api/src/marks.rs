//! What people say of releases, and which of them can be selected.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use greenroom_app::App;
use greenroom_app::ports::Ports;
use greenroom_core::mark::Saying;
use serde::Deserialize;
use serde_json::json;

use crate::handlers::{Answer, Of, answer, operator, parse};
use crate::reply;

/// A mark as it is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct MarkAsked {
    /// How the person calls themselves.
    by: String,
    app: Option<String>,
    /// A branch, a tag, or a commit or its beginning.
    release: String,
    mark: String,
    note: Option<String>,
}

pub(crate) async fn give<P: Ports>(State(app): Of<P>, body: Bytes) -> Answer {
    let asked: MarkAsked = parse(&body)?;
    let saying = Saying::Mark {
        mark: asked.mark.clone(),
        note: asked.note.clone(),
    };
    say(&app, &asked, &saying).await
}

pub(crate) async fn take<P: Ports>(State(app): Of<P>, body: Bytes) -> Answer {
    let asked: MarkAsked = parse(&body)?;
    let saying = Saying::Unmark {
        mark: asked.mark.clone(),
    };
    say(&app, &asked, &saying).await
}

async fn say<P: Ports>(app: &App<P>, asked: &MarkAsked, saying: &Saying) -> Answer {
    let principal = operator(&asked.by)?;
    let of = app.find_app(asked.app.as_deref()).await?;
    let marked = app
        .mark(of.id, &asked.release, &principal, saying)
        .await??;
    Ok(reply::json(&json!(marked)))
}

/// `?app=&branch=`
#[derive(Debug, Deserialize)]
pub(crate) struct OfBranch {
    app: Option<String>,
    branch: Option<String>,
}

pub(crate) async fn selectable<P: Ports>(
    State(app): Of<P>,
    Query(asked): Query<OfBranch>,
    headers: HeaderMap,
) -> Answer {
    let of = app.find_app(asked.app.as_deref()).await?;
    let all = app.selectable(of.id, asked.branch.as_deref()).await?;
    answer(&headers, &all)
}
