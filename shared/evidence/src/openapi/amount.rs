//! How much a document describes, each use of what is shared counted.
//!
//! A reference costs a few bytes and stands for as much as it leads to: what is counted here is
//! what everybody who looks at all operations has to go through.

use serde_json::{Map, Value};

use super::resolve;
use crate::ReadError;

/// Parameters, answers, and kinds of body of all operations.
pub(super) const ENTRIES_MAX: usize = 100_000;

/// Refuses a value of too many values; `left` is taken away from.
pub(super) fn nodes(value: &Value, left: &mut usize) -> Result<(), ReadError> {
    let inside = match value {
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len().saturating_mul(2),
        _ => 0,
    };
    spend(left, inside).ok_or_else(|| ReadError::malformed("it has too many values"))?;
    match value {
        Value::Array(list) => list.iter().try_for_each(|it| nodes(it, left)),
        Value::Object(map) => map.values().try_for_each(|it| nodes(it, left)),
        _ => Ok(()),
    }
}

/// Refuses an operation that lists more than is `left`, before any of it is looked at.
pub(super) fn entries(
    document: &Value,
    item: &Map<String, Value>,
    operation: &Value,
    left: &mut usize,
) -> Result<(), ReadError> {
    within(document, item, operation, left).ok_or_else(|| {
        ReadError::Malformed(format!(
            "its operations list more than {ENTRIES_MAX} parameters, answers and bodies"
        ))
    })
}

fn within(
    document: &Value,
    item: &Map<String, Value>,
    operation: &Value,
    left: &mut usize,
) -> Option<()> {
    let Some(operation) = resolve(document, operation) else {
        return Some(());
    };
    for list in [item.get("parameters"), operation.get("parameters")] {
        spend(left, list.and_then(Value::as_array).map_or(0, Vec::len))?;
    }
    let responses = operation.get("responses").and_then(Value::as_object);
    spend(left, responses.map_or(0, Map::len))?;
    let answers = responses.into_iter().flat_map(Map::values);
    for body in operation.get("requestBody").into_iter().chain(answers) {
        let content = resolve(document, body).and_then(|it| it.get("content")?.as_object());
        spend(left, content.map_or(0, Map::len))?;
    }
    Some(())
}

fn spend(left: &mut usize, some: usize) -> Option<()> {
    *left = left.checked_sub(some)?;
    Some(())
}
