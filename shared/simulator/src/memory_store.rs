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

/// A table in memory; shared between tasks by reference or in an `Arc`.
#[derive(Debug)]
pub struct MemoryStore {
    items: Mutex<BTreeMap<Key, Stored>>,
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
            items: Mutex::new(BTreeMap::new()),
            page_max,
        }
    }

    /// Every item, a line each, for people who look for a mistake.
    pub fn dump(&self) -> Vec<String> {
        let items = self.items();
        let line = |(key, stored): (&Key, &Stored)| {
            let value = String::from_utf8_lossy(&stored.value);
            format!("{key} v{} {value}", stored.version)
        };
        items.iter().map(line).collect()
    }

    fn items(&self) -> MutexGuard<'_, BTreeMap<Key, Stored>> {
        // No code path leaves the map half changed, so one that panicked elsewhere does no harm.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        check_key(key)?;
        Ok(self.items().get(key).map(|stored| item(key, stored)))
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
            Some(after) if after >= prefix => Bound::Excluded(Key::new(partition, after)),
            _ => Bound::Included(Key::new(partition, prefix)),
        };
        let items = self.items();
        let mut found = items
            .range((start, Bound::Unbounded))
            .take_while(|(key, _)| key.partition == partition && key.sort.starts_with(prefix));
        let page = found
            .by_ref()
            .take(limit)
            .map(|(key, stored)| item(key, stored))
            .collect();
        Ok(Page {
            items: page,
            more: found.next().is_some(),
        })
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        check_commit(&writes)?;
        let mut items = self.items();
        for write in &writes {
            let found = items.get(write.key()).map(|stored| stored.version);
            if !write.condition().holds(found) {
                return Err(StoreError::Conflict {
                    key: write.key().clone(),
                });
            }
        }
        for write in writes {
            match write {
                Write::Put { key, value, .. } => {
                    let version = items.get(&key).map_or(0, |stored| stored.version) + 1;
                    items.insert(key, Stored { version, value });
                }
                Write::Delete { key, .. } => {
                    items.remove(&key);
                }
                Write::Check { .. } => {}
            }
        }
        Ok(())
    }
}

fn item(key: &Key, stored: &Stored) -> Item {
    Item {
        key: key.clone(),
        version: stored.version,
        value: stored.value.clone(),
    }
}
