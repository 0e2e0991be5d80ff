//! `pull_request`: opened, changed or closed.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::object::Object;
use super::{Person, Repository};

/// What a pull request event says.
#[derive(Clone, Debug)]
pub struct PullRequest {
    pub action: PullRequestAction,
    /// Where the pull request is; the webhook belongs to it.
    pub repository: Repository,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub author: Person,
    /// Who did it.
    pub sender: Person,
    pub head_branch: String,
    pub head: String,
    /// Where the head branch is: `repository` itself, a fork, or `None` for a deleted fork.
    pub head_repository: Option<Repository>,
    pub base_branch: String,
    pub base: String,
    pub labels: Vec<Label>,
    pub draft: bool,
    /// `OWNER`, `MEMBER`, `CONTRIBUTOR`, `NONE`, ...
    pub author_association: String,
    pub at: Timestamp,
}

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PullRequestAction {
    Opened,
    Reopened,
    /// The head moved from `before`.
    Synchronize {
        before: String,
    },
    Labeled(Label),
    Unlabeled(Label),
    Closed {
        merged: bool,
    },
    /// Any other, by GitHub's word, for those that add no field of their own.
    Other(String),
}

/// A label.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    pub id: u64,
    pub name: String,
}

impl PullRequest {
    /// Opened by `author` from a branch of the same repository into the default branch.
    pub fn opened(
        repository: Repository,
        number: u64,
        author: Person,
        head_branch: &str,
        head: &str,
        at: Timestamp,
    ) -> Self {
        Self {
            action: PullRequestAction::Opened,
            number,
            title: format!("Merge {head_branch}"),
            body: Some("See the commits for the reasons.".to_owned()),
            sender: author.clone(),
            author,
            head_branch: head_branch.to_owned(),
            head: head.to_owned(),
            head_repository: Some(repository.clone()),
            base_branch: repository.default_branch.clone(),
            base: head.chars().rev().collect(),
            labels: Vec::new(),
            draft: false,
            author_association: "MEMBER".to_owned(),
            at,
            repository,
        }
    }

    /// The body, compact JSON.
    pub fn body(&self) -> String {
        let object = Object::new()
            .with("action", self.action.word())
            .with("number", self.number)
            .with("pull_request", self.pull_request());
        let object = match &self.action {
            PullRequestAction::Synchronize { before } => {
                object.with("before", before).with("after", &self.head)
            }
            PullRequestAction::Labeled(label) | PullRequestAction::Unlabeled(label) => {
                object.with("label", label.value(&self.repository))
            }
            _ => object,
        };
        let object = object.with("repository", self.repository.plain());
        self.repository
            .around(object)
            .with("sender", self.sender.user())
            .text()
    }

    fn merged(&self) -> bool {
        self.action == PullRequestAction::Closed { merged: true }
    }

    fn closed(&self) -> bool {
        matches!(self.action, PullRequestAction::Closed { .. })
    }

