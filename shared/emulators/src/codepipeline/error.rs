//! Errors in the shape the SDKs read: a type, a sentence, a status.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The account everything here belongs to.
pub(super) const ACCOUNT: &str = "123456789012";

/// What a refused call gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct AwsError {
    pub status: u16,
    pub kind: &'static str,
    pub message: String,
}

impl AwsError {
    /// The caller's mistake, by the name AWS has for it.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            kind,
            message: message.into(),
        }
    }

    /// Something real CodePipeline does and this one does not. Never to be taken for AWS's answer.
    pub fn not_modelled(what: impl Into<String>) -> Self {
        Self {
            status: 501,
            kind: "NotModelledByTheStandIn",
            message: what.into(),
        }
    }

    pub fn no_pipeline(name: &str) -> Self {
        let why = format!(
            "The account with id '{ACCOUNT}' does not include a pipeline with the name '{name}'"
        );
        Self::new("PipelineNotFoundException", why)
    }
}

impl IntoResponse for AwsError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        answer(
            status,
            &json!({"__type": self.kind, "message": self.message}),
        )
    }
}

/// A JSON answer as both services give it.
pub(super) fn answer(status: StatusCode, body: &serde_json::Value) -> Response {
    let headers = [("content-type", "application/x-amz-json-1.1")];
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    (status, headers, body).into_response()
}
