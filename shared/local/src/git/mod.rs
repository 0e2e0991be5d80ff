//! Where code lives, for any path or URL git can fetch from, by the `git` program.
//!
//! What stands where is asked of the repository itself, every time (`ls-remote`). Contents come
//! from a bare mirror, `<data>/git/<repository id>.git`, which is fetched only when a commit is
//! not in it yet: a commit never changes, so what is there is true. Nothing is ever removed from
//! a mirror: a stage may still be asked to go back to a commit whose branch is gone.
//!
//! Submodules and LFS are not supported: a checkout has empty folders for the former and pointer
//! files for the latter.

mod changed;
mod checkout;
mod command;
mod fetch;
mod history;
mod mirror;
mod reference;
mod refusal;
#[cfg(test)]
pub(crate) mod tests;
mod tree;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_app::ports::source::{
    Changed, Commit, Comparison, Head, Repository, Source, SourceError, SourceFile,
};
use greenroom_core::name::{RefName, Revision};
use tokio::sync::Semaphore;

use command::GitProgram;
use mirror::Mirror;

/// How long git may take.
#[derive(Clone, Copy, Debug)]
pub struct GitLimits {
    /// For asking where branches stand. Default 30 s.
    pub ask: Duration,
    /// For fetching, which may be a first clone. Default 10 minutes.
    pub fetch: Duration,
    /// For reading what is already here, a checkout included. Default 2 minutes.
    pub read: Duration,
    /// How many gits ask at once, and how many fetch at once: a slow clone keeps nobody from
    /// seeing a new commit elsewhere. Default 8.
    pub at_once: usize,
}

impl Default for GitLimits {
    fn default() -> Self {
        Self {
            ask: Duration::from_secs(30),
            fetch: Duration::from_secs(600),
            read: Duration::from_secs(120),
            at_once: 8,
        }
    }
}

/// [`Source`] by the `git` program; see the module's text for its policy.
#[derive(Debug)]
pub struct GitSource {
    folder: PathBuf,
    program: GitProgram,
    limits: GitLimits,
    asking: Semaphore,
    fetching: Semaphore,
    mirrors: Mutex<HashMap<PathBuf, Arc<Mirror>>>,
}

impl GitSource {
    /// Mirrors live in `folder` (`<data>/git`), which is made. `environment` is the server's:
    /// git is given its `PATH`, proxies, certificates and ssh agent, and nothing else of it.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn new(
        folder: impl Into<PathBuf>,
        environment: impl IntoIterator<Item = (String, String)>,
        limits: GitLimits,
    ) -> std::io::Result<Self> {
        let folder = folder.into();
        std::fs::create_dir_all(&folder)?;
        let folder = folder.canonicalize()?;
        Ok(Self {
            program: GitProgram::new(&folder, environment)?,
            folder,
            limits,
            asking: Semaphore::new(limits.at_once),
            fetching: Semaphore::new(limits.at_once),
            mirrors: Mutex::default(),
        })
    }

    /// Makes `into`, which must not exist, a checkout of exactly this commit: `HEAD` detached at
    /// it, no remote, no hooks. It borrows the mirror's objects, so it is made in the time its
    /// files take to write, and `git rev-parse`, `git log` and `git describe` work in it: build
    /// scripts ask for them, and an exported tree would make them find some other repository.
    ///
    /// # Errors
    /// `NotFound` when there is certainly no such commit.
    pub async fn checkout(
        &self,
        repository: &Repository,
        revision: &Revision,
        into: &Path,
    ) -> Result<(), SourceError> {
        let mirror = self.mirror_with(repository, revision).await?;
        checkout::make(self, repository, &mirror, revision, into).await
    }
}

impl Source for GitSource {
    async fn default_branch(&self, repository: &Repository) -> Result<RefName, SourceError> {
        reference::default_branch(self, repository).await
    }

    async fn head(
        &self,
        repository: &Repository,
        reference: &RefName,
    ) -> Result<Option<Head>, SourceError> {
        reference::head(self, repository, reference).await
    }

    async fn heads(&self, repository: &Repository) -> Result<Vec<Head>, SourceError> {
        reference::heads(self, repository).await
    }

    async fn commit(
        &self,
        repository: &Repository,
        revision: &Revision,
    ) -> Result<Commit, SourceError> {
        let mirror = self.mirror_with(repository, revision).await?;
        history::commit(self, repository, &mirror, revision).await
    }

    async fn file_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        path: &str,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, SourceError> {
        let mirror = self.mirror_with(repository, revision).await?;
        tree::file_at(self, repository, &mirror, revision, path, limit).await
    }

    async fn files_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        glob: &str,
    ) -> Result<Vec<SourceFile>, SourceError> {
        let mirror = self.mirror_with(repository, revision).await?;
        tree::files_at(self, repository, &mirror, revision, glob).await
    }

    async fn compare(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
        limit: usize,
    ) -> Result<Comparison, SourceError> {
        let mirror = self.mirror_with(repository, head).await?;
        self.mirror_with(repository, base).await?;
        history::compare(self, repository, &mirror, base, head, limit).await
    }

    async fn changed(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
    ) -> Result<Changed, SourceError> {
        let mirror = self.mirror_with(repository, head).await?;
        self.mirror_with(repository, base).await?;
        changed::changed(self, repository, &mirror, base, head).await
    }
}
