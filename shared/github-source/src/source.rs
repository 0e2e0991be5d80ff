//! The adapter: what it is made of, and the port.

use std::sync::Arc;
use std::time::Duration;

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{
    Access, Changed, Commit, Comparison, Head, Repository, Source, SourceError, SourceFile, Status,
};
use greenroom_core::name::{RefName, Revision, SecretName};
use jiff::Timestamp;
use reqwest::Url;

use crate::api::Api;
use crate::kept::Kept;
use crate::pages::Pages;
use crate::send::Sender;
use crate::token::Tokens;
use crate::{changed, check, history, reference, status, tree};

/// GitHub's own API server; GitHub Enterprise Server has one at `https://<host>/api/v3`.
pub const DEFAULT_BASE: &str = "https://api.github.com";

/// Tells the time. Limits and tokens end at times that GitHub names.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long a request may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// Until there is a connection: name, TCP and TLS.
    pub connect: Duration,
    /// From the beginning until the whole answer is read.
    pub whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            whole: Duration::from_secs(20),
        }
    }
}

/// The server's address is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{base}` is no address of GitHub's API: {why}")]
pub struct SetupError {
    pub base: String,
    pub why: &'static str,
}

/// [`Source`] by GitHub's REST API; see the crate's text for its policy. One credential, one rate
/// limit; it is shared by all who ask.
#[derive(Debug)]
pub struct GitHubSource<S> {
    pub(crate) api: Api<S>,
    pub(crate) pages: Pages,
    pub(crate) kept: Kept,
}

impl<S: Secrets> GitHubSource<S> {
    /// Asks the server at `base`, usually [`DEFAULT_BASE`], with the credential that the secret
    /// `name` holds (see [`Credential`](crate::Credential)). The secret is read when it is needed.
    ///
    /// # Errors
    /// When `base` is not an `http` or `https` address without user, query and fragment.
    pub fn new(base: &str, name: SecretName, secrets: S) -> Result<Self, SetupError> {
        let clock: Clock = Arc::new(Timestamp::now);
        Self::with(base, name, secrets, Timeouts::default(), clock)
    }

    /// As [`new`](Self::new), with timeouts and a clock of your own.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with(
        base: &str,
        name: SecretName,
        secrets: S,
        timeouts: Timeouts,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        let base = address(base)?;
        // Another part of the process may have chosen a provider before; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            api: Api::new(
                Sender::new(base, timeouts, clock),
                Tokens::new(name, secrets),
            ),
            pages: Pages::default(),
            kept: Kept::default(),
        })
    }
}

impl<S: Secrets> Source for GitHubSource<S> {
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
        self.pages.heads(&self.api, repository).await
    }

    async fn commit(
        &self,
        repository: &Repository,
        revision: &Revision,
    ) -> Result<Commit, SourceError> {
        history::commit(self, repository, revision).await
    }

    async fn file_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        path: &str,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, SourceError> {
        tree::file_at(self, repository, revision, path, limit).await
    }

    async fn files_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        glob: &str,
    ) -> Result<Vec<SourceFile>, SourceError> {
        tree::files_at(self, repository, revision, glob).await
    }

    async fn compare(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
        limit: usize,
    ) -> Result<Comparison, SourceError> {
        history::compare(self, repository, base, head, limit).await
    }

    async fn changed(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
    ) -> Result<Changed, SourceError> {
        changed::changed(self, repository, base, head).await
    }

    async fn access(&self, repository: &Repository) -> Result<Option<Access>, SourceError> {
        if repository.git.is_some() {
            return Ok(None);
        }
        match self.check(repository).await {
            Ok(checked) => Ok(Some(checked.into_access())),
            Err(SourceError::Refused { why, .. }) => Ok(Some(check::refused(why))),
            Err(error) => Err(error),
        }
    }

    fn shows_statuses(&self, repository: &Repository) -> bool {
        repository.git.is_none()
    }

    async fn set_status(
        &self,
        repository: &Repository,
        revision: &Revision,
        status: &Status,
    ) -> Result<(), SourceError> {
        status::set(self, repository, revision, status).await
    }
}

fn address(base: &str) -> Result<Url, SetupError> {
    let refuse = |base: &str, why| SetupError {
        base: base.to_owned(),
        why,
    };
    let url = Url::parse(base).map_err(|_| refuse(base, "not an address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refuse(base, "neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // It may hold a password.
        return Err(refuse("(hidden)", "it has a user in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse(base, "it has a query or a fragment"));
    }
    Ok(url)
}
