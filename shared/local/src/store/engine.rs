//! The open file, and its reopening after it failed.
//!
//! redb answers everything with an error once an I/O operation failed: what its memory holds may
//! no longer be what the file holds. Only the committing thread reopens, so a reader never waits
//! on a lock for a repair; it asks that thread and awaits the answer.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use greenroom_app::ports::store::StoreError;
use redb::{Database, ReadOnlyTable, ReadableDatabase, TableDefinition};

use super::backend::{MakeBackend, Tally};
use super::open::{self, OpenError};

/// Partition and sort as bytes, so that redb orders them as the port does; then `record`.
type ItemKey = (&'static [u8], &'static [u8]);
pub(super) const ITEMS: TableDefinition<ItemKey, &[u8]> = TableDefinition::new("items");
pub(super) type ItemTable = ReadOnlyTable<ItemKey, &'static [u8]>;

type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why the file did not do it, by what we must do.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// Reopen; the cause is that of a read or write, or of a reopening that failed.
    Closed { why: &'static str, cause: Cause },
    /// This item is damaged; others are not.
    Item { key: String, why: String },
    /// The file is damaged.
    File { why: String },
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Closed { why, cause } => Self::Unavailable {
                why: why.to_owned(),
                ambiguous: false,
                source: Some(Box::new(cause)),
            },
            Failure::Item { key, why } => Self::Corrupt { what: key, why },
            Failure::File { why } => Self::Corrupt {
                what: "the store file".to_owned(),
                why,
            },
        }
    }
}

/// A failure of redb while reading.
pub(super) fn reading(error: impl Into<redb::Error>) -> Failure {
    failure("reading the store file failed", error.into())
}

/// A failure of redb while writing.
pub(super) fn writing(error: impl Into<redb::Error>) -> Failure {
    failure("writing the store file failed", error.into())
}

fn failure(why: &'static str, error: redb::Error) -> Failure {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    match error {
        redb::Error::Io(source) if matches!(source.kind(), InvalidData | UnexpectedEof) => {
            Failure::File {
                why: source.to_string(),
            }
        }
        error @ (redb::Error::Corrupted(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::TypeDefinitionChanged { .. }) => Failure::File {
            why: error.to_string(),
        },
        error => Failure::Closed {
            why,
            cause: Arc::new(error),
        },
    }
}

/// Runs `f`; a panic becomes its message. redb asserts on some damaged pages where it could
/// report them, and a damaged file must not end the process.
pub(super) fn unwinding<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        format!("reading it stopped at: {}", message.unwrap_or("a panic"))
    })
}

pub(super) struct Engine {
    path: PathBuf,
    make: MakeBackend,
    tally: Arc<Tally>,
    /// `None` while a reopening has not succeeded.
    database: RwLock<Option<Database>>,
    /// Set while the lock above is held for reading, so never for the next database.
    failed: AtomicBool,
    /// The failure that was met last.
    last: Mutex<Option<Failure>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("path", &self.path)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let database = self
            .database
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        // Nobody is left to be told that closing a damaged file went wrong; opening it tells.
        let _ = unwinding(|| drop(database.take()));
    }
}

impl Engine {
    pub(super) fn open(path: &Path, make: MakeBackend) -> Result<Self, OpenError> {
        let tally = Arc::new(Tally::default());
        let storage = make().map_err(|source| OpenError::from_io(path, source))?;
        let database = open::database(path, storage, &tally)?;
        Ok(Self {
            path: path.to_owned(),
            make,
            tally,
            database: RwLock::new(Some(database)),
            failed: AtomicBool::new(false),
            last: Mutex::default(),
        })
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Reads from the newest committed state.
    pub(super) fn read<T>(
        &self,
        f: impl FnOnce(&ItemTable) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.with(|database| {
            let snapshot = database.begin_read().map_err(reading)?;
            let table = snapshot.open_table(ITEMS).map_err(reading)?;
            f(&table)
        })
    }

    /// Uses the open database; a failure other than of one item marks it for reopening.
    pub(super) fn with<T>(
        &self,
        f: impl FnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = database.as_ref() else {
            // What closed it is what people can do something about.
            let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            return Err(last.clone().unwrap_or_else(|| Failure::Closed {
                why: "the store file is closed after a failure",
                cause: Arc::new(std::io::Error::other("not reopened yet")),
            }));
        };
        let answer = unwinding(|| f(database)).unwrap_or_else(|why| Err(Failure::File { why }));
        if matches!(&answer, Err(Failure::Closed { .. } | Failure::File { .. })) {
            self.failed.store(true, Ordering::Release);
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = answer.as_ref().err().cloned();
        }
        answer
    }

    /// Closes and opens the file again if it failed since it was opened.
    pub(super) fn reopen_if_failed(&self) -> Result<(), Failure> {
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if database.is_some() && !self.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        // A close that panics has released what it could; the opening will tell.
        let _ = unwinding(|| drop(database.take()));
        // Without the lock, so that readers are refused at once while a repair runs.
        drop(database);
        let fresh = (self.make)()
            .map_err(|source| OpenError::from_io(&self.path, source))
            .and_then(|storage| open::database(&self.path, storage, &self.tally))
            .map_err(|error| match error {
                OpenError::Corrupt { why, .. } => Failure::File { why },
                other => Failure::Closed {
                    why: "the store file cannot be reopened",
                    cause: Arc::new(other),
                },
            })?;
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        self.failed.store(false, Ordering::Release);
        *database = Some(fresh);
        Ok(())
    }
}