    fn pull_request(&self) -> Box<RawValue> {
        let (repository, number) = (&self.repository, self.number);
        let html = format!("{}/pull/{number}", repository.html());
        let api = format!("{}/pulls/{number}", repository.api());
        let issue = format!("{}/issues/{number}", repository.api());
        let one_comment = format!("{}/pulls/comments{{/number}}", repository.api());
        let statuses = format!("{}/statuses/{}", repository.api(), self.head);
        let id = 1_900_000_000 + number;
        let merged = self.merged();
        let labels: Vec<_> = self.labels.iter().map(|it| it.value(repository)).collect();
        Object::new()
            .with("url", &api)
            .with("id", id)
            .with("node_id", format!("PR_kwDO{:08x}{id:08x}", repository.id))
            .with("html_url", &html)
            .with_urls(&html, &[("diff_url", ".diff"), ("patch_url", ".patch")])
            .with("issue_url", &issue)
            .with("number", number)
            .with("state", if self.closed() { "closed" } else { "open" })
            .with("locked", false)
            .with("title", &self.title)
            .with("user", self.author.user())
            .with("body", &self.body)
            .with("created_at", self.at)
            .with("updated_at", self.at)
            .with("closed_at", self.closed().then_some(self.at))
            .with("merged_at", merged.then_some(self.at))
            .with("merge_commit_sha", merged.then_some(&self.base))
            .with("assignee", None::<&str>)
            .with("assignees", [(); 0])
            .with("requested_reviewers", [(); 0])
            .with("requested_teams", [(); 0])
            .with("labels", labels)
            .with("milestone", None::<&str>)
            .with("draft", self.draft)
            .with("commits_url", format!("{api}/commits"))
            .with("review_comments_url", format!("{api}/comments"))
            .with("review_comment_url", &one_comment)
            .with("comments_url", format!("{issue}/comments"))
            .with("statuses_url", &statuses)
            .with("head", self.head_tip())
            .with("base", self.base_tip())
            .with("_links", self.links())
            .with("author_association", &self.author_association)
            .with("auto_merge", None::<&str>)
            .with("active_lock_reason", None::<&str>)
            .with("merged", merged)
            .with("mergeable", None::<bool>)
            .with("rebaseable", None::<bool>)
            .with("mergeable_state", "unknown")
            .with("merged_by", merged.then(|| self.sender.user()))
            .with("comments", 0)
            .with("review_comments", 0)
            .with("maintainer_can_modify", false)
            .with("commits", 1)
            .with("additions", 12)
            .with("deletions", 3)
            .with("changed_files", 2)
            .value()
    }

    fn links(&self) -> Box<RawValue> {
        let number = self.number;
        let repository = self.repository.api();
        let pull = format!("{repository}/pulls/{number}");
        let issue = format!("{repository}/issues/{number}");
        let links = [
            ("self", pull.clone()),
            ("html", format!("{}/pull/{number}", self.repository.html())),
            ("issue", issue.clone()),
            ("comments", format!("{issue}/comments")),
            ("review_comments", format!("{pull}/comments")),
            (
                "review_comment",
                format!("{repository}/pulls/comments{{/number}}"),
            ),
            ("commits", format!("{pull}/commits")),
            ("statuses", format!("{repository}/statuses/{}", self.head)),
        ];
        let links = links.iter().fold(Object::new(), |object, (name, url)| {
            object.with(name, Object::new().with("href", url).value())
        });
        links.value()
    }

    fn head_tip(&self) -> Box<RawValue> {
        let owner = match &self.head_repository {
            Some(repository) => &repository.owner,
            None => &self.author.login,
        };
        Object::new()
            .with("label", format!("{owner}:{}", self.head_branch))
            .with("ref", &self.head_branch)
            .with("sha", &self.head)
            .with("user", self.author.user())
            .with("repo", self.head_repository.as_ref().map(Repository::tip))
            .value()
    }

    fn base_tip(&self) -> Box<RawValue> {
        let repository = &self.repository;
        Object::new()
            .with(
                "label",
                format!("{}:{}", repository.owner, self.base_branch),
            )
            .with("ref", &self.base_branch)
            .with("sha", &self.base)
            .with("user", repository.owner_account())
            .with("repo", repository.tip())
            .value()
    }
}

impl PullRequestAction {
    fn word(&self) -> &str {
        match self {
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Synchronize { .. } => "synchronize",
            Self::Labeled(_) => "labeled",
            Self::Unlabeled(_) => "unlabeled",
            Self::Closed { .. } => "closed",
            Self::Other(word) => word,
        }
    }
}

impl Label {
    fn value(&self, repository: &Repository) -> Box<RawValue> {
        Object::new()
            .with("id", self.id)
            .with("node_id", format!("LA_kwDO{:08x}", self.id))
            .with("url", format!("{}/labels/{}", repository.api(), self.name))
            .with("name", &self.name)
            .with("color", "0e8a16")
            .with("default", false)
            .with("description", None::<&str>)
            .value()
    }
}
