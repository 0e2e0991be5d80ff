//! Opening the file: what it must be, and what a person must do when it is not.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, StorageBackend, TableDefinition,
    TableHandle,
};

use super::backend::{self, Counted, Tally};
use super::engine::{ITEMS, unwinding};

/// The format this Greenroom reads and writes: table names, keys and the layout of `record`.
/// A change of any of them is a new number.
pub const FORMAT: u64 = 1;

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const FORMAT_KEY: &str = "format";

/// Pages redb may keep in memory. The kernel caches the file as well, so a miss is a copy and not
/// a disk read; small, because an idle Greenroom should cost little.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// redb's own file format, and where its header says so: the first byte of the commit slot that
/// the lowest bit of the byte after the magic number selects.
const REDB_FORMAT: u8 = 3;
const REDB_MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";
const REDB_SLOTS: [usize; 2] = [64, 192];

/// Why the store did not open, by what a person must do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Stop the other process, or use another data folder.
    #[error(
        "{} is in use by {}", path.display(),
        pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    InUse { path: PathBuf, pid: Option<u32> },
    /// Use the Greenroom that wrote it; this one changes nothing in it.
    #[error(
        "{} has store format {found}, and this Greenroom knows only {known}", path.display()
    )]
    UnknownFormat {
        path: PathBuf,
        found: String,
        known: String,
    },
    /// Restore a backup, or move the file away and start afresh.
    #[error("{} is not a whole Greenroom store: {why}", path.display())]
    Corrupt { path: PathBuf, why: String },
    /// Make the file and its folder writable for this user.
    #[error("no permission to use {}", path.display())]
    NoPermission {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Make room.
    #[error("no space left for {}", path.display())]
    DiskFull {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// See the cause: a folder that is not there, a path that is no file, a broken disk.
    #[error("cannot open or create {}", path.display())]
    Unusable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl OpenError {
    /// What to do about it, one sentence.
    pub fn help(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "stop the other process, or give another folder with --data",
            Self::UnknownFormat { .. } => {
                "use the Greenroom that wrote it; this one has changed nothing in it"
            }
            Self::Corrupt { .. } => {
                "restore the file from a backup, or move it away and start afresh"
            }
            Self::NoPermission { .. } => "make the file and its folder writable for this user",
            Self::DiskFull { .. } => "make room on the disk; nothing was lost",
            Self::Unusable { .. } => "check the path and the disk",
        }
    }

    pub(super) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NoPermission { path, source }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, source }
            }
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Corrupt {
                path,
                why: source.to_string(),
            },
            _ => Self::Unusable { path, source },
        }
    }

    fn from_redb(path: &Path, error: redb::Error) -> Self {
        match error {
            redb::Error::Io(source) => Self::from_io(path, source),
            redb::Error::DatabaseAlreadyOpen => Self::InUse {
                path: path.to_owned(),
                pid: None,
            },
            redb::Error::UpgradeRequired(found) => Self::unknown_redb(path, found),
            other => Self::corrupt(path, other.to_string()),
        }
    }

    fn corrupt(path: &Path, why: String) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            why,
        }
    }

    fn unknown_redb(path: &Path, found: u8) -> Self {
        Self::UnknownFormat {
            path: path.to_owned(),
            found: format!("of redb {found}"),
            known: format!("that of redb {REDB_FORMAT}"),
        }
    }
}

/// Opens what `storage` holds, or writes an empty store into it if it holds nothing.
pub(super) fn database(
    path: &Path,
    storage: Box<dyn StorageBackend>,
    tally: &Arc<Tally>,
) -> Result<Database, OpenError> {
    let opening = || {
        refuse_another_redb(path, &*storage)?;
        let counted = Counted {
            inner: storage,
            tally: Arc::clone(tally),
        };
        let database = Builder::new()
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(counted)
            .map_err(|error: DatabaseError| OpenError::from_redb(path, error.into()))?;
        check_format(path, &database)?;
        Ok(database)
    };
    unwinding(opening).unwrap_or_else(|why| Err(OpenError::corrupt(path, why)))
}

