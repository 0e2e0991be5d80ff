//! `create` and `delete`, which come along with the push of a new or deleted reference.

use super::object::Object;
use super::{Person, Repository};

/// The body of `create`; `reference` is `refs/heads/...` or `refs/tags/...`.
pub fn created(repository: &Repository, reference: &str, sender: &Person) -> String {
    let (kind, name) = split(reference);
    let object = Object::new()
        .with("ref", name)
        .with("ref_type", kind)
        .with("master_branch", &repository.default_branch)
        .with("description", "Takes orders and adds them up");
    finish(object, repository, sender)
}

/// The body of `delete`; `reference` is `refs/heads/...` or `refs/tags/...`.
pub fn deleted(repository: &Repository, reference: &str, sender: &Person) -> String {
    let (kind, name) = split(reference);
    let object = Object::new().with("ref", name).with("ref_type", kind);
    finish(object, repository, sender)
}

/// These two events name a reference by kind and short name.
fn split(reference: &str) -> (&'static str, &str) {
    match reference.strip_prefix("refs/tags/") {
        Some(tag) => ("tag", tag),
        None => (
            "branch",
            reference.strip_prefix("refs/heads/").unwrap_or(reference),
        ),
    }
}

fn finish(object: Object, repository: &Repository, sender: &Person) -> String {
    let object = object
        .with("pusher_type", "user")
        .with("repository", repository.plain());
    repository
        .around(object)
        .with("sender", sender.user())
        .text()
}
