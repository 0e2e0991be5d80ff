//! GitHub's answers, as far as they are read.

use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct RepositoryAnswer {
    pub id: u64,
    pub full_name: String,
    pub default_branch: String,
}

#[derive(Deserialize)]
pub(crate) struct Branch {
    pub name: String,
    pub commit: Named,
}

/// Something by its hash.
#[derive(Deserialize)]
pub(crate) struct Named {
    pub sha: String,
}

#[derive(Deserialize)]
pub(crate) struct Reference {
    #[serde(rename = "ref")]
    pub name: String,
    pub object: Target,
}

#[derive(Deserialize)]
pub(crate) struct Target {
    #[serde(rename = "type")]
    pub kind: String,
    pub sha: String,
}

/// The object of an annotated tag.
#[derive(Deserialize)]
pub(crate) struct Tag {
    pub object: Target,
}

#[derive(Deserialize)]
pub(crate) struct GitCommit {
    pub sha: String,
    #[serde(flatten)]
    pub inside: Inside,
}

/// A commit in a list.
#[derive(Deserialize)]
pub(crate) struct ListedCommit {
    pub sha: String,
    pub commit: Inside,
}

#[derive(Deserialize)]
pub(crate) struct Inside {
    pub author: Option<Person>,
    pub committer: Option<Person>,
    pub message: String,
}

#[derive(Deserialize)]
pub(crate) struct Person {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    /// Kept as text: a time nobody can read is no reason to hide the commit.
    #[serde(default)]
    pub date: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Compared {
    pub total_commits: usize,
    pub commits: Vec<ListedCommit>,
}

/// The same answer, for its files: on the first page all of them, at most 300.
#[derive(Deserialize)]
pub(crate) struct Differing {
    pub status: String,
    pub files: Vec<Differs>,
}

#[derive(Deserialize)]
pub(crate) struct Differs {
    pub filename: String,
    /// Of a file that was renamed.
    pub previous_filename: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct TreeAnswer {
    pub tree: Vec<Entry>,
    #[serde(default)]
    pub truncated: bool,
}

/// A file, a folder, a link or a submodule.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Entry {
    pub path: String,
    pub mode: String,
    #[serde(default)]
    pub sha: String,
    #[serde(default)]
    pub size: Option<usize>,
}

#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    pub token: String,
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
pub(crate) struct InstallationAnswer {
    pub id: u64,
}

/// What GitHub says about what it does not do.
#[derive(Default, Deserialize)]
pub(crate) struct ErrorAnswer {
    #[serde(default)]
    pub message: String,
}
