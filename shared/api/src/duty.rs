//! Who is on duty.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use greenroom_app::ports::Ports;
use serde::Deserialize;
use serde_json::json;

use crate::handlers::{Answer, Of, answer};

/// `?app=`
#[derive(Debug, Deserialize)]
pub(crate) struct DutyAsked {
    app: Option<String>,
}

pub(crate) async fn duty<P: Ports>(
    State(app): Of<P>,
    Query(asked): Query<DutyAsked>,
    headers: HeaderMap,
) -> Answer {
    let only = match asked.app.as_deref() {
        Some(name) => Some(app.find_app(Some(name)).await?),
        None => None,
    };
    let rotas = app.duty(only.as_ref()).await?;
    answer(&headers, &json!({ "schema": "duty/v1", "rotas": rotas }))
}
