//! The table everything is kept in.
//!
//! A small ordered table with optimistic versions; typed repositories sit on top of it, once.
//! Every adapter passes the conformance suite in `greenroom-testkit`.

use std::future::Future;
use std::time::Duration;

/// Where an item lives: a partition, and its place in the partition's order.
///
/// `sort` orders by bytes. Neither part is empty; `partition` is at most 2,048 bytes and `sort`
/// at most 1,024, as DynamoDB has it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    pub partition: String,
    pub sort: String,
}

impl Key {
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            sort: sort.into(),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} / {}", self.partition, self.sort)
    }
}

/// A stored value with the version a conditional write names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    pub key: Key,
    /// 1 for a fresh item, one more with each put. Starts again at 1 after a delete, so items
    /// whose versions guard a decision are never deleted.
    pub version: u64,
    pub value: Vec<u8>,
}

/// What must be true of an item for the whole commit to happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// Nothing; last write wins.
    Any,
    /// There is no such item.
    Absent,
    /// The item is there, at exactly this version.
    Version(u64),
}

/// One change of a commit. A commit names each key at most once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Write {
    Put {
        key: Key,
        value: Vec<u8>,
        condition: Condition,
    },
    /// Deleting what is not there is not an error under [`Condition::Any`].
    Delete { key: Key, condition: Condition },
    /// Changes nothing; the commit happens only if the condition holds.
    Check { key: Key, condition: Condition },
}

impl Write {
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } | Self::Check { key, .. } => key,
        }
    }
}

/// A slice of a partition in ascending order of `sort`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    pub items: Vec<Item>,
    /// True when the limit (or an adapter's page size) cut the answer; ask again with `after`
    /// set to the last item's `sort`.
    pub more: bool,
}

/// Largest value an adapter must take, in bytes; half of what DynamoDB allows.
pub const VALUE_MAX: usize = 200 * 1024;
/// Most writes in one commit; half of what DynamoDB allows.
pub const COMMIT_MAX: usize = 50;

/// Why the store did not do it, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Read again, decide again.
    #[error("{key} is not as it was when it was read")]
    Conflict { key: Key },
    /// Wait, then do the same again.
    #[error("the store asks to wait {retry_after:?}")]
    Throttled { retry_after: Duration },
    /// Nothing was decided about the commit, or the disk or network is gone; try later.
    /// The commit may or may not have happened only if `ambiguous`.
    #[error("the store cannot be used now: {why}")]
    Unavailable {
        why: String,
        ambiguous: bool,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A person must look.
    #[error("{what} is not what Greenroom wrote: {why}")]
    Corrupt { what: String, why: String },
    /// The request breaks the store's own limits; a bug of the caller.
    #[error("the store refuses this request: {why}")]
    Invalid { why: String },
}

impl StoreError {
    /// True when the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable { .. })
    }
}

/// An ordered table with optimistic versions. All reads see every commit acknowledged before.
pub trait Store: Send + Sync + 'static {
    /// The item at `key`, or `None`.
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Item>, StoreError>> + Send;

    /// Items of `partition` whose `sort` starts with `prefix` and comes after `after`, ascending,
    /// at most `limit` (at least 1).
    fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// All of `writes`, or none. Durable when it returns `Ok`.
    fn commit(&self, writes: Vec<Write>) -> impl Future<Output = Result<(), StoreError>> + Send;
}
