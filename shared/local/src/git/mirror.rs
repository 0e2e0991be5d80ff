//! The bare mirror of a repository, and who fetches into it when.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use greenroom_app::ports::source::{Repository, SourceError};
use greenroom_core::name::Revision;
use tokio::sync::Mutex;

use super::GitSource;
use super::command::{Failure, Run};
use super::reference::address_of;
use super::refusal::explain;

/// One mirror. One fetch at a time; who waited for it shares the outcome of the first fetch that
/// *began* after they asked, since an older one may have missed the commit.
#[derive(Debug)]
pub(super) struct Mirror {
    pub path: PathBuf,
    /// How many fetches of all branches have begun.
    begun: AtomicU64,
    /// Held while fetching; why the last fetch of all branches failed, if it did.
    fetching: Mutex<Option<String>>,
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
        let address = address_of(repository)?;
        let failed = |failure| explain(repository, failure);
        let mirror = self.mirror_of(repository, revision);
        if self.has(&mirror.path, revision).await.map_err(failed)? {
            return Ok(mirror);
        }
        let begun_before = mirror.begun.load(Ordering::SeqCst);
        let mut last_failure = mirror.fetching.lock().await;
        if self.has(&mirror.path, revision).await.map_err(failed)? {
            return Ok(mirror.clone());
        }
        if mirror.begun.load(Ordering::SeqCst) == begun_before {
            mirror.begun.fetch_add(1, Ordering::SeqCst);
            // What a fetch that is given up half way says to those who wait for it.
            *last_failure = Some("a fetch was given up".to_owned());
            let done = self.fetch_branches(address, &mirror.path, revision).await;
            let done = done.map_err(failed);
            *last_failure = done.as_ref().err().map(ToString::to_string);
            done?;
        } else if let Some(why) = &*last_failure {
            return Err(SourceError::Unavailable {
                repository: repository.name.to_string(),
                why: format!("the fetch we waited for failed: {why}"),
            });
        }
        let is_here = self.has(&mirror.path, revision).await.map_err(failed)?
            // On no branch and no tag: a pull request's commit, or one that was pushed over.
            || self.fetch_commit(address, &mirror.path, revision).await.map_err(failed)?;
        if is_here {
            Ok(mirror.clone())
        } else {
            Err(absent())
        }
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
                fetching: Mutex::new(None),
            })
        });
        mirror.clone()
    }

    pub(super) async fn has(&self, mirror: &Path, revision: &Revision) -> Result<bool, Failure> {
        if !mirror.exists() {
            return Ok(false);
        }
        let object = format!("{revision}^{{commit}}");
        match self
            .read(mirror, b"", 0, &["cat-file", "-e", &object])
            .await
        {
            Ok(_) => Ok(true),
            Err(Failure::Said { .. }) => Ok(false),
            Err(other) => Err(other),
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
