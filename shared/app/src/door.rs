//! The webhook's door: size, content type, signature, then parse, then the durable inbox. The
//! HTTP server around it only carries bytes, so that a Lambda around it is as thin.

use greenroom_core::name::DeliveryId;
use greenroom_github::{Matched, Normalised, Secrets, normalise, verify};
use serde_json::{Value, json};

use crate::App;
use crate::inbox::Received;
use crate::ports::Ports;
use crate::records::DeliveryStatus;

/// GitHub sends nothing larger; a larger body is refused before it is read.
pub const BODY_MAX: usize = 25 * 1024 * 1024;
/// Longest id of a delivery; GitHub's have 36 characters.
const DELIVERY_MAX: usize = 100;

/// What of a request matters.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// `X-GitHub-Event`
    pub event: Option<&'a str>,
    /// `X-GitHub-Delivery`
    pub delivery: Option<&'a str>,
    /// `X-Hub-Signature-256`
    pub signature: Option<&'a [u8]>,
    pub body: &'a [u8],
}

/// What is answered.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    fn error(status: u16, code: &str, message: impl Into<String>, help: &str) -> Self {
        let retryable = status >= 500;
        Self {
            status,
            body: json!({ "error": { "code": code, "message": message.into(), "help": help, "retryable": retryable } }),
        }
    }

    /// For a body that was not read because it is too large.
    pub fn too_large() -> Self {
        Self::error(
            413,
            "too_large",
            format!("the body has more than {BODY_MAX} bytes"),
            "GitHub itself sends no more; nothing was stored",
        )
    }
}

impl<P: Ports> App<P> {
    /// Takes a webhook in. A 2xx answer means that it is durable, or that there is nothing to keep.
    pub async fn webhook(&self, request: &Webhook<'_>, secrets: &Secrets) -> Answer {
        match self.check(request, secrets) {
            Err(answer) => answer,
            Ok((id, Normalised::Event(event))) => match self.receive(&id, event, false).await {
                Ok(received) => accepted(&id, &received),
                Err(error) => {
                    tracing::error!(delivery.id = %id, error = %chain(&error), "a webhook could not be stored");
                    Answer::error(
                        503,
                        "unavailable",
                        "the webhook could not be stored",
                        "GitHub's delivery log can redeliver it; the poller finds the branch head anyway",
                    )
                }
            },
            Ok((_, Normalised::Ping { zen, hook_id, .. })) => Answer {
                status: 200,
                body: json!({ "status": "pong", "hook_id": hook_id, "zen": zen }),
            },
            Ok((id, Normalised::Ignored { why })) => Answer {
                status: 202,
                body: json!({ "delivery": id, "status": "ignored", "why": why }),
            },
        }
    }

    fn check(
        &self,
        request: &Webhook<'_>,
        secrets: &Secrets,
    ) -> Result<(DeliveryId, Normalised), Answer> {
        if request.body.len() > BODY_MAX {
            return Err(Answer::too_large());
        }
        let media = request
            .content_type
            .and_then(|value| value.split(';').next())
            .map(str::trim);
        if !media.is_some_and(|media| media.eq_ignore_ascii_case("application/json")) {
            let got = media.unwrap_or("nothing");
            let why = format!(
                "the content type must be application/json, not {}",
                got.escape_debug()
            );
            return Err(Answer::error(
                415,
                "not_json",
                why,
                "set the webhook's content type to application/json in its settings on GitHub",
            ));
        }
        let matched = verify(request.signature, request.body, secrets).map_err(|error| {
            Answer::error(
                401,
                "bad_signature",
                error.to_string(),
                "the webhook's secret on GitHub and GREENROOM_WEBHOOK_SECRET must be the same",
            )
        })?;
        if matched == Matched::Previous {
            tracing::info!(
                delivery.id = request.delivery,
                "a webhook is signed with the previous secret: its rotation is not over"
            );
        }
        let event = request
            .event
            .ok_or_else(|| bad("the header X-GitHub-Event is missing"))?;
        let delivery = request
            .delivery
            .ok_or_else(|| bad("the header X-GitHub-Delivery is missing"))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if delivery.is_empty() || delivery.len() > DELIVERY_MAX || !delivery.bytes().all(plain) {
            return Err(bad("the header X-GitHub-Delivery is not an id"));
        }
        let normalised = normalise(event, request.body).map_err(|error| bad(&error.to_string()))?;
        Ok((DeliveryId::new(delivery), normalised))
    }
}

fn bad(why: &str) -> Answer {
    Answer::error(
        400,
        "bad_payload",
        why,
        "it must be a webhook as GitHub sends it; nothing was stored",
    )
}

fn accepted(id: &DeliveryId, received: &Received) -> Answer {
    let (status, again) = match received {
        Received::New => ("received", false),
        Received::Again(DeliveryStatus::Received) => ("received", true),
        Received::Again(DeliveryStatus::Decided { .. }) => ("decided", true),
        Received::Again(DeliveryStatus::Ignored { .. }) => ("ignored", true),
        Received::Again(DeliveryStatus::Parked { .. }) => ("parked", true),
    };
    Answer {
        status: 202,
        body: json!({ "delivery": id, "status": status, "again": again }),
    }
}

/// An error with everything that caused it, for a log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
