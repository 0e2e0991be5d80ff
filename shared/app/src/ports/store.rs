//! The table everything is kept in.
//!
//! A small ordered table with optimistic versions; typed repositories sit on top of it, once.
//! Every adapter passes the conformance suite in `greenroom-testkit`, and refuses what breaks the
//! limits with the same `check_*` functions of this module.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

/// Where an item lives: a partition, and its place in the partition's order.
///
/// `sort` orders by bytes. Neither part is empty; `partition` is at most [`PARTITION_MAX`] bytes
/// and `sort` at most [`SORT_MAX`], as DynamoDB has it. Any character is allowed, NUL included.
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

impl Condition {
    /// True if it holds for an item at version `found`; `None` when there is no such item.
    pub fn holds(self, found: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => found.is_none(),
            Self::Version(wanted) => found == Some(wanted),
        }
    }
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

    pub fn condition(&self) -> Condition {
        match self {
            Self::Put { condition, .. }
            | Self::Delete { condition, .. }
            | Self::Check { condition, .. } => *condition,
        }
    }

    /// Bytes of the value put; 0 for a delete or a check.
    fn value_len(&self) -> usize {
        match self {
            Self::Put { value, .. } => value.len(),
            Self::Delete { .. } | Self::Check { .. } => 0,
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

/// Longest [`Key::partition`], in bytes.
pub const PARTITION_MAX: usize = 2_048;
/// Longest [`Key::sort`], in bytes.
pub const SORT_MAX: usize = 1_024;
/// Largest value an adapter must take, in bytes; half of what DynamoDB allows.
pub const VALUE_MAX: usize = 200 * 1024;
/// Most writes in one commit; half of what DynamoDB allows.
pub const COMMIT_MAX: usize = 50;
/// Most bytes of keys and values in one commit; half of the 4 MB DynamoDB allows a transaction.
/// It is less than [`COMMIT_MAX`] values of [`VALUE_MAX`] bytes.
pub const COMMIT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Why the store did not do it, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Read again, decide again. `key` is the first of the commit's writes whose condition failed.
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

/// Refuses a key that breaks the limits of [`Key`], as [`StoreError::Invalid`].
pub fn check_key(key: &Key) -> Result<(), StoreError> {
    check_part("partition", &key.partition, PARTITION_MAX)?;
    check_part("sort", &key.sort, SORT_MAX)
}

/// Refuses a query without a partition or with a limit of 0, as [`StoreError::Invalid`].
pub fn check_query(partition: &str, limit: usize) -> Result<(), StoreError> {
    check_part("partition", partition, PARTITION_MAX)?;
    if limit == 0 {
        return invalid("a query's limit is at least 1".to_owned());
    }
    Ok(())
}

/// Refuses a commit with a bad key, a key named twice, more than [`COMMIT_MAX`] writes, a value
/// over [`VALUE_MAX`] or more than [`COMMIT_BYTES_MAX`] in all, as [`StoreError::Invalid`].
pub fn check_commit(writes: &[Write]) -> Result<(), StoreError> {
    if writes.len() > COMMIT_MAX {
        return invalid(format!(
            "{} writes in one commit, at most {COMMIT_MAX} are allowed",
            writes.len()
        ));
    }
    let mut seen = HashSet::with_capacity(writes.len());
    for write in writes {
        check_key(write.key())?;
        if !seen.insert(write.key()) {
            return invalid(format!("the commit names {} twice", write.key()));
        }
        if write.value_len() > VALUE_MAX {
            return invalid(format!(
                "the value of {} has {} bytes, at most {VALUE_MAX} are allowed",
                write.key(),
                write.value_len()
            ));
        }
    }
    let bytes = commit_bytes(writes);
    if bytes > COMMIT_BYTES_MAX {
        return invalid(format!(
            "the commit has {bytes} bytes, at most {COMMIT_BYTES_MAX} are allowed"
        ));
    }
    if let Some(near) = near_limit(writes) {
        let Near { limit, used, most } = near;
        let first = writes.first().map(|write| write.key().to_string());
        tracing::warn!(
            limit.name = limit,
            limit.used = used,
            limit.most = most,
            first,
            "a commit comes near a limit of the table"
        );
    }
    Ok(())
}

/// A limit that is not reached yet, and what there is of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Near {
    pub limit: &'static str,
    pub used: usize,
    pub most: usize,
}

/// The limit of which a commit takes four fifths or more, if there is one: somebody should hear of it
/// before commits are refused.
pub fn near_limit(writes: &[Write]) -> Option<Near> {
    let largest = writes.iter().map(Write::value_len).max();
    let near = |limit, used, most| Near { limit, used, most };
    let all = [
        near("value bytes", largest.unwrap_or(0), VALUE_MAX),
        near("writes of a commit", writes.len(), COMMIT_MAX),
        near("commit bytes", commit_bytes(writes), COMMIT_BYTES_MAX),
    ];
    all.into_iter().find(|it| it.used >= it.most / 5 * 4)
}

/// Bytes of keys and values of a commit, as [`COMMIT_BYTES_MAX`] counts them.
pub fn commit_bytes(writes: &[Write]) -> usize {
    writes
        .iter()
        .map(|write| write.key().partition.len() + write.key().sort.len() + write.value_len())
        .sum()
}

fn check_part(what: &str, part: &str, max: usize) -> Result<(), StoreError> {
    if part.is_empty() {
        return invalid(format!("the {what} of a key is empty"));
    }
    if part.len() > max {
        return invalid(format!(
            "the {what} of a key has {} bytes, at most {max} are allowed",
            part.len()
        ));
    }
    Ok(())
}

fn invalid(why: String) -> Result<(), StoreError> {
    Err(StoreError::Invalid { why })
}

/// An ordered table with optimistic versions. All reads see every commit acknowledged before.
pub trait Store: Send + Sync + 'static {
    /// The item at `key`, or `None`.
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Item>, StoreError>> + Send;

    /// Items of `partition` whose `sort` starts with `prefix` and comes after `after`, ascending,
    /// at most `limit` (at least 1). A page is never empty while [`Page::more`]
    /// is true.
    fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// All of `writes`, or none. Durable when it returns `Ok`. A commit of nothing is `Ok`.
    ///
    /// A future dropped before it is ready leaves it open whether the commit happens, as
    /// an `ambiguous` [`StoreError::Unavailable`] does.
    fn commit(&self, writes: Vec<Write>) -> impl Future<Output = Result<(), StoreError>> + Send;
}
