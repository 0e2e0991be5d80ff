//! A repository, in the variants that different events carry.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::object::Object;
use super::organization::{installation, organization};
use super::person::account;

/// A repository on GitHub.
#[derive(Clone, Debug)]
pub struct Repository {
    pub id: u64,
    pub owner: String,
    pub owner_id: u64,
    pub owned_by: Owner,
    pub name: String,
    pub default_branch: String,
    /// It is itself a fork of another.
    pub fork: bool,
    /// Of the app that the webhook belongs to; `None` for a repository's own hook.
    pub installation: Option<u64>,
    pub created: Timestamp,
    /// When its last push was.
    pub pushed: Timestamp,
}

/// What owns a repository.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    User,
    Organization,
}

impl Repository {
    /// A repository of an organization; `full_name` is `owner/name`.
    ///
    /// # Panics
    /// When `full_name` has no `/`.
    pub fn new(id: u64, full_name: &str, default_branch: &str) -> Self {
        let (owner, name) = full_name
            .split_once('/')
            .expect("a repository is called `owner/name`");
        let created = Timestamp::new(1_700_000_000, 0).expect("a moment in 2023");
        Self {
            id,
            owner: owner.to_owned(),
            owner_id: id + 1,
            owned_by: Owner::Organization,
            name: name.to_owned(),
            default_branch: default_branch.to_owned(),
            fork: false,
            installation: None,
            created,
            pushed: created,
        }
    }

    /// `owner/name`
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// `https://github.com/owner/name`
    pub(super) fn html(&self) -> String {
        format!("https://github.com/{}", self.full_name())
    }

    /// `https://api.github.com/repos/owner/name`
    pub(super) fn api(&self) -> String {
        format!("https://api.github.com/repos/{}", self.full_name())
    }

    /// `organization` and `installation`, which follow `repository` in every event.
    pub(super) fn around(&self, object: Object) -> Object {
        let owner = (self.owned_by == Owner::Organization)
            .then(|| organization(&self.owner, self.owner_id));
        object
            .with_some("organization", owner)
            .with_some("installation", self.installation.map(installation))
    }

    /// As most events carry it.
    pub(super) fn plain(&self) -> Box<RawValue> {
        self.common(Form::Plain).value()
    }

    /// As a push carries it: times are seconds since 1970, the owner has name and e-mail.
    pub(super) fn pushed(&self) -> Box<RawValue> {
        let organization = (self.owned_by == Owner::Organization).then_some(&self.owner);
        self.common(Form::Pushed)
            .with("stargazers", 3)
            .with("master_branch", &self.default_branch)
            .with_some("organization", organization)
            .value()
    }

    /// As a pull request's head and base carry it: with the rules for merging.
    pub(super) fn tip(&self) -> Box<RawValue> {
        self.common(Form::Plain)
            .with("allow_squash_merge", true)
            .with("allow_merge_commit", true)
            .with("allow_rebase_merge", true)
            .with("allow_auto_merge", false)
            .with("delete_branch_on_merge", true)
            .with("allow_update_branch", false)
            .with("use_squash_pr_title_as_default", false)
            .with("squash_merge_commit_message", "COMMIT_MESSAGES")
            .with("squash_merge_commit_title", "COMMIT_OR_PR_TITLE")
            .with("merge_commit_message", "PR_TITLE")
            .with("merge_commit_title", "MERGE_MESSAGE")
            .value()
    }

    fn common(&self, form: Form) -> Object {
        let (name, html, api) = (self.full_name(), self.html(), self.api());
        let url = if form == Form::Pushed { &html } else { &api };
        let object = Object::new()
            .with("id", self.id)
            .with("node_id", format!("R_kgDO{:08x}", self.id))
            .with("name", &self.name)
            .with("full_name", &name)
            .with("private", true)
            .with("owner", self.owner(form))
            .with("html_url", &html)
            .with("description", "Takes orders and adds them up")
            .with("fork", self.fork)
            .with("url", url)
            .with_urls(&api, REPOSITORY_URLS);
        let object = match form {
            Form::Pushed => object
                .with("created_at", self.created.as_second())
                .with("updated_at", self.pushed)
                .with("pushed_at", self.pushed.as_second()),
            Form::Plain => object
                .with("created_at", self.created)
                .with("updated_at", self.pushed)
                .with("pushed_at", self.pushed),
        };
        object
            .with("git_url", format!("git://github.com/{name}.git"))
            .with("ssh_url", format!("git@github.com:{name}.git"))
            .with("clone_url", format!("{html}.git"))
            .with("svn_url", &html)
            .with("homepage", None::<&str>)
            .with("size", 214)
            .with("stargazers_count", 3)
            .with("watchers_count", 3)
            .with("language", "Rust")
            .with("has_issues", true)
            .with("has_projects", true)
            .with("has_downloads", true)
            .with("has_wiki", false)
            .with("has_pages", false)
            .with("has_discussions", false)
            .with("forks_count", 1)
            .with("mirror_url", None::<&str>)
            .with("archived", false)
            .with("disabled", false)
            .with("open_issues_count", 4)
            .with("license", license())
            .with("allow_forking", true)
            .with("is_template", false)
            .with("web_commit_signoff_required", false)
            .with("has_pull_requests", true)
            .with("pull_request_creation_policy", "all")
            .with("topics", ["orders", "rust"])
            .with("visibility", "private")
            .with("forks", 1)
            .with("open_issues", 4)
            .with("watchers", 3)
            .with("default_branch", &self.default_branch)
            .with("custom_properties", BTreeMap::from([("tier", "two")]))
    }

    /// The account that owns it, as `user`.
    pub(super) fn owner_account(&self) -> Box<RawValue> {
        self.owner(Form::Plain)
    }

    fn owner(&self, form: Form) -> Box<RawValue> {
        let kind = match self.owned_by {
            Owner::User => "User",
            Owner::Organization => "Organization",
        };
        let first = match form {
            Form::Plain => Object::new(),
            Form::Pushed => Object::new()
                .with("name", &self.owner)
                .with("email", format!("hello@{}.example.com", self.owner)),
        };
        account(first, &self.owner, self.owner_id, kind)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Pushed,
}

fn license() -> Box<RawValue> {
    Object::new()
        .with("key", "mit")
        .with("name", "MIT License")
        .with("spdx_id", "MIT")
        .with("url", "https://api.github.com/licenses/mit")
        .with("node_id", "MDc6TGljZW5zZTEz")
        .value()
}

const REPOSITORY_URLS: &[(&str, &str)] = &[
    ("forks_url", "/forks"),
    ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("teams_url", "/teams"),
    ("hooks_url", "/hooks"),
    ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"),
    ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"),
    ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"),
    ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"),
    ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"),
    ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("labels_url", "/labels{/name}"),
    ("releases_url", "/releases{/id}"),
    ("deployments_url", "/deployments"),
];
