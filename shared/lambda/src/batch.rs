//! The answer to a batch: which of its records are to be brought again.
//!
//! Streams and queues read the same shape; what names a record differs: a stream's sequence
//! number, a queue's message id.

use serde::Serialize;

/// An empty list says that everything is done.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Batch {
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<Failure>,
}

/// A record to be brought again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Failure {
    #[serde(rename = "itemIdentifier")]
    pub item: String,
}

impl FromIterator<String> for Batch {
    fn from_iter<T: IntoIterator<Item = String>>(items: T) -> Self {
        let failures = items.into_iter().map(|item| Failure { item }).collect();
        Self { failures }
    }
}
