//! The bare mirror of a repository, and how a commit gets into it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use greenroom_app::ports::source::{Repository, SourceError};
use greenroom_core::name::Revision;
use tokio::sync::Mutex;

use super::GitSource;
use super::command::{Failure, Run};
use super::reference::address_of;
use super::refusal::explain;

/// fetch says next to nothing with `--quiet`.
const FETCH_ANSWER_MAX: usize = 1024 * 1024;

/// One mirror. Its lock lets one fetch at a time happen; who waited for it shares the outcome
/// of the first fetch that *began* after they asked, since an older one may have missed the commit.
#[derive(Debug)]
pub(super) struct Mirror {
    pub path: PathBuf,
    /// How many fetches have begun.
    begun: AtomicU64,
    fetching: Mutex<()>,
}

#[cfg(test)]
impl Mirror {
    pub(super) fn fetches(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }
}

impl GitSource {
    /// The mirror, with this commit in it.
    pub(super) async fn mirror_with(
        &self,
        repository: &Repository,
        revision: &Revision,
    ) -> Result<Arc<Mirror>, SourceError> {
        let absent = || SourceError::NotFound {
            what: format!("commit {}", printable(revision)),
            repository: repository.name.to_string(),
        };
        if !is_full_hash(revision.as_str()) {
            return Err(absent());
        }
        address_of(repository)?;
        let mirror = self.mirror_of(repository, revision);
        if self.has(repository, &mirror, revision).await? {
            return Ok(mirror);
        }
        let begun_before = mirror.begun.load(Ordering::SeqCst);
        let _alone = mirror.fetching.lock().await;
        if self.has(repository, &mirror, revision).await? {
            return Ok(mirror.clone());
        }
        if mirror.begun.load(Ordering::SeqCst) == begun_before {
            mirror.begun.fetch_add(1, Ordering::SeqCst);
            self.fetch_branches(repository, &mirror, revision).await?;
            if self.has(repository, &mirror, revision).await? {
                return Ok(mirror.clone());
            }
        }
        // On no branch and no tag: a pull request's commit, or one that was pushed over.
        if self.fetch_commit(repository, &mirror, revision).await?
            && self.has(repository, &mirror, revision).await?
        {
            return Ok(mirror.clone());
        }
        Err(absent())
    }

    fn mirror_of(&self, repository: &Repository, revision: &Revision) -> Arc<Mirror> {
        // A repository has one kind of hash for ever; git cannot fetch the one into the other.
        let kind = if revision.as_str().len() == 64 {
            ".sha256"
        } else {
            ""
        };
        let path = self.folder.join(format!("{}{kind}.git", repository.id));
        let mut mirrors = self.mirrors.lock().unwrap_or_else(PoisonError::into_inner);
        let mirror = mirrors.entry(path.clone()).or_insert_with(|| {
            Arc::new(Mirror {
                path,
                begun: AtomicU64::new(0),
                fetching: Mutex::new(()),
            })
        });
        mirror.clone()
    }

    async fn has(
        &self,
        repository: &Repository,
        mirror: &Mirror,
        revision: &Revision,
    ) -> Result<bool, SourceError> {
        if !mirror.path.exists() {
            return Ok(false);
        }
        let object = format!("{revision}^{{commit}}");
        match self
            .read(&mirror.path, b"", 0, &["cat-file", "-e", &object])
            .await
        {
            Ok(_) => Ok(true),
            Err(Failure::Said { .. }) => Ok(false),
            Err(other) => Err(explain(repository, other)),
        }
    }

    /// Runs git on what is here; no other machine takes part.
    pub(super) async fn read(
        &self,
        mirror: &Path,
        input: &[u8],
        limit: usize,
        arguments: &[&str],
    ) -> Result<Vec<u8>, Failure> {
        let run = Run {
            repository: Some(mirror),
            input,
            limit,
            timeout: self.limits.read,
        };
        self.program.run(run, arguments).await
    }

    async fn fetch_branches(
        &self,
        repository: &Repository,
        mirror: &Mirror,
        revision: &Revision,
    ) -> Result<(), SourceError> {
        self.make(mirror, revision)
            .await
            .map_err(|failure| explain(repository, failure))?;
        let specs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        match self.fetch(repository, mirror, &specs).await? {
            // Somebody was killed while fetching. Nobody fetches now: we hold the lock, and
            // whoever still runs from before a restart is younger than what is removed.
            Err(Failure::Said { said }) if said.contains(".lock': File exists") => {
                remove_locks(&mirror.path, self.limits.fetch);
                self.fetch(repository, mirror, &specs).await?
            }
            other => other,
        }
        .map_err(|failure| explain(repository, failure))
    }

    /// False when the repository says that it has no such commit, or gives it to nobody.
    async fn fetch_commit(
        &self,
        repository: &Repository,
        mirror: &Mirror,
        revision: &Revision,
    ) -> Result<bool, SourceError> {
        match self.fetch(repository, mirror, &[revision.as_str()]).await? {
            Ok(()) => Ok(true),
            Err(Failure::Said { said })
                if [
                    "not our ref",
                    "unadvertised object",
                    "couldn't find remote ref",
                ]
                .iter()
                .any(|words| said.contains(words)) =>
            {
                Ok(false)
            }
            Err(other) => Err(explain(repository, other)),
        }
    }

    async fn fetch(
        &self,
        repository: &Repository,
        mirror: &Mirror,
        specs: &[&str],
    ) -> Result<Result<(), Failure>, SourceError> {
        let address = address_of(repository)?;
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
            repository: Some(&mirror.path),
            input: b"",
            limit: FETCH_ANSWER_MAX,
            timeout: self.limits.fetch,
        };
        Ok(self.program.run(run, arguments).await.map(|_| ()))
    }

    /// Makes the empty mirror beside its place and moves it there, so that it is never half made.
    async fn make(&self, mirror: &Mirror, revision: &Revision) -> Result<(), Failure> {
        if mirror.path.exists() {
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
            limit: FETCH_ANSWER_MAX,
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
        match std::fs::rename(&new, &mirror.path) {
            Err(_) if mirror.path.exists() => Ok(()),
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

fn is_full_hash(text: &str) -> bool {
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    matches!(text.len(), 40 | 64) && text.bytes().all(is_hex)
}

/// Whatever was asked for, short and without control characters.
fn printable(revision: &Revision) -> String {
    let text = revision.as_str().chars().filter(|c| !c.is_control());
    text.take(64).collect()
}
