//! A GitHub account.

use serde_json::value::RawValue;

use super::object::Object;

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub login: String,
    pub id: u64,
    /// As in git.
    pub name: String,
    pub email: String,
    /// An app: GitHub says `Bot`, and the login ends with `[bot]`.
    pub bot: bool,
}

impl Person {
    /// A person whose name and e-mail follow from the login.
    pub fn new(login: &str, id: u64) -> Self {
        Self {
            login: login.to_owned(),
            id,
            name: login.to_owned(),
            email: format!("{login}@example.com"),
            bot: login.ends_with("[bot]"),
        }
    }

    /// As `sender`, `user`, `owner`.
    pub(super) fn user(&self) -> Box<RawValue> {
        account(Object::new(), &self.login, self.id, self.kind())
    }

    /// As `pusher`.
    pub(super) fn pusher(&self) -> Box<RawValue> {
        Object::new()
            .with("name", &self.login)
            .with("email", &self.email)
            .value()
    }

    /// As `author` and `committer` of a commit.
    pub(super) fn signature(&self) -> Box<RawValue> {
        Object::new()
            .with("name", &self.name)
            .with("email", &self.email)
            .with("username", &self.login)
            .value()
    }

    fn kind(&self) -> &'static str {
        if self.bot { "Bot" } else { "User" }
    }
}

/// The fields every account has, after those already in `object`.
pub(super) fn account(object: Object, login: &str, id: u64, kind: &str) -> Box<RawValue> {
    let api = format!("https://api.github.com/users/{login}");
    object
        .with("login", login)
        .with("id", id)
        .with("node_id", format!("U_kgDO{id:08x}"))
        .with(
            "avatar_url",
            format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
        )
        .with("gravatar_id", "")
        .with("url", &api)
        .with("html_url", format!("https://github.com/{login}"))
        .with_urls(&api, ACCOUNT_URLS)
        .with("type", kind)
        .with("user_view_type", "public")
        .with("site_admin", false)
        .value()
}

const ACCOUNT_URLS: &[(&str, &str)] = &[
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
];
