//! Answers with an ETag, so that asking again costs a comparison.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// `body` with its ETag, or 304 if the client has it. `now` is added to an answer and is no part
/// of the ETag.
pub fn cached(headers: &HeaderMap, body: Value, now: Option<Value>) -> Response {
    let etag = etag(&body);
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let tag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    if known.is_some_and(|known| known.split(',').any(|one| one.trim() == etag)) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let mut body = body;
    if let (Some(object), Some(now)) = (body.as_object_mut(), now) {
        object.insert("now".to_owned(), now);
    }
    let mut response = json(&body);
    response.headers_mut().insert(header::ETAG, tag);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// `body` as it is.
pub fn json(body: &Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

fn etag(body: &Value) -> String {
    let hash = Sha256::digest(body.to_string().as_bytes());
    let hex: String = hash
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hex}\"")
}
