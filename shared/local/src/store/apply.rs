//! One group of commits in one transaction.

use std::collections::HashMap;

use greenroom_app::ports::store::{Key, StoreError, Write};
use redb::{Database, ReadableTable, Table};

use super::engine::{Engine, Failure, ITEMS, writing};
use super::{query, record};

type Writing<'txn> = Table<'txn, (&'static [u8], &'static [u8]), &'static [u8]>;

/// What the group makes of the keys it changes: their versions before and after.
type Changes = HashMap<Key, (Option<u64>, Option<u64>)>;

/// One answer for each commit of a group.
pub(super) type Outcomes = Vec<Result<(), StoreError>>;

/// Why a group did not become durable.
pub(super) struct Failed {
    pub(super) failure: Failure,
    /// The changes of the transaction, if its end had begun: then it may be in the file.
    changes: Option<Changes>,
}

impl Failed {
    /// True if the transaction had got as far as being written out.
    pub(super) fn was_ending(&self) -> bool {
        self.changes.is_some()
    }
}

/// Applies the commits whose conditions hold, each on the state the ones before it left, and makes
/// them durable with one fsync; with none if nothing changed.
pub(super) fn group(engine: &Engine, group: &[Vec<Write>]) -> Result<Outcomes, Failed> {
    let mut changes = Changes::new();
    let mut ending = false;
    let outcomes = engine.with(|database| transact(database, group, &mut changes, &mut ending));
    outcomes.map_err(|failure| Failed {
        failure,
        changes: ending.then_some(changes),
    })
}

/// False if the group of `failed` surely did not happen, judged by the reopened file.
pub(super) fn may_have_happened(engine: &Engine, failed: &Failed) -> bool {
    let Some(changes) = &failed.changes else {
        return false;
    };
    // All changes or none are in the file, so one key that tells the two apart is enough.
    let Some((key, (before, _))) = changes.iter().find(|(_, (before, after))| before != after)
    else {
        return true;
    };
    match engine.read(|table| query::get(table, key)) {
        Ok(found) => found.map(|item| item.version) != *before,
        Err(_) => true,
    }
}

fn transact(
    database: &Database,
    group: &[Vec<Write>],
    changes: &mut Changes,
    ending: &mut bool,
) -> Result<Outcomes, Failure> {
    // The default durability of redb is what we promise: on disk when `commit` returns.
    let transaction = database.begin_write().map_err(writing)?;
    let mut outcomes = Vec::with_capacity(group.len());
    {
        let mut table = transaction.open_table(ITEMS).map_err(writing)?;
        for writes in group {
            let outcome = match apply(&mut table, writes, changes) {
                Err(Refusal::Commit(error)) => Err(error),
                Err(Refusal::Group(failure)) => return Err(failure),
                Ok(()) => Ok(()),
            };
            outcomes.push(outcome);
        }
    }
    if changes.is_empty() {
        transaction.abort().map_err(writing)?;
    } else {
        *ending = true;
        transaction.commit().map_err(writing)?;
    }
    Ok(outcomes)
}

/// Why a commit is not applied: for its own sake, or because nothing can be.
enum Refusal {
    Commit(StoreError),
    Group(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Item { .. } => Self::Commit(failure.into()),
            Failure::Closed { .. } | Failure::File { .. } => Self::Group(failure),
        }
    }
}

/// Checks every condition before the first change, so a refused commit leaves nothing behind.
fn apply(table: &mut Writing<'_>, writes: &[Write], changes: &mut Changes) -> Result<(), Refusal> {
    let mut versions = Vec::with_capacity(writes.len());
    for write in writes {
        let found = version(table, write.key())?;
        if !write.condition().holds(found) {
            return Err(Refusal::Commit(StoreError::Conflict {
                key: write.key().clone(),
            }));
        }
        versions.push(found);
    }
    for (write, found) in writes.iter().zip(versions) {
        let key = write.key();
        let at = (key.partition.as_bytes(), key.sort.as_bytes());
        let after = match write {
            Write::Check { .. } => continue,
            Write::Delete { .. } if found.is_none() => continue,
            Write::Delete { .. } => {
                table.remove(at).map_err(writing)?;
                None
            }
            Write::Put { value, .. } => {
                let version = found.unwrap_or(0) + 1;
                let bytes = record::encode(key, version, value);
                table.insert(at, bytes.as_slice()).map_err(writing)?;
                Some(version)
            }
        };
        changes
            .entry(key.clone())
            .and_modify(|change| change.1 = after)
            .or_insert((found, after));
    }
    Ok(())
}

fn version(table: &Writing<'_>, key: &Key) -> Result<Option<u64>, Failure> {
    let at = (key.partition.as_bytes(), key.sort.as_bytes());
    match table.get(at).map_err(writing)? {
        Some(found) => record::decode(at.0, at.1, found.value()).map(|(version, _)| Some(version)),
        None => Ok(None),
    }
}
