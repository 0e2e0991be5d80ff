//! Whether an operation says what it takes and what it gives.
//!
//! A `post`, `put` or `patch` takes a body unless it says that it does not, by `requestBody:
//! { content: {} }`: that nothing is written about a body is just what is looked for. Of the
//! answers, those that tell of success must have a schema, save those that have no body.

use serde_json::{Map, Value};

use super::resolve;

/// What `operation` does not say, for people.
pub(super) fn lacks(document: &Value, method: &str, operation: &Value) -> Option<String> {
    let Some(operation) = resolve(document, operation) else {
        return Some("it says nothing".to_owned());
    };
    request(document, method, operation).or_else(|| response(document, method, operation))
}

fn request(document: &Value, method: &str, operation: &Map<String, Value>) -> Option<String> {
    let Some(body) = operation.get("requestBody") else {
        return matches!(method, "post" | "put" | "patch")
            .then(|| "no request schema: it has no requestBody".to_owned());
    };
    let content = resolve(document, body).and_then(|body| body.get("content")?.as_object());
    match content {
        None => Some("no request schema".to_owned()),
        Some(content) => content
            .iter()
            .find(|(_, media)| !has_schema(document, media))
            .map(|(kind, _)| format!("no request schema for {}", crate::excerpt(kind, 40))),
    }
}

fn response(document: &Value, method: &str, operation: &Map<String, Value>) -> Option<String> {
    let none = || Some("no response schema".to_owned());
    let Some(responses) = operation.get("responses").and_then(Value::as_object) else {
        return none();
    };
    let success: Vec<_> = responses
        .iter()
        .filter(|(code, _)| code.starts_with('2') || code.starts_with('3'))
        .collect();
    let meant = if success.is_empty() {
        responses
            .iter()
            .filter(|(code, _)| *code == "default")
            .collect()
    } else {
        success
    };
    if meant.is_empty() {
        return none();
    }
    meant
        .into_iter()
        .filter(|(code, _)| has_body(method, code))
        .find(|(_, response)| !response_has_schema(document, response))
        .map(|(code, _)| format!("no response schema for {}", crate::excerpt(code, 10)))
}

fn has_body(method: &str, code: &str) -> bool {
    method != "head" && !matches!(code, "204" | "205") && !code.starts_with('3')
}

fn response_has_schema(document: &Value, response: &Value) -> bool {
    let content = resolve(document, response).and_then(|it| it.get("content")?.as_object());
    content.is_some_and(|content| {
        !content.is_empty() && content.values().all(|media| has_schema(document, media))
    })
}

/// An empty schema says nothing; a reference must lead somewhere.
fn has_schema(document: &Value, media: &Value) -> bool {
    let schema = resolve(document, media).and_then(|media| media.get("schema"));
    let resolved = schema.and_then(|schema| resolve(document, schema));
    resolved.is_some_and(|schema| !schema.is_empty())
}
