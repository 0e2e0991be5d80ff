//! The store port in memory, for tests and as the yardstick of benches.
//!
//! It is not a mock: it passes the same suite as the store on disk. Nothing survives it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use greenroom_app::ports::store::{
    Item, Key, Page, Store, StoreError, Write, check_commit, check_key, check_query,
};

#[derive(Clone, Debug)]
struct Stored {
    version: u64,
    value: Vec<u8>,
}

/// Items by partition and sort key.
type Partitions = BTreeMap<String, BTreeMap<String, Stored>>;

/// A table in memory; shared between tasks by reference or in an `Arc`.
#[derive(Debug)]
pub struct MemoryStore {
    partitions: Mutex<Partitions>,
    page_max: usize,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store whose pages are as long as asked for.
    pub fn new() -> Self {
        Self::with_page_max(usize::MAX)
    }

    /// A store that cuts every page after `page_max` items (at least 1), as an adapter may: a
    /// caller that takes the first page for everything is caught with a small one.
    pub fn with_page_max(page_max: usize) -> Self {
        assert!(page_max > 0, "a page holds at least one item");
        Self {
            partitions: Mutex::default(),
            page_max,
        }
    }

    /// Every item, a line each, for people who look for a mistake.
    pub fn dump(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (partition, items) in self.partitions().iter() {
            for (sort, stored) in items {
                let key = Key::new(partition.as_str(), sort.as_str());
                let value = String::from_utf8_lossy(&stored.value);
                lines.push(format!("{key} v{} {value}", stored.version));
            }
        }
        lines
    }

    /// Commits, and says what each item held that was put or deleted.
    pub fn exchange(&self, writes: &[Write]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        check_commit(writes)?;
        let mut partitions = self.partitions();
        for write in writes {
            let found = find(&partitions, write.key()).map(|stored| stored.version);
            if !write.condition().holds(found) {
                return Err(StoreError::Conflict {
                    key: write.key().clone(),
                });
            }
        }
        let mut exchange = |write: &Write| match write {
            Write::Put { key, value, .. } => put(&mut partitions, key, value.clone()),
            Write::Delete { key, .. } => {
                let items = partitions.get_mut(&key.partition)?;
                items.remove(&key.sort).map(|stored| stored.value)
            }
            Write::Check { .. } => None,
        };
        Ok(writes.iter().map(&mut exchange).collect())
    }

    fn partitions(&self) -> MutexGuard<'_, Partitions> {
        // No code path leaves the map half changed, so one that panicked elsewhere does no harm.
        self.partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        check_key(key)?;
        Ok(find(&self.partitions(), key).map(|stored| item(key.clone(), stored)))
    }

    async fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        check_query(partition, limit)?;
        let limit = limit.min(self.page_max);
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let partitions = self.partitions();
        let mut found = partitions
            .get(partition)
            .into_iter()
            .flat_map(|items| items.range::<str, _>((start, Bound::Unbounded)))
            .take_while(|(sort, _)| sort.starts_with(prefix));
        let page = found
            .by_ref()
            .take(limit)
            .map(|(sort, stored)| item(Key::new(partition, sort.as_str()), stored))
            .collect();
        Ok(Page {
            items: page,
            more: found.next().is_some(),
        })
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.exchange(&writes).map(drop)
    }
}

fn find<'a>(partitions: &'a Partitions, key: &Key) -> Option<&'a Stored> {
    partitions.get(&key.partition)?.get(&key.sort)
}

/// What was there before.
fn put(partitions: &mut Partitions, key: &Key, value: Vec<u8>) -> Option<Vec<u8>> {
    let items = partitions.entry(key.partition.clone()).or_default();
    if let Some(stored) = items.get_mut(&key.sort) {
        stored.version += 1;
        return Some(std::mem::replace(&mut stored.value, value));
    }
    items.insert(key.sort.clone(), Stored { version: 1, value });
    None
}

fn item(key: Key, stored: &Stored) -> Item {
    Item {
        key,
        version: stored.version,
        value: stored.value.clone(),
    }
}
