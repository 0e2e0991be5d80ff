//! The organization that owns a repository, and the app installed in it.

use serde_json::value::RawValue;

use super::object::Object;

/// As `organization`.
pub fn organization(login: &str, id: u64) -> Box<RawValue> {
    let api = format!("https://api.github.com/orgs/{login}");
    Object::new()
        .with("login", login)
        .with("id", id)
        .with("node_id", format!("O_kgDO{id:08x}"))
        .with("url", &api)
        .with_urls(
            &api,
            &[
                ("repos_url", "/repos"),
                ("events_url", "/events"),
                ("hooks_url", "/hooks"),
                ("issues_url", "/issues"),
                ("members_url", "/members{/member}"),
                ("public_members_url", "/public_members{/member}"),
            ],
        )
        .with(
            "avatar_url",
            format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
        )
        .with("description", format!("What {login} makes"))
        .value()
}

/// As `installation`.
pub fn installation(id: u64) -> Box<RawValue> {
    Object::new()
        .with("id", id)
        .with("node_id", format!("MDIzOkludGVncmF0aW9u{id:x}"))
        .value()
}
