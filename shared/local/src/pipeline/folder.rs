//! The folder of an execution, and what survives in it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use greenroom_app::ports::pipelines::{Observation, StartRequest};
use greenroom_core::name::ExecutionId;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::process::ProcessIdentity;

/// All executions.
#[derive(Clone, Debug)]
pub(super) struct Executions {
    folder: PathBuf,
}

/// One execution's folder.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// What a start found.
#[derive(Debug)]
pub(super) enum Claim {
    New(Folder),
    /// This token started an execution before.
    Existing,
}

/// What is known while there is no result.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Status {
    /// The server.
    pub owner: ProcessIdentity,
    /// The step that runs, since when; none while it waits or prepares.
    pub step: Option<String>,
    pub since: Timestamp,
    /// The leader of the step's process group.
    pub group: Option<ProcessIdentity>,
}

impl Status {
    pub(super) fn queued(owner: ProcessIdentity, since: Timestamp) -> Self {
        Self {
            owner,
            step: None,
            since,
            group: None,
        }
    }
}

/// A claim that a crash left half made has this in front.
const CLAIMING: &str = ".claiming-";

impl Executions {
    pub(super) fn new(data: &Path) -> std::io::Result<Self> {
        let folder = data.join("executions");
        std::fs::create_dir_all(&folder)?;
        let folder = folder.canonicalize()?;
        for entry in std::fs::read_dir(&folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(CLAIMING) {
                remove_tree(&entry.path());
            }
        }
        Ok(Self { folder })
    }

    /// The same for the same token, whatever is in it.
    pub(super) fn id_of(token: &str) -> ExecutionId {
        let hash = hex::encode(Sha256::digest(token.as_bytes()));
        ExecutionId::new(format!("local-{}", &hash[..32]))
    }

    /// The folder of an execution that was started; `None` also for what is no id of ours.
    pub(super) fn find(&self, execution: &ExecutionId) -> Option<Folder> {
        let path = self.path_of(execution)?;
        path.is_dir().then_some(Folder { path })
    }

    fn path_of(&self, execution: &ExecutionId) -> Option<PathBuf> {
        let hex = execution.as_str().strip_prefix("local-")?;
        let ours = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        ours.then(|| self.folder.join(execution.as_str()))
    }

    /// Makes the folder with its request, durably and all at once: it is made under another name
    /// and moved, and a folder that is there already is never replaced.
    pub(super) fn claim(
        &self,
        execution: &ExecutionId,
        request: &StartRequest,
        status: &Status,
    ) -> std::io::Result<Claim> {
        let path = self.folder.join(execution.as_str());
        if path.exists() {
            return Ok(Claim::Existing);
        }
        let new = tempfile::Builder::new()
            .prefix(CLAIMING)
            .tempdir_in(&self.folder)?;
        let folder = Folder {
            path: new.path().to_owned(),
        };
        std::fs::create_dir(folder.steps())?;
        folder.replace("request.json", request, true)?;
        folder.replace("status.json", status, false)?;
        std::fs::File::open(new.path())?.sync_all()?;
        match std::fs::rename(new.path(), &path) {
            Ok(()) => {}
            Err(_) if path.exists() => return Ok(Claim::Existing),
            Err(error) => return Err(error),
        }
        let _ = new.keep();
        std::fs::File::open(&self.folder)?.sync_all()?;
        Ok(Claim::New(Folder { path }))
    }
}

impl Folder {
    pub(super) fn steps(&self) -> PathBuf {
        self.path.join("steps")
    }
    /// Everything that goes when the execution ends.
    pub(super) fn work(&self) -> PathBuf {
        self.path.join("work")
    }
    pub(super) fn checkout(&self) -> PathBuf {
        self.work().join("checkout")
    }
    pub(super) fn artifact(&self) -> PathBuf {
        self.work().join("artifact")
    }
    pub(super) fn home(&self) -> PathBuf {
        self.work().join("home")
    }
    pub(super) fn temporary(&self) -> PathBuf {
        self.work().join("tmp")
    }
    /// Where the step with this number, counted from 1, tells its outputs.
    pub(super) fn output(&self, number: usize) -> PathBuf {
        self.work().join(format!("output-{number:02}"))
    }

