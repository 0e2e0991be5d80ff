//! Fetching into a mirror, and mending a mirror that a crash or a disk has damaged.
//!
//! A mirror can be made again from its repository, all but commits that are on no branch there any
//! more. So it is thrown away only when git itself finds it broken.

use std::path::Path;
use std::time::Duration;

use greenroom_core::name::Revision;

use super::GitSource;
use super::command::{Failure, Run};

/// fetch says next to nothing with `--quiet`.
const ANSWER_MAX: usize = 1024 * 1024;

/// What a repository says when it has no such commit, or gives it to nobody.
const ABSENT: [&str; 3] = [
    "not our ref",
    "unadvertised object",
    "couldn't find remote ref",
];

/// What git says when the mirror may be damaged.
const DAMAGE: [&str; 12] = [
    "index file",
    "bad object",
    "bad ref",
    "corrupt",
    "necessary objects",
    "packed-refs",
    "packfile",
    "not a git repository",
    "object file",
    "invalid sha1 pointer",
    "reference broken",
    "unable to read",
];

impl GitSource {
    /// Brings the mirror, which is made if need be, to where branches and tags are.
    pub(super) async fn fetch_branches(
        &self,
        address: &str,
        mirror: &Path,
        revision: &Revision,
    ) -> Result<(), Failure> {
        self.make(mirror, revision).await?;
        let specs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        let said = match self.fetch(address, mirror, &specs).await {
            Err(Failure::Said { said }) => said,
            other => return other,
        };
        if said.contains(".lock': File exists") {
            // Somebody was killed while fetching. Nobody of us fetches now, and whoever still
            // runs from before a restart is younger than what is removed.
            remove_locks(mirror, self.limits.fetch);
        } else if self.is_damaged(mirror, &said).await {
            self.discard(mirror)?;
            self.make(mirror, revision).await?;
        } else {
            return Err(Failure::Said { said });
        }
        self.fetch(address, mirror, &specs).await
    }

    /// Fetches one commit that no branch leads to. False when the repository has none such, or
    /// gives it to nobody.
    pub(super) async fn fetch_commit(
        &self,
        address: &str,
        mirror: &Path,
        revision: &Revision,
    ) -> Result<bool, Failure> {
        match self.fetch(address, mirror, &[revision.as_str()]).await {
            Err(Failure::Said { said }) if ABSENT.iter().any(|words| said.contains(words)) => {
                return Ok(false);
            }
            Err(Failure::Said { said }) if !self.is_damaged(mirror, &said).await => {
                return Err(Failure::Said { said });
            }
            Err(Failure::Said { .. }) => {}
            Err(other) => return Err(other),
            Ok(()) if self.has(mirror, revision).await? => return Ok(true),
            // The repository believed us that we have it.
            Ok(()) => {}
        }
        self.discard(mirror)?;
        self.make(mirror, revision).await?;
        let specs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        self.fetch(address, mirror, &specs).await?;
        self.has(mirror, revision).await
    }

    async fn fetch(&self, address: &str, mirror: &Path, specs: &[&str]) -> Result<(), Failure> {
        let mut arguments = vec!["fetch", "--quiet", "--force", "--no-tags"];
        arguments.extend(["--no-write-fetch-head", "--no-recurse-submodules"]);
        if specs.iter().any(|spec| spec.contains('*')) {
            // Else `a/b` could not come after `a` is gone.
            arguments.push("--prune");
        }
        arguments.extend(["--", address]);
        arguments.extend(specs);
        let _turn = self.fetching.acquire().await;
        let run = Run {
            repository: Some(mirror),
            input: b"",
            limit: ANSWER_MAX,
            timeout: self.limits.fetch,
        };
        self.program.run(run, arguments).await.map(|_| ())
    }

    /// True when git finds objects or references of the mirror broken. It is asked only after it
    /// complained of something of the kind: looking at everything takes long, and the complaint
    /// may have been about the repository at the other end.
    async fn is_damaged(&self, mirror: &Path, said: &str) -> bool {
        if !DAMAGE.iter().any(|words| said.contains(words)) {
            return false;
        }
        let check = [
            "fsck",
            "--connectivity-only",
            "--no-dangling",
            "--no-progress",
        ];
        let checked = self.read(mirror, b"", ANSWER_MAX, &check).await;
        matches!(checked, Err(Failure::Said { .. }))
    }

    fn discard(&self, mirror: &Path) -> Result<(), Failure> {
        tracing::warn!(path = %mirror.display(), "a damaged mirror is made anew");
        let grave = tempfile::Builder::new()
            .prefix("damaged-")
            .tempdir_in(&self.folder)
            .map_err(Failure::Broken)?;
        std::fs::rename(mirror, grave.path().join("mirror")).map_err(Failure::Broken)
    }

    /// Makes the empty mirror beside its place and moves it there, so that it is never half made.
    async fn make(&self, mirror: &Path, revision: &Revision) -> Result<(), Failure> {
        if mirror.exists() {
            return Ok(());
        }
        let beside = tempfile::Builder::new()
            .prefix("making-")
            .tempdir_in(&self.folder)
            .map_err(Failure::Broken)?;
        let new = beside.path().join("mirror.git");
        let new_text = new.to_string_lossy().into_owned();
        let format = if revision.as_str().len() == 64 {
            "--object-format=sha256"
        } else {
            "--object-format=sha1"
        };
        let run = Run {
            repository: None,
            input: b"",
            limit: ANSWER_MAX,
            timeout: self.limits.read,
        };
        let arguments = [
            "init",
            "--bare",
            "--quiet",
            "--template=",
            format,
            "--",
            &new_text,
        ];
        self.program.run(run, arguments).await?;
        match std::fs::rename(&new, mirror) {
            Err(_) if mirror.exists() => Ok(()),
            other => other.map_err(Failure::Broken),
        }
    }
}

/// Removes lock files that nobody can still hold: older than a fetch may last.
fn remove_locks(mirror: &Path, age: Duration) {
    let mut folders = vec![mirror.to_owned(), mirror.join("refs")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let (path, metadata) = (entry.path(), entry.metadata());
            let Ok(metadata) = metadata else { continue };
            let is_old = || {
                let modified = metadata.modified().ok();
                modified
                    .and_then(|at| at.elapsed().ok())
                    .is_some_and(|old| old > age)
            };
            if metadata.is_dir() && folder != mirror {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "lock") && is_old() {
                tracing::warn!(path = %path.display(), "removed a lock left by a killed git");
                let _ = std::fs::remove_file(path);
            }
        }
    }
}
