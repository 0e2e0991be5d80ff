mod bad;
mod mutated;

use greenroom_core::name::Revision;
use greenroom_testkit::github_payloads::{
    Commit, Label, Person, PullRequest as Payload, PullRequestAction, Push as PushPayload,
    Repository, created, deleted, ping,
};
use jiff::Timestamp;

use super::*;
use crate::event::{Action, Association, PullRequest, Push, Tag, What};

const SHA: &str = "4f2c0d9be6a1173f5d8e0b9c2a7764e1f0c3d5a8";
const OLD: &str = "90ab7d11c2e3f4a5b6c7d8e9f00112233445566a";

fn repository() -> Repository {
    Repository::new(811_000_001, "acme/orders", "master")
}

fn alice() -> Person {
    Person::new("alice", 5_001)
}

fn commit(message: &str) -> Commit {
    Commit::new(SHA, alice(), message, Timestamp::UNIX_EPOCH)
}

fn push() -> PushPayload {
    PushPayload::to_branch(
        repository(),
        "feature/coupons",
        OLD,
        alice(),
        vec![commit("Add coupons\n\nBecause of #12")],
    )
}

fn pull_request() -> Payload {
    Payload::opened(
        repository(),
        12,
        alice(),
        "feature/coupons",
        SHA,
        Timestamp::UNIX_EPOCH,
    )
}

