//! Errors as the API answers them: `{"error": {"code", "message", "help", "retryable"}}`.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use greenroom_app::Error;
use greenroom_app::door::chain;
use greenroom_core::accept::{Rejection, RejectionKind};
use serde_json::json;

/// An error on its way to a client.
#[derive(Debug)]
pub struct Fault {
    status: StatusCode,
    code: &'static str,
    message: String,
    help: String,
    retryable: bool,
}

impl Fault {
    fn new(status: StatusCode, code: &'static str, message: &str, help: &str) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
            help: help.to_owned(),
            retryable: false,
        }
    }
    /// 400: the request makes no sense.
    pub fn invalid(message: &str, help: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message, help)
    }
    /// 404: it does not exist.
    pub fn not_found(message: &str, help: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message, help)
    }
    /// 503: the same again may work soon.
    pub fn unavailable(error: impl std::error::Error) -> Self {
        Self {
            retryable: true,
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                &chain(&error),
                "try again in a moment",
            )
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match &error {
            Error::NotFound { help, .. } => Self::not_found(&error.to_string(), help),
            Error::Invalid { help, .. } | Error::Unreadable { help, .. } => Self::invalid(&error.to_string(), help),
            Error::Contended { .. } => Self {
                retryable: true,
                ..Self::new(
                    StatusCode::CONFLICT,
                    "conflict",
                    &error.to_string(),
                    "try again",
                )
            },
            Error::Store(_) => Self {
                help: "nothing was stored; see that the disk of the server's data folder has room and takes writes, and try again".to_owned(),
                ..Self::unavailable(error)
            },
            Error::Unavailable { .. } => Self::unavailable(error),
            Error::Corrupt { .. } => {
                tracing::error!(error = %chain(&error), "a record cannot be read");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "corrupt",
                    &chain(&error),
                    "`greenroom doctor` looks for damage; restore the data folder from a backup",
                )
            }
        }
    }
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        let (status, code) = match rejection.kind {
            RejectionKind::Invalid => (StatusCode::BAD_REQUEST, "invalid"),
            RejectionKind::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            RejectionKind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            RejectionKind::Conflict => (StatusCode::CONFLICT, "conflict"),
            RejectionKind::Closed => (StatusCode::UNPROCESSABLE_ENTITY, "closed"),
        };
        Self {
            retryable: matches!(rejection.kind, RejectionKind::Conflict),
            ..Self::new(status, code, &rejection.why, &rejection.help)
        }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            &error.to_string(),
            "this is a bug of Greenroom; please report it",
        )
    }
}

/// Longest refusal of the framework that is passed on, in bytes.
const SAID_MAX: usize = 2000;

/// Refusals that the framework makes before any of our code runs, in the shape of all others.
pub async fn in_words(response: Response) -> Response {
    let status = response.status();
    let content = response.headers().get(header::CONTENT_TYPE);
    let ours = content.is_some_and(|content| content.as_bytes().starts_with(b"application/json"));
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let said = axum::body::to_bytes(body, SAID_MAX)
        .await
        .unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let fault = match status {
        StatusCode::METHOD_NOT_ALLOWED => Fault::new(
            status,
            "method_not_allowed",
            "this address does not take that method",
            "the header Allow lists those it takes",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Fault::new(
            status,
            "too_large",
            "the body is too large for this address",
            "no command has more than 2 MB",
        ),
        _ if said.trim().is_empty() => {
            Fault::new(status, "failed", &status.to_string(), "see docs/api.md")
        }
        _ => Fault::new(status, "invalid", said.trim(), "see docs/api.md"),
    };
    let mut response = fault.into_response();
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let error = json!({ "error": { "code": self.code, "message": self.message, "help": self.help, "retryable": self.retryable } });
        (self.status, Json(error)).into_response()
    }
}
