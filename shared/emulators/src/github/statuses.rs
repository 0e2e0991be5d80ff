//! Commit statuses, with the limits GitHub has for them.

use serde_json::{Value, json};

use super::answer::Answer;
use super::route::Site;

/// For one commit and context.
const STATUSES_MAX: usize = 1000;
const DESCRIPTION_MAX: usize = 140;
const STATES: [&str; 4] = ["error", "failure", "pending", "success"];

/// A status that was set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    pub state: String,
    pub context: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
}

/// `POST .../statuses/{sha}`
pub(super) fn create(site: &Site<'_>, sha: &str) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&site.ask.body) else {
        return Answer::refuse(400, "Problems parsing JSON");
    };
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let state = text("state").filter(|state| STATES.contains(&state.as_str()));
    let Some(state) = state else {
        return Answer::refuse(422, "Validation Failed: State is not included in the list");
    };
    let status = Status {
        state,
        context: text("context").unwrap_or_else(|| "default".to_owned()),
        description: text("description"),
        target_url: text("target_url"),
    };
    let length = status
        .description
        .as_ref()
        .map_or(0, |text| text.chars().count());
    if length > DESCRIPTION_MAX {
        return Answer::refuse(
            422,
            "Validation Failed: Description is too long (maximum is 140 characters)",
        );
    }
    if site
        .git
        .object(sha, "commit")
        .is_none_or(|found| found != sha)
    {
        return Answer::refuse(422, &format!("No commit found for SHA: {sha}"));
    }
    let mut state = site.shared.lock();
    let of = state
        .statuses
        .entry((site.hosted.id, sha.to_owned()))
        .or_default();
    let same = |old: &&Status| old.context.eq_ignore_ascii_case(&status.context);
    if of.iter().filter(same).count() >= STATUSES_MAX {
        return Answer::refuse(
            422,
            "Validation Failed: This SHA and context has reached the maximum number of statuses.",
        );
    }
    let shown = shown(&status, of.len() + 1);
    of.push(status);
    Answer::json(201, &shown)
}

/// `GET .../commits/{ref}/statuses`, newest first, or `.../status`, the last of each context.
pub(super) fn read(site: &Site<'_>, name: &str, combined: bool) -> Answer {
    let Some(sha) = site.git.object(name, "commit") else {
        return Answer::not_found();
    };
    let all = {
        let state = site.shared.lock();
        state.statuses.get(&(site.hosted.id, sha.clone())).cloned()
    };
    let all = all.unwrap_or_default();
    let newest = all.iter().enumerate().rev();
    if !combined {
        return Answer::page(site.ask, newest.map(|(n, one)| shown(one, n + 1)).collect());
    }
    let mut last: Vec<(usize, &Status)> = Vec::new();
    for (n, one) in newest {
        let same = |known: &(usize, &Status)| known.1.context.eq_ignore_ascii_case(&one.context);
        if !last.iter().any(same) {
            last.push((n, one));
        }
    }
    let has = |words: &[&str]| {
        last.iter()
            .any(|(_, one)| words.contains(&one.state.as_str()))
    };
    let state = if has(&["error", "failure"]) {
        "failure"
    } else if last.is_empty() || has(&["pending"]) {
        "pending"
    } else {
        "success"
    };
    Answer::ok(&json!({
        "state": state,
        "sha": sha,
        "total_count": last.len(),
        "statuses": last.iter().map(|(n, one)| shown(one, n + 1)).collect::<Vec<_>>(),
    }))
}

fn shown(status: &Status, id: usize) -> Value {
    json!({
        "id": id,
        "state": status.state,
        "context": status.context,
        "description": status.description,
        "target_url": status.target_url,
    })
}
