//! Where a commit is, and how two stages differ.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use greenroom_app::Error;
use greenroom_app::ports::Ports;
use serde::Deserialize;

use crate::fault::Fault;
use crate::handlers::{Answer, Of, answer, find};

/// `?release=&app=`
#[derive(Debug, Deserialize)]
pub(crate) struct OfRelease {
    /// A branch, a tag, or a commit or its beginning.
    release: String,
    app: Option<String>,
}

/// In every app that knows of it, unless one was named.
pub(crate) async fn journey<P: Ports>(
    State(app): Of<P>,
    Query(asked): Query<OfRelease>,
    headers: HeaderMap,
) -> Answer {
    let apps = match &asked.app {
        Some(name) => vec![app.find_app(Some(name)).await?],
        None => app.apps().await?,
    };
    let mut ways = Vec::new();
    let mut nowhere = None;
    for of in &apps {
        match app.journey(of, &asked.release).await {
            Ok(way) => ways.push(way),
            Err(error @ Error::NotFound { .. }) => nowhere = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    match nowhere.filter(|_| ways.is_empty()) {
        Some(error) => Err(error.into()),
        None => answer(&headers, &ways),
    }
}

/// `?from=&to=&app=`
#[derive(Debug, Deserialize)]
pub(crate) struct OfTwo {
    from: String,
    to: String,
    app: Option<String>,
}

pub(crate) async fn diff<P: Ports>(
    State(app): Of<P>,
    Query(asked): Query<OfTwo>,
    headers: HeaderMap,
) -> Answer {
    let of = asked.app.as_deref();
    let from = find(&app, &asked.from, of).await?;
    let to = find(&app, &asked.to, of).await?;
    if from == to {
        return Err(Fault::invalid(
            &format!("{} is compared with itself", from.stage),
            "name two stages",
        ));
    }
    answer(&headers, &app.difference(&from, &to).await?)
}
