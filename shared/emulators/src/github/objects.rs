//! Commits, trees and blobs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answer::{Answer, links};
use super::references::empty;
use super::route::Site;

/// `GET .../git/commits/{sha}`
pub(super) fn git_commit(site: &Site<'_>, sha: &str) -> Answer {
    if site.git.is_empty() {
        return empty();
    }
    match site.git.object(sha, "commit").filter(|found| found == sha) {
        Some(sha) => {
            let text = site.git.commits(&[&sha]).concat();
            Answer::ok(&plain(site, &sha, &text))
        }
        None => Answer::not_found(),
    }
}

/// `GET .../commits/{ref}`
pub(super) fn commit(site: &Site<'_>, name: &str) -> Answer {
    if site.git.is_empty() {
        return empty();
    }
    match site.git.object(name, "commit") {
        Some(sha) => {
            let mut shown = listed(site, &[&sha]).pop().unwrap_or_default();
            shown["files"] = super::compare::files(site, &format!("{sha}^!"));
            Answer::ok(&shown)
        }
        None => Answer::refuse(422, &format!("No commit found for SHA: {name}")),
    }
}

/// `GET .../commits?sha=`: what leads to a commit, newest first, in pages.
pub(super) fn commits(site: &Site<'_>) -> Answer {
    if site.git.is_empty() {
        return empty();
    }
    let from = site.ask.query.get("sha").map_or("HEAD", String::as_str);
    let Some(sha) = site.git.object(from, "commit") else {
        return Answer::not_found();
    };
    let all = site.git.text(&["rev-list", &sha]).unwrap_or_default();
    let all: Vec<&str> = all.lines().collect();
    let (size, page) = (site.ask.per_page(), site.ask.number("page", 1));
    let shown = all.iter().skip((page - 1) * size).take(size).copied();
    let answer = Answer::ok(&Value::Array(listed(site, &shown.collect::<Vec<_>>())));
    match links(site.ask, page, all.len().div_ceil(size)) {
        Some(links) => answer.with("link", links),
        None => answer,
    }
}

/// Commits as lists have them: git's part inside, people outside.
pub(super) fn listed(site: &Site<'_>, shas: &[&str]) -> Vec<Value> {
    let texts = site.git.commits(shas);
    let all = shas.iter().zip(&texts);
    all.map(|(sha, text)| outside(site, sha, text)).collect()
}

fn outside(site: &Site<'_>, sha: &str, text: &str) -> Value {
    let mut inside = plain(site, sha, text);
    let parents = inside["parents"].take();
    let mut shown = json!({
        "sha": sha,
        "url": format!("{}/commits/{sha}", site.url()),
        "html_url": inside["html_url"],
        "author": null,
        "committer": null,
        "parents": parents,
    });
    if let Some(inside) = inside.as_object_mut() {
        for outside in ["sha", "html_url", "parents"] {
            inside.remove(outside);
        }
        inside.insert("comment_count".to_owned(), json!(0));
    }
    shown["commit"] = inside;
    shown
}

fn plain(site: &Site<'_>, sha: &str, text: &str) -> Value {
    let (head, message) = text.split_once("\n\n").unwrap_or((text, ""));
    let fields = |name: &'static str| {
        let lines = head.lines();
        lines.filter_map(move |line| line.strip_prefix(name)?.strip_prefix(' '))
    };
    let tree = fields("tree").next().unwrap_or("");
    let parents = fields("parent").map(|parent| {
        json!({
            "sha": parent,
            "url": format!("{}/git/commits/{parent}", site.url()),
            "html_url": format!("https://github.com/{}/commit/{parent}", site.hosted.name),
        })
    });
    json!({
        "sha": sha,
        "url": format!("{}/git/commits/{sha}", site.url()),
        "html_url": format!("https://github.com/{}/commit/{sha}", site.hosted.name),
        "author": fields("author").next().map(person),
        "committer": fields("committer").next().map(person),
        "message": message.strip_suffix('\n').unwrap_or(message),
        "tree": { "sha": tree, "url": format!("{}/git/trees/{tree}", site.url()) },
        "parents": parents.collect::<Vec<_>>(),
        "verification": unsigned(),
    })
}

