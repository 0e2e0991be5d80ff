//! The store port on one machine: one redb file, one committing thread, one fsync for many commits.
//!
//! Policy:
//! - A commit is answered after the fsync that made it durable, never before.
//! - Commits that wait at the same time share a transaction and its fsync (see `committer`).
//! - Reads run inline on the caller's task. A `get` is a walk of three or four pages that are
//!   nearly always in memory, some microseconds; handing it to a blocking pool costs more than
//!   that in wake-ups alone, and redb readers never wait for the writer. What could be long is
//!   a query of many large values, so a page is cut at 1 MiB, about as DynamoDB does.
//! - redb gives up on a file after its first I/O error. We close and reopen it, on the committing
//!   thread, so that a full disk is an error of the commits it hit and not the end of the process.
//! - Each item carries a checksum over key, version and value: redb checks its pages only after a
//!   crash, we want to notice a damaged item on the read that would have believed it.

use std::path::Path;
use std::sync::Arc;

use greenroom_app::ports::store::{
    Item, Key, Page, Store, StoreError, Write, check_commit, check_key, check_query,
};
use redb::StorageBackend;

mod apply;
mod backend;
mod committer;
mod engine;
mod gather;
mod lock;
mod open;
mod query;
mod record;

pub use backend::Counters;
pub use open::{FORMAT, OpenError};

use committer::Committer;
use engine::{Engine, Failure, ItemTable};
use lock::LockFile;

/// What the file is called in a data folder.
pub const FILE: &str = "greenroom.redb";

/// The store in one file. Dropping it finishes the commits already queued and releases the file.
#[derive(Debug)]
pub struct EmbeddedStore {
    // In order of drop: the committer works off its queue, the engine closes the file, and only
    // then may another process have it.
    committer: Committer,
    engine: Arc<Engine>,
    _lock: Option<LockFile>,
}

impl EmbeddedStore {
    /// Opens the store at `path`, or creates it; its folder must exist. A file `<path>.lock`
    /// beside it, holding our process id, keeps other processes out.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let lock = LockFile::take(path)?;
        open::create_if_absent(path)?;
        let make = backend::file(path.to_owned());
        let mut store = Self::start(path, make)?;
        lock::sync_folder(path).map_err(|source| OpenError::from_io(path, source))?;
        store._lock = Some(lock);
        Ok(store)
    }

    /// Opens a store on storage of the caller's making, for tests that make it fail. `make` is
    /// called once now and again each time the store reopens after an I/O error; there is no lock.
    pub fn open_with_backend<F>(make: F) -> Result<Self, OpenError>
    where
        F: Fn() -> std::io::Result<Box<dyn StorageBackend>> + Send + Sync + 'static,
    {
        Self::start(Path::new("(custom storage)"), Box::new(make))
    }

    /// What was done since the store was opened.
    pub fn counters(&self) -> Counters {
        self.engine.tally().snapshot()
    }

    fn start(path: &Path, make: backend::MakeBackend) -> Result<Self, OpenError> {
        let engine = Arc::new(Engine::open(path, make)?);
        let committer = Committer::start(Arc::clone(&engine))
            .map_err(|source| OpenError::from_io(path, source))?;
        Ok(Self {
            committer,
            engine,
            _lock: None,
        })
    }

    /// Reads, and once more after a reopening if the file had failed.
    async fn read<T>(
        &self,
        reading: impl Fn(&ItemTable) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        match self.engine.read(&reading) {
            Err(Failure::Closed { .. }) => {
                self.committer.reopen().await?;
                self.engine.read(&reading).map_err(StoreError::from)
            }
            answer => answer.map_err(StoreError::from),
        }
    }
}

impl Store for EmbeddedStore {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        check_key(key)?;
        self.read(|table| query::get(table, key)).await
    }

    async fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        check_query(partition, limit)?;
        self.read(|table| query::page(table, partition, prefix, after, limit))
            .await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        check_commit(&writes)?;
        if writes.is_empty() {
            return Ok(());
        }
        self.committer.commit(writes).await
    }
}
