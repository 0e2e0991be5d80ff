//! `ping`: somebody made or tried a hook.

use super::object::Object;
use super::{Person, Repository};

/// The body of a ping for the hook `hook_id` of `repository`, compact JSON.
pub fn ping(repository: &Repository, hook_id: u64, sender: &Person) -> String {
    let api = format!("{}/hooks/{hook_id}", repository.api());
    let config = Object::new()
        .with("content_type", "json")
        .with("insecure_ssl", "0")
        .with("secret", "********")
        .with("url", "https://greenroom.example.com/webhooks/github");
    let last_response = Object::new()
        .with("code", None::<u16>)
        .with("status", "unused")
        .with("message", None::<&str>);
    let hook = Object::new()
        .with("type", "Repository")
        .with("id", hook_id)
        .with("name", "web")
        .with("active", true)
        .with("events", ["pull_request", "push"])
        .with("config", config.value())
        .with("updated_at", repository.pushed)
        .with("created_at", repository.created)
        .with("url", &api)
        .with_urls(
            &api,
            &[
                ("test_url", "/test"),
                ("ping_url", "/pings"),
                ("deliveries_url", "/deliveries"),
            ],
        )
        .with("last_response", last_response.value());
    let object = Object::new()
        .with("zen", "Small steps are easier to take back.")
        .with("hook_id", hook_id)
        .with("hook", hook.value())
        .with("repository", repository.plain());
    repository
        .around(object)
        .with("sender", sender.user())
        .text()
}
