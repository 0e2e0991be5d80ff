//! Branches, tags, and references of any kind.

use serde_json::{Value, json};

use super::answer::Answer;
use super::git::Reference;
use super::objects::person;
use super::route::Site;

/// `GET .../branches`, in pages.
pub(super) fn branches(site: &Site<'_>) -> Answer {
    let all = site.git.references("refs/heads/");
    let shown = all.iter().map(|branch| {
        let name = branch.name.trim_start_matches("refs/heads/");
        let url = format!("{}/commits/{}", site.url(), branch.object);
        json!({
            "name": name,
            "commit": { "sha": branch.object, "url": url },
            "protected": false,
        })
    });
    Answer::page(site.ask, shown.collect())
}

/// `GET .../git/ref/{ref}`: exactly this one.
pub(super) fn one(site: &Site<'_>, name: &str) -> Answer {
    if site.git.is_empty() {
        return empty();
    }
    let full = format!("refs/{name}");
    let all = site.git.references(&full);
    match all.iter().find(|reference| reference.name == full) {
        Some(reference) => Answer::ok(&shown(site, reference)),
        None => Answer::not_found(),
    }
}

/// `GET .../git/matching-refs/{ref}`: all that begin so, none included.
pub(super) fn matching(site: &Site<'_>, name: &str) -> Answer {
    if site.git.is_empty() {
        return empty();
    }
    let all = site.git.references(&format!("refs/{name}"));
    Answer::ok(&all.iter().map(|one| shown(site, one)).collect())
}

/// `GET .../git/tags/{sha}`: the object of an annotated tag.
pub(super) fn tag(site: &Site<'_>, sha: &str) -> Answer {
    let text = site.git.text(&["cat-file", "tag", sha]);
    let Some(text) = text.filter(|_| sha.len() == 40) else {
        return Answer::not_found();
    };
    let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
    let field = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    };
    let (object, kind) = (field("object").unwrap_or(""), field("type").unwrap_or(""));
    Answer::ok(&json!({
        "tag": field("tag"),
        "sha": sha,
        "url": format!("{}/git/tags/{sha}", site.url()),
        "message": message,
        "tagger": field("tagger").map(person),
        "object": object_of(site, object, kind),
        "verification": super::objects::unsigned(),
    }))
}

fn shown(site: &Site<'_>, reference: &Reference) -> Value {
    json!({
        "ref": reference.name,
        "url": format!("{}/git/{}", site.url(), reference.name),
        "object": object_of(site, &reference.object, &reference.kind),
    })
}

fn object_of(site: &Site<'_>, sha: &str, kind: &str) -> Value {
    let url = format!("{}/git/{kind}s/{sha}", site.url());
    json!({ "type": kind, "sha": sha, "url": url })
}

pub(super) fn empty() -> Answer {
    Answer::refuse(409, "Git Repository is empty.")
}
