//! Where code lives: git, or GitHub's REST API.

use std::future::Future;

use greenroom_core::commit_status::StatusState;
use greenroom_core::name::{RefName, RepoName, RepositoryId, Revision};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a repository is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Repository {
    pub id: RepositoryId,
    pub name: RepoName,
    /// Any path or URL git can fetch from; `None` means GitHub's REST API.
    pub git: Option<String>,
}

impl Repository {
    /// The same for people: without the credential that an `https` address may hold.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        let git = self.git.as_ref().map(|address| {
            let Some((scheme, rest)) = address.split_once("://") else {
                return address.clone();
            };
            let authority = rest.split('/').next().unwrap_or_default();
            match authority.rsplit_once('@') {
                Some((user, _)) if scheme.starts_with("http") || user.contains(':') => {
                    format!("{scheme}://{}", &rest[user.len() + 1..])
                }
                _ => address.clone(),
            }
        });
        Self {
            git,
            ..self.clone()
        }
    }
}

/// Where a branch or tag stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    pub reference: RefName,
    /// The commit, also for an annotated tag.
    pub revision: Revision,
}

/// A commit, as far as people are told about it. All texts are untrusted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Commit {
    pub revision: Revision,
    pub author: String,
    pub email: String,
    /// First line of the message, at most 200 characters.
    pub subject: String,
    pub at: Timestamp,
}

/// The commits that `head` has and `base` has not, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Comparison {
    pub commits: Vec<Commit>,
    /// There are more than the limit that was asked for.
    pub truncated: bool,
}

/// So many paths are told; GitHub tells 300, and not whether there are more.
pub const CHANGED_MAX: usize = 299;

/// In which files two commits differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changed {
    /// All of them, at most [`CHANGED_MAX`], ordered; of a file that was renamed both names.
    Paths(Vec<String>),
    /// The one does not lead to the other, or there are more.
    Unknown,
}

/// A file at a commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceFile {
    /// Relative to the repository's root, `/`-separated.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// Why the source could not answer, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is certain that there is no such thing; asking again changes nothing.
    #[error("{what} does not exist in {repository}")]
    NotFound { what: String, repository: String },
    /// The file is larger than the caller is willing to read.
    #[error("{path} has more than {limit} bytes")]
    TooLarge { path: String, limit: usize },
    /// A person must mend the credential or the address.
    #[error("{repository} refuses us: {why}")]
    Refused { repository: String, why: String },
    /// Try later.
    #[error("{repository} cannot be reached: {why}")]
    Unavailable { repository: String, why: String },
    /// Where it lives there is no such thing at all.
    #[error("{repository} is reached in a way that has no {what}")]
    Unsupported { repository: String, what: String },
}

/// What is shown beside a commit. Of one context the last one counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// Whose it is: `greenroom/<stage>`.
    pub context: String,
    pub state: StatusState,
    /// A sentence for people; adapters cut what is too long for the other side.
    pub description: String,
    /// Where there is more to read.
    pub url: Option<String>,
}

/// Something a person has to mend, and how.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mend {
    pub what: String,
    pub fix: String,
}

/// What the credential of a repository can do, a pipeline that somebody made, or a channel.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Access {
    /// What does not work.
    pub problems: Vec<Mend>,
    /// What will not work soon.
    pub warnings: Vec<Mend>,
}

/// Reads what is true about a repository right now.
pub trait Source: Send + Sync + 'static {
    /// The default branch's full reference.
    fn default_branch(
        &self,
        repository: &Repository,
    ) -> impl Future<Output = Result<RefName, SourceError>> + Send;
    /// Where one reference stands; `None` when it is certain that it does not exist.
    fn head(
        &self,
        repository: &Repository,
        reference: &RefName,
    ) -> impl Future<Output = Result<Option<Head>, SourceError>> + Send;
    /// Where all branches stand, ordered by name.
    fn heads(
        &self,
        repository: &Repository,
    ) -> impl Future<Output = Result<Vec<Head>, SourceError>> + Send;
    /// One commit.
    fn commit(
        &self,
        repository: &Repository,
        revision: &Revision,
    ) -> impl Future<Output = Result<Commit, SourceError>> + Send;
    /// A file at a commit; `None` when the commit has no such file; `TooLarge` beyond `limit` bytes.
    fn file_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        path: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, SourceError>> + Send;
    /// Files whose path matches `glob` (`*` within a segment, `**` across), ordered by path;
    /// at most 500 files and 8 MiB in all, else `TooLarge`.
    fn files_at(
        &self,
        repository: &Repository,
        revision: &Revision,
        glob: &str,
    ) -> impl Future<Output = Result<Vec<SourceFile>, SourceError>> + Send;
    /// Commits reachable from `head` and not from `base`, newest first, at most `limit`.
    fn compare(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
        limit: usize,
    ) -> impl Future<Output = Result<Comparison, SourceError>> + Send;
    /// The files in which `head` differs from `base`, a commit that leads to it.
    fn changed(
        &self,
        repository: &Repository,
        base: &Revision,
        head: &Revision,
    ) -> impl Future<Output = Result<Changed, SourceError>> + Send;
    /// Tries the credential on a repository, without changing anything; `None` where repositories are
    /// read by an address and no credential of ours.
    fn access(
        &self,
        _repository: &Repository,
    ) -> impl Future<Output = Result<Option<Access>, SourceError>> + Send {
        std::future::ready(Ok(None))
    }
    /// Whether something can be shown beside this repository's commits. Where it cannot, nothing
    /// is decided to be shown.
    fn shows_statuses(&self, _repository: &Repository) -> bool {
        false
    }
    /// Shows `status` beside a commit; once more is the same. `Unsupported` where
    /// [`shows_statuses`](Self::shows_statuses) is false.
    fn set_status(
        &self,
        repository: &Repository,
        _revision: &Revision,
        _status: &Status,
    ) -> impl Future<Output = Result<(), SourceError>> + Send {
        let unsupported = SourceError::Unsupported {
            repository: repository.name.to_string(),
            what: "statuses of commits".to_owned(),
        };
        std::future::ready(Err(unsupported))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: &str) -> String {
        let repository = Repository {
            id: RepositoryId(1),
            name: RepoName::new("acme/orders"),
            git: Some(address.to_owned()),
        };
        repository.without_credentials().git.unwrap_or_default()
    }

    #[test]
    fn an_address_is_shown_without_its_credential() {
        assert_eq!(
            shown("https://x:token@git.example.com/a/b.git"),
            "https://git.example.com/a/b.git"
        );
        assert_eq!(
            shown("https://token@git.example.com/a"),
            "https://git.example.com/a"
        );
        assert_eq!(shown("ssh://git:word@example.com/a"), "ssh://example.com/a");
        for plain in [
            "ssh://git@example.com/a",
            "git@example.com:a/b",
            "/srv/git/a@b",
            "https://example.com/@a",
        ] {
            assert_eq!(shown(plain), plain);
        }
    }
}
