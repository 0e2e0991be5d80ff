//! How an item lies in the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use greenroom_app::ports::store::{Item, Key, StoreError};

use super::resolve::{Mark, Seen};

pub(super) const PARTITION: &str = "pk";
pub(super) const SORT: &str = "sk";
pub(super) const VERSION: &str = "v";
pub(super) const VALUE: &str = "d";
/// Who wrote the version, known to that write alone; only single writes leave one.
pub(super) const MARK: &str = "w";
/// When DynamoDB may remove it by itself, in seconds since 1970; never read.
pub(super) const TTL: &str = "ttl";
/// What [`seen`] needs.
pub(super) const SEEN: &str = "v, w";

pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) fn key(key: &Key) -> Attributes {
    HashMap::from([
        (PARTITION.to_owned(), text(&key.partition)),
        (SORT.to_owned(), text(&key.sort)),
    ])
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(super) fn bytes(bytes: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// A value. An empty one is a NULL, since not every DynamoDB takes bytes without bytes.
pub(super) fn value(value: &[u8]) -> AttributeValue {
    if value.is_empty() {
        AttributeValue::Null(true)
    } else {
        bytes(value.to_vec())
    }
}

/// A whole item, as it was read.
pub(super) fn whole(mut found: Attributes) -> Result<Item, StoreError> {
    let mut part = |name: &str| match found.remove(name) {
        Some(AttributeValue::S(part)) => Ok(part),
        _ => Err(StoreError::Corrupt {
            what: "an item of the table".to_owned(),
            why: format!("its `{name}` is not a string"),
        }),
    };
    let key = Key::new(part(PARTITION)?, part(SORT)?);
    let version = version(&key, &found)?;
    let value = match found.remove(VALUE) {
        Some(AttributeValue::B(value)) => value.into_inner(),
        Some(AttributeValue::Null(true)) => Vec::new(),
        _ => return Err(corrupt(&key, VALUE)),
    };
    Ok(Item {
        key,
        version,
        value,
    })
}

/// What is known of an item whose [`SEEN`] was read.
pub(super) fn seen(key: &Key, found: &Attributes) -> Result<Seen, StoreError> {
    let mark = match found.get(MARK) {
        None => None,
        Some(AttributeValue::B(mark)) => Mark::try_from(mark.as_ref()).ok(),
        Some(_) => return Err(corrupt(key, MARK)),
    };
    Ok(Seen {
        version: version(key, found)?,
        mark,
    })
}

fn version(key: &Key, found: &Attributes) -> Result<u64, StoreError> {
    let Some(AttributeValue::N(version)) = found.get(VERSION) else {
        return Err(corrupt(key, VERSION));
    };
    match version.parse() {
        Ok(version) if version > 0 => Ok(version),
        _ => Err(corrupt(key, VERSION)),
    }
}

fn corrupt(key: &Key, name: &str) -> StoreError {
    StoreError::Corrupt {
        what: key.to_string(),
        why: format!("its `{name}` is missing or of another type"),
    }
}
