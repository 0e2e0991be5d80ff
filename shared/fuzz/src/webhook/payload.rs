//! GitHub's own payloads, changed: most random bytes are no JSON, and most random JSON is no push.

use greenroom_testkit::github_payloads::{
    Commit, Label, Person, PullRequest, PullRequestAction, Push, Repository, ZEROS, created,
    deleted, ping,
};
use greenroom_testkit::world::{NAME, REPOSITORY};
use jiff::Timestamp;
use serde_json::Value;

use crate::json::edit;
use crate::number_of;

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

/// The payload of this name, or one that the name stands for by its bytes, with the changes that
/// `lines` says.
pub fn changed(name: &str, lines: &[u8]) -> Vec<u8> {
    let mut value: Value = serde_json::from_str(&original(name)).expect("a payload is JSON");
    edit(&mut value, lines);
    value.to_string().into_bytes()
}

fn original(name: &str) -> String {
    let repository = Repository::new(REPOSITORY, NAME, "master");
    let ana = Person::new("ana", 7);
    let at = Timestamp::UNIX_EPOCH;
    let commit = Commit::new(SHA, ana.clone(), "Change it", at);
    let pull_request = |action| {
        let head = "feature/x";
        let opened = PullRequest::opened(repository.clone(), 12, ana.clone(), head, SHA, at);
        PullRequest { action, ..opened }.body()
    };
    let names = [
        "push",
        "tag",
        "deletion",
        "created",
        "deleted",
        "ping",
        "opened",
        "synchronize",
        "labeled",
        "closed",
        "merged",
        "other",
    ];
    let index = usize::try_from(number_of(name.as_bytes())).unwrap_or(0) % names.len();
    let name = names.iter().find(|known| **known == name);
    match *name.unwrap_or(&names[index]) {
        "push" => Push::to_branch(repository, "develop", ZEROS, ana, vec![commit]).body(),
        "tag" => Push::tag(repository, "v1.0", Some(ZEROS), ana, commit).body(),
        "deletion" => Push::deletion(repository, "refs/heads/feature/x", SHA, ana).body(),
        "created" => created(&repository, "feature/x", &ana),
        "deleted" => deleted(&repository, "feature/x", &ana),
        "ping" => ping(&repository, 7, &ana),
        "opened" => pull_request(PullRequestAction::Opened),
        "synchronize" => pull_request(PullRequestAction::Synchronize {
            before: ZEROS.to_owned(),
        }),
        "labeled" => pull_request(PullRequestAction::Labeled(Label {
            id: 1,
            name: "deploy".to_owned(),
        })),
        "closed" => pull_request(PullRequestAction::Closed { merged: false }),
        "merged" => pull_request(PullRequestAction::Closed { merged: true }),
        _ => pull_request(PullRequestAction::Other("edited".to_owned())),
    }
}