/// `Ada <ada@example.com> 1700000000 +0100`
pub(super) fn person(text: &str) -> Value {
    let (name, rest) = text.split_once(" <").unwrap_or((text, ""));
    let (email, rest) = rest.split_once('>').unwrap_or((rest, ""));
    let second = rest
        .split_whitespace()
        .next()
        .and_then(|text| text.parse().ok());
    let at = second.and_then(|second| jiff::Timestamp::from_second(second).ok());
    json!({ "name": name, "email": email, "date": at.unwrap_or_default().to_string() })
}

pub(super) fn unsigned() -> Value {
    json!({
        "verified": false,
        "reason": "unsigned",
        "signature": null,
        "payload": null,
        "verified_at": null,
    })
}

/// `GET .../git/trees/{sha}?recursive=1`; any value of `recursive` means yes.
pub(super) fn tree(site: &Site<'_>, name: &str) -> Answer {
    if site.git.is_empty() {
        return empty();
    }
    let Some(sha) = site.git.object(name, "tree") else {
        return Answer::not_found();
    };
    let mut arguments = vec!["ls-tree", "-z", "-l", "--full-tree"];
    if site.ask.query.contains_key("recursive") {
        arguments.extend(["-r", "-t"]);
    }
    arguments.push(&sha);
    let listing = site.git.run(&arguments).unwrap_or_default();
    let rows = listing
        .split(|byte| *byte == 0)
        .filter(|row| !row.is_empty());
    let mut entries: Vec<Value> = rows.filter_map(|row| entry(site, row)).collect();
    let most = site.shared.lock().tree_max;
    let truncated = site.ask.query.contains_key("recursive") && entries.len() > most;
    if truncated {
        entries.truncate(most);
    }
    Answer::ok(&json!({
        "sha": sha,
        "url": format!("{}/git/trees/{sha}", site.url()),
        "tree": entries,
        "truncated": truncated,
    }))
}

fn entry(site: &Site<'_>, row: &[u8]) -> Option<Value> {
    let row = String::from_utf8_lossy(row).into_owned();
    let (facts, path) = row.split_once('\t')?;
    let mut facts = facts.split_whitespace();
    let (mode, kind, sha, size) = (facts.next()?, facts.next()?, facts.next()?, facts.next()?);
    let mut shown = json!({ "path": path, "mode": mode, "type": kind, "sha": sha });
    if let Ok(size) = size.parse::<u64>() {
        shown["size"] = json!(size);
    }
    if kind != "commit" {
        shown["url"] = json!(format!("{}/git/{kind}s/{sha}", site.url()));
    }
    Some(shown)
}

/// `GET .../git/blobs/{sha}`: base64 in JSON, or the bytes themselves for who accepts `raw`.
pub(super) fn blob(site: &Site<'_>, sha: &str) -> Answer {
    if site.git.is_empty() {
        return empty();
    }
    let found = site.git.object(sha, "blob").filter(|found| found == sha);
    let Some(bytes) = found.and_then(|sha| site.git.run(&["cat-file", "blob", &sha])) else {
        return Answer::not_found();
    };
    let accept = site.ask.header("accept").unwrap_or_default();
    if accept.contains("application/vnd.github.raw") {
        return Answer::raw(200, "application/vnd.github.raw+json; charset=utf-8", bytes);
    }
    let encoded = STANDARD.encode(&bytes);
    let lines = encoded.as_bytes().chunks(60);
    let lines = lines.map(|line| format!("{}\n", String::from_utf8_lossy(line)));
    Answer::ok(&json!({
        "sha": sha,
        "url": format!("{}/git/blobs/{sha}", site.url()),
        "size": bytes.len(),
        "encoding": "base64",
        "content": lines.collect::<String>(),
    }))
}
