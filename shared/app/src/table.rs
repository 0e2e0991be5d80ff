//! Records in the table: JSON with the version they were read at.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::ports::store::{Condition, Key, Store, Write};
use crate::work::Work;

/// A record and the version a later write names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Versioned<T> {
    pub record: T,
    pub version: u64,
}

/// Reads the record at `key`.
pub async fn load<T: DeserializeOwned>(
    store: &impl Store,
    key: &Key,
) -> Result<Option<Versioned<T>>, Error> {
    let Some(item) = store.get(key).await? else {
        return Ok(None);
    };
    Ok(Some(Versioned {
        record: decode(key, &item.value)?,
        version: item.version,
    }))
}

/// Reads up to `limit` records of a partition whose sort key starts with `prefix`.
pub async fn list<T: DeserializeOwned>(
    store: &impl Store,
    partition: &str,
    prefix: &str,
    limit: usize,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store
            .query(
                partition,
                prefix,
                after.as_deref(),
                (limit - all.len()).min(500),
            )
            .await?;
        for item in &page.items {
            all.push(decode(&item.key, &item.value)?);
        }
        after = page.items.last().map(|item| item.key.sort.clone());
        if !page.more || all.len() >= limit || after.is_none() {
            return Ok(all);
        }
    }
}

pub fn decode<T: DeserializeOwned>(key: &Key, value: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(value).map_err(|source| Error::Corrupt {
        key: key.to_string(),
        source,
    })
}

/// A write that puts `record`.
pub fn put<T: Serialize>(key: Key, record: &T, condition: Condition) -> Result<Write, Error> {
    let value = serde_json::to_vec(record).map_err(|source| Error::Corrupt {
        key: key.to_string(),
        source,
    })?;
    Ok(Write::Put {
        key,
        value,
        condition,
    })
}

/// The condition that nobody changed the record since it was read, or made it.
pub fn unchanged<T>(read: Option<&Versioned<T>>) -> Condition {
    read.map_or(Condition::Absent, |read| Condition::Version(read.version))
}

/// A due marker appears or goes.
pub fn mark(key: Key) -> Write {
    Write::Put {
        key,
        value: Vec::new(),
        condition: Condition::Any,
    }
}

pub fn unmark(key: Key) -> Write {
    Write::Delete {
        key,
        condition: Condition::Any,
    }
}

/// A marker leaves its old place for its new one; nothing when it stays.
pub fn move_marker(work: &Work, from: Option<Timestamp>, to: Option<Timestamp>) -> Vec<Write> {
    if from == to {
        return Vec::new();
    }
    let gone = from.map(|at| unmark(work.marker(at)));
    let put = to.map(|at| mark(work.marker(at)));
    match (&gone, &put) {
        // Two instants may fall into one millisecond, and so into one key.
        (Some(gone), Some(put)) if gone.key() == put.key() => Vec::new(),
        _ => gone.into_iter().chain(put).collect(),
    }
}

/// Whether one of `writes` is of the item at `key`.
pub fn names(writes: &[Write], key: &Key) -> bool {
    writes.iter().any(|write| write.key() == key)
}
