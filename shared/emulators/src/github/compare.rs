//! Two commits compared: what leads to the one and not to the other, oldest first.

use serde_json::{Value, json};

use super::answer::{Answer, links};
use super::objects::listed;
use super::references::empty;
use super::route::Site;

/// Commits without paging, and files of the first page.
const COMMITS_MAX: usize = 250;
const FILES_MAX: usize = 300;

/// `GET .../compare/{base}...{head}`
pub(super) fn compare(site: &Site<'_>, range: &str) -> Answer {
    if site.git.is_empty() {
        return empty();
    }
    let names = range.split_once("...");
    let found = names.and_then(|(base, head)| {
        let commit = |name: &str| site.git.object(name, "commit");
        Some((base, head, commit(base)?, commit(head)?))
    });
    let Some((base_name, head_name, base, head)) = found else {
        return Answer::not_found();
    };
    let Some(merge_base) = site.git.text(&["merge-base", &base, &head]) else {
        let words = format!("No common ancestor between {base_name} and {head_name}.");
        return Answer::refuse(404, &words);
    };
    let between = |from: &str, to: &str| {
        let text = site
            .git
            .text(&["rev-list", "--reverse", to, &format!("^{from}")]);
        let text = text.unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let ahead = between(&base, &head);
    let behind = between(&head, &base).len();
    let status = match (ahead.len(), behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let query = &site.ask.query;
    let paged = query.contains_key("page") || query.contains_key("per_page");
    let page = site.ask.number("page", 1);
    let size = if paged {
        site.ask.per_page()
    } else {
        COMMITS_MAX
    };
    let shown = ahead.iter().skip((page - 1) * size).take(size);
    let shown: Vec<&str> = shown.map(String::as_str).collect();
    let ends = listed(site, &[&base, &merge_base]);
    let mut body = json!({
        "url": format!("{}/compare/{range}", site.url()),
        "html_url": format!("https://github.com/{}/compare/{range}", site.hosted.name),
        "base_commit": ends[0],
        "merge_base_commit": ends[1],
        "status": status,
        "ahead_by": ahead.len(),
        "behind_by": behind,
        "total_commits": ahead.len(),
        "commits": listed(site, &shown),
    });
    if page == 1 {
        body["files"] = files(site, &format!("{merge_base}..{head}"));
    }
    let answer = Answer::ok(&body);
    let last = ahead.len().div_ceil(size);
    match links(site.ask, page, last).filter(|_| paged) {
        Some(links) => answer.with("link", links),
        None => answer,
    }
}

/// Files that differ, at most 300, without their patches.
pub(super) fn files(site: &Site<'_>, range: &str) -> Value {
    let diff = [
        "diff-tree",
        "-r",
        "-z",
        "--root",
        "--no-commit-id",
        "--name-status",
        "-M",
    ];
    let (from, to) = match range.split_once("..") {
        Some((from, to)) => (Some(from), to),
        None => (None, range.trim_end_matches("^!")),
    };
    let mut arguments = diff.to_vec();
    arguments.extend(from);
    arguments.push(to);
    let text = site.git.text(&arguments).unwrap_or_default();
    let mut words = text.split('\0').filter(|word| !word.is_empty());
    let rows = std::iter::from_fn(|| {
        let (letter, name) = (words.next()?, words.next()?);
        Some(match letter {
            "A" => json!({ "filename": name, "status": "added" }),
            "D" => json!({ "filename": name, "status": "removed" }),
            _ if letter.starts_with('R') => {
                json!({ "filename": words.next()?, "status": "renamed", "previous_filename": name })
            }
            _ => json!({ "filename": name, "status": "modified" }),
        })
    });
    rows.take(FILES_MAX).collect()
}
