use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::*;

const SHA: &str = "4f2c0d9be6a1173f5d8e0b9c2a7764e1f0c3d5a8";
const OLD: &str = "90ab7d11c2e3f4a5b6c7d8e9f00112233445566a";

fn repository() -> Repository {
    Repository {
        installation: Some(4_711),
        ..Repository::new(811_000_001, "acme/orders", "master")
    }
}

fn alice() -> Person {
    Person::new("alice", 5_001)
}

fn commit() -> Commit {
    Commit {
        added: vec!["src/coupon.rs".to_owned()],
        removed: vec!["src/old.rs".to_owned()],
        ..Commit::new(SHA, alice(), "Add coupons", Timestamp::UNIX_EPOCH)
    }
}

fn pull_request(action: PullRequestAction) -> String {
    let label = Label {
        id: 77,
        name: "preview".to_owned(),
    };
    PullRequest {
        action,
        labels: vec![label],
        ..PullRequest::opened(
            repository(),
            12,
            alice(),
            "feature/coupons",
            SHA,
            Timestamp::UNIX_EPOCH,
        )
    }
    .body()
}

/// Fields of `listed` whose holder is there, but which are not.
fn absent(body: &str, listed: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap();
    let mut have = BTreeSet::new();
    let mut holders = BTreeSet::from([String::new()]);
    walk(&body, "", &mut have, &mut holders);
    listed
        .lines()
        .filter(|path| {
            let holder = path.rsplit_once('.').map_or("", |(holder, _)| holder);
            holders.contains(holder) && !have.contains(*path)
        })
        .map(str::to_owned)
        .collect()
}

fn walk(value: &Value, path: &str, have: &mut BTreeSet<String>, holders: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            holders.insert(path.to_owned());
            for (name, value) in fields {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                have.insert(path.clone());
                walk(value, &path, have, holders);
            }
        }
        Value::Array(items) => {
            for item in items {
                walk(item, &format!("{path}[]"), have, holders);
            }
        }
        _ => {}
    }
}

#[test]
fn every_documented_field_is_there() {
    let listed = [
        (
            include_str!("paths/push.txt"),
            Push::to_branch(repository(), "develop", OLD, alice(), vec![commit()]).body(),
        ),
        (
            include_str!("paths/push.txt"),
            Push::tag(repository(), "v1", Some(OLD), alice(), commit()).body(),
        ),
        (
            include_str!("paths/push.txt"),
            Push::deletion(repository(), "refs/heads/old", OLD, alice()).body(),
        ),
        (
            include_str!("paths/ping.txt"),
            ping(&repository(), 99, &alice()),
        ),
        (
            include_str!("paths/create.txt"),
            created(&repository(), "refs/tags/v1", &alice()),
        ),
        (
            include_str!("paths/delete.txt"),
            deleted(&repository(), "refs/heads/old", &alice()),
        ),
        (
            include_str!("paths/pull_request.txt"),
            pull_request(PullRequestAction::Opened),
        ),
        (
            include_str!("paths/pull_request.txt"),
            pull_request(PullRequestAction::Closed { merged: true }),
        ),
    ];
    for (paths, body) in listed {
        assert_eq!(absent(&body, paths), Vec::<String>::new());
    }
}

#[test]
fn actions_bring_the_fields_of_their_own() {
    let synchronize = pull_request(PullRequestAction::Synchronize {
        before: OLD.to_owned(),
    });
    assert_eq!(absent(&synchronize, "before\nafter\nnowhere"), ["nowhere"]);
    let label = Label {
        id: 77,
        name: "preview".to_owned(),
    };
    let labeled = pull_request(PullRequestAction::Labeled(label));
    assert_eq!(absent(&labeled, "label\nlabel.name\nlabel.color"), [""; 0]);
}

#[test]
fn sizes_are_those_of_real_deliveries() {
    let push = Push::to_branch(repository(), "develop", OLD, alice(), vec![commit()]).body();
    assert!((6_500..8_500).contains(&push.len()), "{}", push.len());
    let opened = pull_request(PullRequestAction::Opened);
    assert!((21_000..28_000).contains(&opened.len()), "{}", opened.len());
}

#[test]
fn the_documented_signature_comes_out() {
    assert_eq!(
        sign("It's a Secret to Everybody", b"Hello, World!"),
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    );
}