/// Makes a whole, empty store at `path` if there is none. The caller keeps others out.
///
/// It is written beside its place and moved there once it is whole: a file whose writer was
/// killed over its first pages could never be opened again.
pub(super) fn create_if_absent(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::from_io(path, source);
    if std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let unfinished = PathBuf::from(name);
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let storage = backend::file(unfinished.clone())().map_err(failed)?;
    drop(database(path, storage, &Arc::default())?);
    std::fs::rename(&unfinished, path).map_err(failed)
}

/// redb reports a format newer than its own as corruption; a person must be told the difference.
fn refuse_another_redb(path: &Path, storage: &dyn StorageBackend) -> Result<(), OpenError> {
    let failed = |source| OpenError::from_io(path, source);
    let mut header = [0; 320];
    if storage.len().map_err(failed)? < header.len() as u64 {
        return Ok(());
    }
    storage.read(0, &mut header).map_err(failed)?;
    if !header.starts_with(REDB_MAGIC) {
        return Ok(());
    }
    let slot = REDB_SLOTS[usize::from(header[REDB_MAGIC.len()] & 1)];
    match header[slot] {
        REDB_FORMAT => Ok(()),
        found => Err(OpenError::unknown_redb(path, found)),
    }
}

fn check_format(path: &Path, database: &Database) -> Result<(), OpenError> {
    match read_format(database).map_err(|error| OpenError::from_redb(path, error))? {
        Found::Nothing => write_format(database).map_err(|error| OpenError::from_redb(path, error)),
        Found::Format(FORMAT) => Ok(()),
        Found::Format(other) => Err(OpenError::UnknownFormat {
            path: path.to_owned(),
            found: other.to_string(),
            known: FORMAT.to_string(),
        }),
        Found::Foreign => Err(OpenError::corrupt(
            path,
            "it is a redb file that something else wrote".to_owned(),
        )),
    }
}

enum Found {
    Nothing,
    Format(u64),
    Foreign,
}

fn read_format(database: &Database) -> Result<Found, redb::Error> {
    let reading = database.begin_read()?;
    let tables: Vec<String> = reading
        .list_tables()?
        .map(|table| table.name().to_owned())
        .collect();
    if tables.is_empty() && reading.list_multimap_tables()?.next().is_none() {
        return Ok(Found::Nothing);
    }
    if !tables.iter().any(|name| name == META.name()) {
        return Ok(Found::Foreign);
    }
    let format = reading.open_table(META)?.get(FORMAT_KEY)?;
    Ok(format.map_or(Found::Foreign, |format| Found::Format(format.value())))
}

fn write_format(database: &Database) -> Result<(), redb::Error> {
    let writing = database.begin_write()?;
    writing.open_table(META)?.insert(FORMAT_KEY, FORMAT)?;
    writing.open_table(ITEMS)?;
    writing.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: io::ErrorKind) -> OpenError {
        OpenError::from_io(Path::new("data/store.redb"), kind.into())
    }

    #[test]
    fn each_error_says_what_a_person_must_do() {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull, UnexpectedEof};
        for kind in [PermissionDenied, ReadOnlyFilesystem] {
            assert!(matches!(refused(kind), OpenError::NoPermission { .. }));
        }
        assert!(matches!(refused(StorageFull), OpenError::DiskFull { .. }));
        assert!(matches!(refused(UnexpectedEof), OpenError::Corrupt { .. }));
        let other = refused(io::ErrorKind::NotFound);
        assert!(matches!(other, OpenError::Unusable { .. }));
    }

    #[test]
    fn an_error_names_the_file_and_who_has_it() {
        let in_use = |pid| OpenError::InUse {
            path: "data/store.redb".into(),
            pid,
        };
        assert_eq!(
            in_use(Some(42)).to_string(),
            "data/store.redb is in use by process 42"
        );
        assert_eq!(
            in_use(None).to_string(),
            "data/store.redb is in use by another process"
        );
    }
}