    /// The log of a step; number 0 is our own.
    pub(super) fn log(&self, number: usize, name: &str) -> PathBuf {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '_'
            }
        };
        let name: String = name.chars().map(plain).take(40).collect();
        self.steps().join(format!("{number:02}-{name}.log"))
    }

    /// What `work` holds before anything runs.
    pub(super) fn make_work(&self) -> std::io::Result<()> {
        for folder in [self.work(), self.home(), self.temporary()] {
            std::fs::create_dir(&folder)?;
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }

    pub(super) fn request(&self) -> std::io::Result<StartRequest> {
        read(&self.path.join("request.json"))
    }

    /// `None` when there is none that makes sense, as after a power failure.
    ///
    /// # Errors
    /// The disk cannot be read now, which says nothing about the execution.
    pub(super) fn status(&self) -> std::io::Result<Option<Status>> {
        use std::io::ErrorKind::{InvalidData, NotFound};
        match read(&self.path.join("status.json")) {
            Ok(status) => Ok(Some(status)),
            Err(error) if matches!(error.kind(), NotFound | InvalidData) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn set_status(&self, status: &Status) -> std::io::Result<()> {
        // Not synced: after a power failure nothing runs that it could speak of.
        self.replace("status.json", status, false)
    }

    /// The result, if there is one.
    ///
    /// # Errors
    /// The disk cannot be read. A result that makes no sense is no error but a result.
    pub(super) fn result(&self) -> std::io::Result<Option<Observation>> {
        let path = self.path.join("result.json");
        match read(&path) {
            Ok(result) => Ok(Some(result)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                let modified = path.metadata().and_then(|metadata| metadata.modified());
                let at = modified.ok().and_then(|at| Timestamp::try_from(at).ok());
                Ok(Some(Observation::Errored {
                    why: format!("its result is damaged: {error}"),
                    at: at.unwrap_or(Timestamp::UNIX_EPOCH),
                }))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes the result once. Gives the one that counts: the first. What the execution worked
    /// with goes first: if it has filled the disk, this makes room for the result.
    pub(super) fn finish(&self, result: &Observation) -> std::io::Result<Observation> {
        remove_tree(&self.work());
        let file = self.write("result.json", result, true)?;
        match file.persist_noclobber(self.path.join("result.json")) {
            Ok(_) => std::fs::File::open(&self.path)?.sync_all()?,
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
        Ok(self.result()?.unwrap_or_else(|| result.clone()))
    }

    fn replace(&self, name: &str, value: &impl Serialize, sync: bool) -> std::io::Result<()> {
        let file = self.write(name, value, sync)?;
        file.persist(self.path.join(name))
            .map_err(|error| error.error)?;
        Ok(())
    }

    fn write(
        &self,
        name: &str,
        value: &impl Serialize,
        sync: bool,
    ) -> std::io::Result<tempfile::NamedTempFile> {
        let mut file = tempfile::Builder::new()
            .prefix(&format!(".{name}-"))
            .tempfile_in(&self.path)?;
        let text = serde_json::to_vec_pretty(value).map_err(std::io::Error::other)?;
        file.write_all(&text)?;
        if sync {
            file.as_file().sync_all()?;
        }
        Ok(file)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> std::io::Result<T> {
    let text = std::fs::read(path)?;
    serde_json::from_slice(&text)
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}

/// Removes a folder with everything in it, read-only folders too: some build tools make those.
pub(super) fn remove_tree(path: &Path) {
    let remove = || match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    if remove().is_ok() {
        return;
    }
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let _ = std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700));
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(inner.map(|entry| entry.path()));
    }
    if let Err(error) = remove() {
        tracing::warn!(path = %path.display(), %error, "a folder of an execution cannot be removed");
    }
}
