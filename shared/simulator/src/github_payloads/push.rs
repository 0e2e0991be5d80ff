//! `push`: a branch or tag was created, moved or deleted.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::object::Object;
use super::{Person, Repository, ZEROS};

/// What a push says.
#[derive(Clone, Debug)]
pub struct Push {
    pub repository: Repository,
    /// `refs/heads/...` or `refs/tags/...`
    pub reference: String,
    /// [`ZEROS`] when the reference is new.
    pub before: String,
    /// [`ZEROS`] when it was deleted; the tag's own object for an annotated tag.
    pub after: String,
    pub forced: bool,
    pub pusher: Person,
    /// Oldest first; empty for a tag.
    pub commits: Vec<Commit>,
    /// Where the reference stands; `None` when it was deleted.
    pub head_commit: Option<Commit>,
}

/// A commit as a push lists it.
#[derive(Clone, Debug)]
pub struct Commit {
    pub id: String,
    pub tree: String,
    pub message: String,
    pub author: Person,
    pub at: Timestamp,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub modified: Vec<String>,
}

impl Push {
    /// A branch moved from `before` to the last of `commits`.
    ///
    /// # Panics
    /// When there are no commits.
    pub fn to_branch(
        repository: Repository,
        branch: &str,
        before: &str,
        pusher: Person,
        commits: Vec<Commit>,
    ) -> Self {
        let head = commits.last().expect("a push to a branch has commits");
        Self {
            repository,
            reference: format!("refs/heads/{branch}"),
            before: before.to_owned(),
            after: head.id.clone(),
            forced: false,
            pusher,
            head_commit: Some(head.clone()),
            commits,
        }
    }

    /// A branch or tag that stood at `before` is gone.
    pub fn deletion(repository: Repository, reference: &str, before: &str, pusher: Person) -> Self {
        Self {
            repository,
            reference: reference.to_owned(),
            before: before.to_owned(),
            after: ZEROS.to_owned(),
            forced: false,
            pusher,
            commits: Vec::new(),
            head_commit: None,
        }
    }

    /// A new tag at `commit`; `object` is the tag's own id if it is annotated.
    pub fn tag(
        repository: Repository,
        tag: &str,
        object: Option<&str>,
        pusher: Person,
        commit: Commit,
    ) -> Self {
        Self {
            repository,
            reference: format!("refs/tags/{tag}"),
            before: ZEROS.to_owned(),
            after: object.unwrap_or(&commit.id).to_owned(),
            forced: false,
            pusher,
            commits: Vec::new(),
            head_commit: Some(commit),
        }
    }

    /// The body, compact JSON.
    pub fn body(&self) -> String {
        let commit = |commit: &Commit| commit.value(&self.repository);
        let object = Object::new()
            .with("ref", &self.reference)
            .with("before", &self.before)
            .with("after", &self.after)
            .with("repository", self.repository.pushed())
            .with("pusher", self.pusher.pusher());
        self.repository
            .around(object)
            .with("sender", self.pusher.user())
            .with("created", self.before == ZEROS)
            .with("deleted", self.after == ZEROS)
            .with("forced", self.forced)
            .with("base_ref", None::<&str>)
            .with("compare", self.compare())
            .with(
                "commits",
                self.commits.iter().map(commit).collect::<Vec<_>>(),
            )
            .with("head_commit", self.head_commit.as_ref().map(commit))
            .text()
    }

    fn compare(&self) -> String {
        let html = self.repository.html();
        let short = |id: &str| id.get(..12).unwrap_or(id).to_owned();
        if self.before == ZEROS || self.after == ZEROS {
            let id = if self.after == ZEROS {
                &self.before
            } else {
                &self.after
            };
            return format!("{html}/compare/{}", short(id));
        }
        format!(
            "{html}/compare/{}...{}",
            short(&self.before),
            short(&self.after)
        )
    }
}

impl Commit {
    /// A commit that changes `src/main.rs`; `id` is its 40 digits.
    pub fn new(id: &str, author: Person, message: &str, at: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            tree: id.chars().rev().collect(),
            message: message.to_owned(),
            author,
            at,
            added: Vec::new(),
            removed: Vec::new(),
            modified: vec!["src/main.rs".to_owned()],
        }
    }

    fn value(&self, repository: &Repository) -> Box<RawValue> {
        Object::new()
            .with("id", &self.id)
            .with("tree_id", &self.tree)
            .with("distinct", true)
            .with("message", &self.message)
            .with("timestamp", self.at)
            .with("url", format!("{}/commit/{}", repository.html(), self.id))
            .with("author", self.author.signature())
            .with("committer", self.author.signature())
            .with("added", &self.added)
            .with("removed", &self.removed)
            .with("modified", &self.modified)
            .value()
    }
}
