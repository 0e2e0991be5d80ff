//! The memory store behind the faults of a world. It remembers the largest commit it was given.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use greenroom_app::ports::store::{Item, Key, Page, Store, StoreError, Write};

use super::faults::Faults;
use crate::memory_store::MemoryStore;

/// The largest commit and value so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Largest {
    pub writes: usize,
    /// Bytes of one value.
    pub value: usize,
}

/// A table that outlives the process that uses it.
#[derive(Clone, Debug)]
pub struct WorldStore {
    inner: Arc<MemoryStore>,
    faults: Arc<Faults>,
    largest: Arc<Mutex<Largest>>,
    away: Arc<Mutex<bool>>,
    commits: Arc<AtomicU64>,
}

/// What was done since the world began, by the names that the store on disk has for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Commits that took effect.
    pub commits: u64,
    /// The same: each is a group of its own here.
    pub groups: u64,
    /// The same: each would be an fsync.
    pub fsyncs: u64,
}

impl WorldStore {
    pub(super) fn new(faults: Arc<Faults>) -> Self {
        Self {
            // Small pages catch whoever takes the first one for everything.
            inner: Arc::new(MemoryStore::with_page_max(7)),
            faults,
            largest: Arc::default(),
            away: Arc::default(),
            commits: Arc::default(),
        }
    }

    /// What was done since the world began; what the test itself does counts as well.
    pub fn counters(&self) -> Counters {
        let commits = self.commits.load(Ordering::Relaxed);
        Counters {
            commits,
            groups: commits,
            fsyncs: commits,
        }
    }

    /// The largest commit so far.
    pub fn largest(&self) -> Largest {
        *self.largest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While true, every call says that the store is away.
    pub fn set_away(&self, away: bool) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = away;
    }

    async fn call<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let away = *self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = self.faults.before().await;
        let fault = match fault {
            Ok(fault) if !away => fault,
            _ => return Err(unavailable(false)),
        };
        let answer = answer.await;
        match self.faults.after(fault).await {
            Ok(()) => answer,
            Err(()) => Err(unavailable(true)),
        }
    }
}

fn unavailable(ambiguous: bool) -> StoreError {
    StoreError::Unavailable {
        why: "the disk is gone for a moment".to_owned(),
        ambiguous,
        source: None,
    }
}

impl Store for WorldStore {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.call(self.inner.get(key)).await
    }

    async fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.call(self.inner.query(partition, prefix, after, limit))
            .await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        {
            let mut largest = self.largest.lock().unwrap_or_else(PoisonError::into_inner);
            largest.writes = largest.writes.max(writes.len());
            for write in &writes {
                if let Write::Put { value, .. } = write {
                    largest.value = largest.value.max(value.len());
                }
            }
        }
        let commit = async {
            self.inner.commit(writes).await?;
            self.commits.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        self.call(commit).await
    }
}