fn event(name: &str, body: &str) -> SourceEvent {
    match normalise(name, body.as_bytes()) {
        Ok(Normalised::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

fn pull(payload: &Payload) -> PullRequest {
    match event("pull_request", &payload.body()).what {
        What::PullRequest(pull) => pull,
        other => panic!("{other:?}"),
    }
}

fn why(name: &str, body: &str) -> String {
    match normalise(name, body.as_bytes()) {
        Ok(Normalised::Ignored { why }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_push_to_a_branch_says_who_moved_what_from_where_to_where() {
    let expected = SourceEvent {
        repository: RepositoryId(811_000_001),
        repository_name: RepoName::new("acme/orders"),
        default_branch: "refs/heads/master".into(),
        what: What::Push(Push {
            reference: "refs/heads/feature/coupons".into(),
            before: Some(OLD.into()),
            after: Some(SHA.into()),
            forced: false,
            created: false,
        }),
        actor: Some(Actor::new("alice")),
        subject: Some("Add coupons".to_owned()),
        sender_is_bot: false,
    };
    assert_eq!(event("push", &push().body()), expected);
}

#[test]
fn a_new_branch_has_no_before_and_a_deleted_one_no_after() {
    let mut new = push();
    new.before = greenroom_testkit::github_payloads::ZEROS.to_owned();
    let What::Push(new) = event("push", &new.body()).what else {
        panic!("a branch")
    };
    assert_eq!((new.before, new.created), (None, true));

    let gone = PushPayload::deletion(repository(), "refs/heads/old", OLD, alice());
    let gone = event("push", &gone.body());
    assert_eq!(gone.subject, None);
    let What::Push(gone) = gone.what else {
        panic!("a branch")
    };
    assert_eq!((gone.before, gone.after), (Some(OLD.into()), None));
}

#[test]
fn an_annotated_tag_leads_to_its_commit_and_not_to_its_own_object() {
    let tag = PushPayload::tag(repository(), "v1.0", Some(OLD), alice(), commit("Ship it"));
    let expected = What::Tag(Tag {
        reference: "refs/tags/v1.0".into(),
        commit: Some(SHA.into()),
        forced: false,
        created: true,
    });
    assert_eq!(event("push", &tag.body()).what, expected);

    let gone = PushPayload::deletion(repository(), "refs/tags/v1.0", SHA, alice());
    let What::Tag(gone) = event("push", &gone.body()).what else {
        panic!("a tag")
    };
    assert_eq!(gone.commit, None);
}

#[test]
fn references_that_can_lead_nowhere_are_ignored_with_the_reason() {
    let mut tree = PushPayload::tag(repository(), "v1.0", None, alice(), commit("x"));
    tree.head_commit = None;
    assert_eq!(
        why("push", &tree.body()),
        "`refs/tags/v1.0` does not lead to a commit"
    );
    let mut notes = push();
    notes.reference = "refs/notes/commits".to_owned();
    assert_eq!(
        why("push", &notes.body()),
        "`refs/notes/commits` is neither a branch nor a tag"
    );
}

#[test]
fn the_pusher_acts_and_an_app_is_known_as_one() {
    let mut by_app = push();
    by_app.pusher = Person::new("renovate[bot]", 9);
    let by_app = event("push", &by_app.body());
    assert_eq!(by_app.actor, Some(Actor::new("renovate[bot]")));
    assert!(by_app.sender_is_bot);

    let nameless = push()
        .body()
        .replace(r#""pusher":{"name":"alice""#, r#""pusher":{"name":null"#);
    assert_eq!(event("push", &nameless).actor, Some(Actor::new("alice")));
}

#[test]
fn an_opened_pull_request_says_where_its_code_comes_from() {
    let mut payload = pull_request();
    payload.labels = vec![Label {
        id: 1,
        name: "preview".to_owned(),
    }];
    let expected = PullRequest {
        number: 12,
        action: Action::Opened,
        revision: Revision::new(SHA),
        head: "refs/heads/feature/coupons".into(),
        base: "refs/heads/master".into(),
        labels: vec!["preview".to_owned()],
        labels_cut: false,
        fork: false,
        draft: false,
        author_association: Association::Member,
        author: Some(Actor::new("alice")),
    };
    assert_eq!(pull(&payload), expected);
    let event = event("pull_request", &payload.body());
    assert_eq!(event.subject.as_deref(), Some("Merge feature/coupons"));
    assert_eq!(event.actor, Some(Actor::new("alice")));
}

#[test]
fn each_action_that_matters_is_told_apart_and_the_others_are_ignored() {
    let label = Label {
        id: 1,
        name: "x".to_owned(),
    };
    let before = OLD.to_owned();
    let other = |word: &str| PullRequestAction::Other(word.to_owned());
    let cases = [
        (PullRequestAction::Reopened, Action::Reopened),
        (
            PullRequestAction::Synchronize { before },
            Action::Synchronized,
        ),
        (PullRequestAction::Labeled(label.clone()), Action::Labeled),
        (PullRequestAction::Unlabeled(label), Action::Unlabeled),
        (
            PullRequestAction::Closed { merged: true },
            Action::Closed { merged: true },
        ),
        (
            PullRequestAction::Closed { merged: false },
            Action::Closed { merged: false },
        ),
        (other("edited"), Action::Edited),
        (other("ready_for_review"), Action::ReadyForReview),
        (other("converted_to_draft"), Action::ConvertedToDraft),
    ];
    for (said, understood) in cases {
        let payload = Payload {
            action: said,
            ..pull_request()
        };
        assert_eq!(pull(&payload).action, understood);
    }
    let payload = Payload {
        action: other("assigned"),
        ..pull_request()
    };
    assert_eq!(
        why("pull_request", &payload.body()),
        "`assigned` changes nothing about where a pull request's code runs"
    );
}

#[test]
fn any_head_that_is_not_certainly_in_this_repository_is_a_fork() {
    let elsewhere = |id: u64, name: &str| Payload {
        head_repository: Some(Repository::new(id, name, "master")),
        ..pull_request()
    };
    assert!(pull(&elsewhere(7, "mallory/orders")).fork);
    assert!(pull(&elsewhere(7, "acme/orders-copy")).fork, "same owner");
    assert!(pull(&elsewhere(7, "acme/orders")).fork, "same name");
    let deleted = Payload {
        head_repository: None,
        ..pull_request()
    };
    assert!(pull(&deleted).fork, "deleted");

    let mut within_a_fork = pull_request();
    within_a_fork.repository.fork = true;
    within_a_fork.head_repository = Some(within_a_fork.repository.clone());
    assert!(!pull(&within_a_fork).fork, "we ourselves are a fork");
}

#[test]
fn an_unknown_association_is_not_trusted() {
    let word = |word: &str| Payload {
        author_association: word.to_owned(),
        ..pull_request()
    };
    for (said, trusted) in [
        ("OWNER", true),
        ("COLLABORATOR", true),
        ("CONTRIBUTOR", false),
        ("NONE", false),
        ("EMPEROR", false),
    ] {
        let association = pull(&word(said)).author_association;
        assert_eq!(association.is_trusted(), trusted, "{said}");
    }
}

#[test]
fn a_ping_says_which_hook_and_repository() {
    let Ok(Normalised::Ping {
        hook_id,
        repository,
        zen,
    }) = normalise("ping", ping(&repository(), 99, &alice()).as_bytes())
    else {
        panic!("a ping")
    };
    assert_eq!(hook_id, 99);
    let here = (RepositoryId(811_000_001), RepoName::new("acme/orders"));
    assert_eq!(repository, Some(here));
    assert!(zen.is_some());
    let bare = normalise("ping", br#"{"zen":"x","hook_id":1}"#);
    assert!(
        matches!(
            bare,
            Ok(Normalised::Ping {
                repository: None,
                ..
            })
        ),
        "{bare:?}"
    );
}

#[test]
fn events_we_do_not_act_on_are_ignored_with_the_reason() {
    let at = "refs/heads/x";
    for (name, body) in [
        ("create", created(&repository(), at, &alice())),
        ("delete", deleted(&repository(), at, &alice())),
    ] {
        assert!(why(name, &body).contains("acts on the push"));
    }
    assert_eq!(
        why("star", "{}"),
        "`star` is not an event Greenroom acts on"
    );
    assert_eq!(
        why("\u{1b}[31m`\nx", "not JSON"),
        "`?[31m??x` is not an event Greenroom acts on"
    );
}

#[test]
fn what_is_stored_is_small_and_comes_back_equal() {
    let branch = format!("feature/{}", "\u{1f6a2}".repeat(250));
    let title = "\u{1f6a2}".repeat(5_000);
    let label = |id| Label {
        id,
        name: format!("{id:050}"),
    };
    let huge = Payload {
        title: title.clone(),
        head_branch: branch.clone(),
        base_branch: branch.clone(),
        labels: (0..100).map(label).collect(),
        ..pull_request()
    };
    let long = PushPayload::to_branch(repository(), &branch, OLD, alice(), vec![commit(&title)]);
    for (name, body) in [("pull_request", huge.body()), ("push", long.body())] {
        let event = event(name, &body);
        let stored = serde_json::to_string(&event).unwrap();
        assert!(stored.len() <= 4_096, "{name}: {} bytes", stored.len());
        assert_eq!(serde_json::from_str::<SourceEvent>(&stored).unwrap(), event);
    }
    let kept = pull(&huge);
    assert!(kept.labels_cut);
    assert_eq!(kept.labels.len(), 15);
}
