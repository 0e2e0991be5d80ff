//! What a webhook said, reduced to what a decision needs. This is what the durable inbox keeps.
//!
//! Every field is bounded, so that an event of any size GitHub sends is stored in a few KiB.
//! An event is a hint: heads are read again before anything is decided.

use greenroom_core::name::{Actor, RefName, RepoName, RepositoryId, Revision};
use serde::{Deserialize, Serialize};

/// Something happened in a repository.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SourceEvent {
    pub repository: RepositoryId,
    /// As GitHub spells it now; a rename changes it, the id stays.
    pub repository_name: RepoName,
    pub default_branch: RefName,
    pub what: What,
    /// Who pushed, or who acted on the pull request; absent when GitHub does not say.
    pub actor: Option<Actor>,
    /// First line of the head commit's message, or a pull request's title. Untrusted text, without
    /// control characters, at most 200 characters and 400 bytes.
    pub subject: Option<String>,
    /// An app acted, not a person.
    pub sender_is_bot: bool,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    Push(Push),
    Tag(Tag),
    PullRequest(PullRequest),
}

/// A branch moved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Push {
    /// `refs/heads/...`
    pub reference: RefName,
    /// `None`: the branch is new.
    pub before: Option<Revision>,
    /// `None`: the branch was deleted.
    pub after: Option<Revision>,
    /// History was rewritten: `before` may not be an ancestor of `after`.
    pub forced: bool,
    pub created: bool,
}

/// A tag was set, moved or deleted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tag {
    /// `refs/tags/...`
    pub reference: RefName,
    /// The commit the tag leads to, also for an annotated tag, which is an object of its own.
    /// `None`: the tag was deleted.
    pub commit: Option<Revision>,
    pub forced: bool,
    pub created: bool,
}

/// A pull request was opened, changed or closed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PullRequest {
    pub number: u64,
    pub action: Action,
    /// The head commit of the pull request's own branch.
    pub revision: Revision,
    /// The branch it comes from, in its own repository: `refs/heads/...`
    pub head: RefName,
    /// The branch it wants to go to: `refs/heads/...`
    pub base: RefName,
    /// Names, in GitHub's order, at most 768 bytes together; a name is kept whole or not at all.
    pub labels: Vec<String>,
    /// There were more labels than are kept.
    pub labels_cut: bool,
    /// The head is not in this repository, or GitHub does not say where it is.
    /// Code of a fork meets no credential before somebody has approved the very commit.
    pub fork: bool,
    pub draft: bool,
    pub author_association: Association,
    /// Who opened it; absent when GitHub does not say, and in what was kept by older versions.
    #[serde(default)]
    pub author: Option<Actor>,
}

/// What was done to a pull request. Actions that change neither code nor rules are not events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Opened,
    Reopened,
    /// Its head moved.
    Synchronized,
    Labeled,
    Unlabeled,
    /// Title, text or base branch were changed.
    Edited,
    ReadyForReview,
    ConvertedToDraft,
    Closed {
        merged: bool,
    },
}

/// What the author of a pull request is to the repository, in GitHub's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Association {
    Owner,
    Member,
    Collaborator,
    Contributor,
    FirstTimer,
    FirstTimeContributor,
    Mannequin,
    /// GitHub says `NONE`, or a word we do not know: nothing is trusted on its account.
    None,
}

impl Association {
    /// Whether GitHub lets this person write to the repository or its organization vouches for them.
    pub fn is_trusted(self) -> bool {
        matches!(self, Self::Owner | Self::Member | Self::Collaborator)
    }
}
