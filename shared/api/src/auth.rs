//! The API's door: one token, compared in constant time.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use subtle::ConstantTimeEq;

/// The token in force; asked for with each request, since it may be changed meanwhile.
pub type Token = Arc<dyn Fn() -> SecretString + Send + Sync>;

/// A token that stays for as long as the process does.
pub fn lasting(token: SecretString) -> Token {
    Arc::new(move || token.clone())
}

/// Lets a request through that carries the token, and answers the others without a hint.
pub async fn require_token(State(token): State<Token>, request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let given = given
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(token().expose_secret().as_bytes())) {
        return next.run(request).await;
    }
    let error = json!({ "error": {
        "code": "unauthorized",
        "message": "this needs the server's token",
        "help": "send it as `Authorization: Bearer TOKEN`; it is in the file `token` of the server's data folder, or in AWS Secrets Manager",
        "retryable": false,
    } });
    (StatusCode::UNAUTHORIZED, Json(error)).into_response()
}
