//! Carries a webhook's bytes to the door. A body that is announced or turns out too large is not
//! read to its end.
//!
//! It stands on the ports alone, so that a benchmark can serve the same route over a store in
//! memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use greenroom_app::App;
use greenroom_app::door::{Answer, BODY_MAX, Webhook};
use greenroom_app::ports::Ports;
use greenroom_github::Secrets;
use serde_json::json;

/// How long a body may take; GitHub itself gives up on a whole delivery after this.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the route needs.
#[derive(Debug)]
struct Door<P> {
    app: Arc<App<P>>,
    secrets: Option<Arc<Secrets>>,
}

impl<P> Clone for Door<P> {
    fn clone(&self) -> Self {
        Self {
            app: Arc::clone(&self.app),
            secrets: self.secrets.clone(),
        }
    }
}

/// The route; without `secrets` it refuses everything.
pub fn route<P: Ports>(app: Arc<App<P>>, secrets: Option<Arc<Secrets>>) -> Router {
    let door = Door { app, secrets };
    Router::new().route("/webhooks/github", post(receive::<P>).with_state(door))
}

async fn receive<P: Ports>(State(door): State<Door<P>>, request: Request) -> Response {
    let Some(secrets) = &door.secrets else {
        return answer(Answer {
            status: 503,
            body: json!({ "error": {
                "code": "no_secret",
                "message": "this server takes no webhooks: it has no webhook secret",
                "help": "start it with GREENROOM_WEBHOOK_SECRET; the poller finds branch heads meanwhile",
                "retryable": true,
            } }),
        });
    };
    let (parts, body) = request.into_parts();
    let announced = text(&parts.headers, header::CONTENT_LENGTH.as_str())
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_MAX) {
        return answer(Answer::too_large());
    }
    let reading = axum::body::to_bytes(Body::new(body), BODY_MAX);
    let body = match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return answer(Answer::too_large()),
        Err(_) => return answer(too_slow()),
    };
    let webhook = Webhook {
        content_type: text(&parts.headers, header::CONTENT_TYPE.as_str()),
        event: text(&parts.headers, "x-github-event"),
        delivery: text(&parts.headers, "x-github-delivery"),
        signature: parts
            .headers
            .get("x-hub-signature-256")
            .map(axum::http::HeaderValue::as_bytes),
        body: &body,
    };
    answer(door.app.webhook(&webhook, secrets).await)
}

fn too_slow() -> Answer {
    Answer {
        status: 408,
        body: json!({ "error": {
            "code": "too_slow",
            "message": format!("the body did not come within {} seconds", PATIENCE.as_secs()),
            "help": "send it again; GitHub's delivery log can redeliver it. Nothing was stored",
            "retryable": true,
        } }),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn answer(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(answer.body)).into_response()
}
