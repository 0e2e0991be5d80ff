//! Keeps other processes from the store: a locked file beside it that says who has it.
//!
//! The kernel drops the lock with the process, however it ends, so a file left behind by a crash
//! keeps nobody out. The process id in it is for the person who wonders.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use super::open::OpenError;

/// The lock, held until dropped. The file stays, so that two processes never lock two files.
#[derive(Debug)]
pub(super) struct LockFile {
    _file: File,
}

impl LockFile {
    /// Locks `<store>.lock`, creating it if need be.
    pub(super) fn take(store: &Path) -> Result<Self, OpenError> {
        let path = store.with_added_extension("lock");
        let failed = |source| OpenError::from_io(&path, source);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    path: store.to_owned(),
                    pid: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// The process id in the lock file, if its holder has written it yet.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Makes the name of a file just created as durable as its content.
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
