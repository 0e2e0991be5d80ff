//! Decided once, and recorded as the source says now.

use greenroom_app::records::DeliveryStatus;
use greenroom_core::command::Command;
use greenroom_core::name::{DeliveryId, Revision};
use greenroom_testkit::github_payloads::{
    Person, PullRequest, PullRequestAction, Push, Repository,
};
use greenroom_testkit::world::World;
use jiff::{SignedDuration, Timestamp};

use crate::STAGE_FILE;

fn status(world: &World, id: &str) -> DeliveryStatus {
    let read = world.now(world.app.delivery(&DeliveryId::new(id)));
    let read = read.expect("the store answers").expect("a delivery");
    read.record.status
}

#[test]
fn a_decision_is_not_made_again_when_the_stage_file_changes_meanwhile() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "x", &[]);
    // The default branch's own push reads the stage file, so the head is out of reach only once.
    let body = world.push_body("develop", "bob", &revision);
    assert_eq!(world.post("push", "d-1", &body).status, 202);
    // Decided, and then the source is gone before anything is recorded.
    world.ports().source.set_away(true);
    world
        .now(world.app.decide(&DeliveryId::new("d-1")))
        .expect("put off");
    let DeliveryStatus::Decided { stages, open } = status(&world, "d-1") else {
        panic!("it was decided");
    };
    assert_eq!((stages[0].stage.as_str(), open.len()), ("dev", 1));
    world.ports().source.set_away(false);
    let other = STAGE_FILE.replace(
        "dev: { from: { branch: develop }",
        "dev: { from: { branch: trunk }",
    );
    let file = world
        .ports()
        .source
        .commit("master", "olga", "y", &[("greenroom.yaml", &other)]);
    world.told_of("master", "olga", &file);
    world.pass(SignedDuration::from_mins(1));
    let DeliveryStatus::Decided {
        stages: after,
        open,
    } = status(&world, "d-1")
    else {
        panic!("it stays decided");
    };
    assert_eq!((after, open.len()), (stages, 0));
    assert_eq!(world.stands("dev"), Some(revision));
}

#[test]
fn a_decision_survives_being_parked() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "x", &[]);
    let body = world.push_body("develop", "bob", &revision);
    world.post("push", "d-2", &body);
    world.ports().source.set_away(true);
    world.pass(SignedDuration::from_hours(12));
    let DeliveryStatus::Parked { stages, .. } = status(&world, "d-2") else {
        panic!("it is parked");
    };
    assert_eq!(stages.len(), 1);
    world.post("push", "d-2", &body);
    assert!(
        matches!(status(&world, "d-2"), DeliveryStatus::Decided { stages: again, .. } if again == stages)
    );
}

#[test]
fn a_late_webhook_of_an_older_commit_does_not_bring_it_back() {
    let mut world = World::new(STAGE_FILE);
    let old = world.ports().source.commit("develop", "bob", "old", &[]);
    let new = world.push("develop", "bob");
    world.told_of("develop", "bob", &old);
    world.settle();
    assert_eq!(world.green("dev"), Some(new));
    let deployed = world.ports().pipelines.deployments();
    assert!(deployed.iter().all(|one| one.revision != old));
}

#[test]
fn a_head_that_moves_while_it_is_read_is_read_again_or_polled() {
    let mut world = World::new(STAGE_FILE);
    let first = world.push("develop", "bob");
    let second = world.ports().source.commit("develop", "bob", "second", &[]);
    world.ports().source.set("refs/heads/develop", Some(&first));
    world.ports().source.move_after_read("develop", &second);
    world.told_of("develop", "bob", &first);
    world.settle();
    world.now(world.app.poll()).expect("a poll");
    world.settle();
    assert_eq!(world.green("dev"), Some(second));
}

#[test]
fn a_force_push_back_deploys_the_older_commit_again() {
    let mut world = World::new(STAGE_FILE);
    let first = world.push("develop", "bob");
    world.push("develop", "bob");
    world.ports().source.set("refs/heads/develop", Some(&first));
    world.told_of("develop", "bob", &first);
    world.settle();
    assert_eq!(world.green("dev"), Some(first.clone()));
    assert_eq!(world.stands("dev"), Some(first));
}

#[test]
fn a_deleted_branch_is_wanted_no_more_and_stands_until_it_is_torn_down() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.push("feature/x", "alice");
    world.delete("feature/x", "alice");
    let stage = world.stage("alice").expect("a stage");
    assert_eq!(stage.head, None);
    assert_eq!(world.stands("alice"), Some(revision));
    world.delete("feature/never", "nobody");
    assert!(world.stage("nobody").is_none(), "a deletion makes no stage");
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_head_out_of_reach_is_put_off_and_done_later() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "x", &[]);
    world.ports().source.set_away(true);
    world.told_of("develop", "bob", &revision);
    world.pass(SignedDuration::from_mins(3));
    assert_eq!(world.green("dev"), None);
    world.ports().source.set_away(false);
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(world.green("dev"), Some(revision));
}

#[test]
fn a_repository_that_is_not_under_control_is_ignored_once_and_for_all() {
    let mut world = World::new(STAGE_FILE);
    let other = Repository::new(99, "acme/other", "main");
    let body = Push::deletion(
        other,
        "refs/heads/x",
        &"a".repeat(40),
        Person::new("eve", 1),
    )
    .body();
    assert_eq!(world.post("push", "d-9", &body).status, 202);
    world.settle();
    let DeliveryStatus::Ignored { why } = status(&world, "d-9") else {
        panic!("it is ignored");
    };
    assert!(why.contains("app add acme/other"), "{why}");
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_commit_that_does_not_exist_brings_what_does() {
    let mut world = World::new(STAGE_FILE);
    let real = world.ports().source.commit("develop", "bob", "x", &[]);
    world.told_of("develop", "bob", &Revision::new("f".repeat(40)));
    world.settle();
    assert_eq!(world.green("dev"), Some(real));
    world.told_of("release/none", "bob", &Revision::new("f".repeat(40)));
    world.settle();
    assert_eq!(world.stands("preprod"), None);
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn each_actor_has_a_stage_of_their_own() {
    let mut world = World::new(STAGE_FILE);
    let hers = world.push("feature/a", "alice");
    let his = world.push("feature/b", "bob");
    assert_eq!(world.stands("alice"), Some(hers));
    assert_eq!(world.stands("bob"), Some(his));
}

/// alice's stage is locked, and a commit of hers on feature/x waits there.
fn hers_waits() -> World {
    let mut world = World::new(STAGE_FILE);
    world.push("feature/x", "alice");
    let lock = Command::Lock {
        reason: "not now".to_owned(),
        until: None,
    };
    let (id, olga) = (world.stage_id("alice"), World::operator());
    let locked = world.now(world.app.command(&id, &olga, &lock));
    assert!(locked.expect("an answer").is_ok());
    world.push("feature/x", "alice");
    assert!(world.stage("alice").expect("hers").candidate.is_some());
    world
}

#[test]
fn whoever_deletes_a_branch_the_stage_that_followed_it_hears_of_it() {
    let mut world = hers_waits();
    world.push("feature/y", "carol");
    world.delete("feature/x", "carol");
    let hers = world.stage("alice").expect("hers");
    assert_eq!((hers.head, hers.candidate), (None, None), "it is gone");
    let head = world.stage("carol").and_then(|stage| stage.head);
    let followed = head.map(|head| head.reference.to_string());
    assert_eq!(followed.as_deref(), Some("refs/heads/feature/y"));
    // Who comes back to the branch is not who deleted it.
    world.ports().pass(SignedDuration::from_mins(1));
    let again = world
        .ports()
        .source
        .commit("feature/x", "dave", "Come back", &[]);
    world.now(world.app.poll()).expect("a poll");
    world.settle();
    assert_eq!(world.stands("dave"), Some(again));
}

#[test]
fn a_branch_that_somebody_else_pushes_to_is_followed_by_their_stage_alone() {
    let mut world = hers_waits();
    let his = world.push("feature/x", "bob");
    assert_eq!(world.stands("bob"), Some(his));
    let hers = world.stage("alice").expect("hers");
    assert_eq!((hers.head, hers.candidate), (None, None));
    world.now(world.app.poll()).expect("a poll");
    world.settle();
    assert_eq!(world.stage("alice").expect("hers").head, None);
}

#[test]
fn a_push_that_is_told_of_late_takes_the_branch_from_nobody() {
    let mut world = hers_waits();
    let late = world
        .ports()
        .source
        .commit("feature/x", "carol", "A change", &[]);
    let his = world.push("feature/x", "bob");
    world.told_of("feature/x", "carol", &late);
    world.settle();
    assert_eq!(world.stands("bob"), Some(his.clone()));
    assert!(world.stage("carol").is_none(), "hers never heard of it");
    let his = world.push("feature/x", "carol");
    assert_eq!(world.stands("carol"), Some(his));
    assert_eq!(world.stage("bob").expect("his").head, None);
}

#[test]
fn a_guess_of_the_poller_takes_a_branch_from_nobody_under_another_stage_file_either() {
    let mut world = World::new(STAGE_FILE);
    world.push("develop", "bob");
    // Found by a poll, which takes the author of the commit for whoever pushed it; and not decided
    // before what a webhook says of it, and of another stage file, is.
    let source = &world.ports().source;
    let revision = source.commit("feature/x", "carol", "Her commit", &[]);
    world.now(world.app.poll()).expect("a poll");
    let other = STAGE_FILE.replace("branch: develop", "branch: trunk");
    let source = &world.ports().source;
    let file = source.commit("master", "olga", "trunk", &[("greenroom.yaml", &other)]);
    let pushes = [("feature/x", "alice", &revision), ("master", "olga", &file)];
    for (branch, actor, revision) in pushes {
        let body = world.push_body(branch, actor, revision);
        assert_eq!(world.post("push", revision.as_str(), &body).status, 202);
        let id = DeliveryId::new(revision.as_str());
        world.now(world.app.decide(&id)).expect("it is decided");
    }
    world.settle();
    let head = world.stage("alice").and_then(|stage| stage.head);
    assert_eq!(head.map(|head| head.revision), Some(revision));
    assert!(world.stage("carol").is_none(), "she pushed nothing");
}

#[test]
fn what_an_older_stage_file_led_here_comes_late_once_the_one_in_force_leads_it_nowhere() {
    let mut world = World::new(STAGE_FILE);
    let source = &world.ports().source;
    let first = source.commit("develop", "bob", "first", &[]);
    let body = world.push_body("develop", "bob", &first);
    assert_eq!(world.post("push", "first", &body).status, 202);
    // Decided, and not recorded: the repository is away for as long as that takes.
    world.ports().source.set_away(true);
    let id = DeliveryId::new("first");
    world.now(world.app.decide(&id)).expect("it is put off");
    world.ports().source.set_away(false);
    let other = STAGE_FILE.replace("branch: develop", "branch: trunk");
    let source = &world.ports().source;
    let file = source.commit("master", "olga", "trunk", &[("greenroom.yaml", &other)]);
    let second = source.commit("develop", "bob", "second", &[]);
    for (branch, revision) in [("master", &file), ("develop", &second)] {
        let body = world.push_body(branch, "bob", revision);
        assert_eq!(world.post("push", revision.as_str(), &body).status, 202);
        let id = DeliveryId::new(revision.as_str());
        world.now(world.app.decide(&id)).expect("it is decided");
    }
    world.pass(SignedDuration::from_hours(1));
    let closed = status(&world, "first");
    assert!(matches!(closed, DeliveryStatus::Decided { open, .. } if open.is_empty()));
    let dev = world.stage("dev");
    assert_eq!(dev.and_then(|stage| stage.head), None);
}

#[test]
fn a_pull_request_gets_a_stage_until_it_is_closed_and_one_from_a_fork_gets_none() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("topic", "alice", "x", &[]);
    let at = Timestamp::UNIX_EPOCH;
    let alice = Person::new("alice", 7);
    let opened = PullRequest::opened(world.github(), 5, alice, "topic", revision.as_str(), at);
    let post = |world: &mut World, pull: &PullRequest| {
        let id = world.delivery();
        assert_eq!(world.post("pull_request", &id, &pull.body()).status, 202);
        world.settle();
        id
    };
    post(&mut world, &opened);
    assert_eq!(world.stands("pr-5"), Some(revision.clone()));
    let next = world.ports().source.commit("topic", "alice", "y", &[]);
    let mut synchronised = opened.clone();
    synchronised.action = PullRequestAction::Synchronize {
        before: revision.to_string(),
    };
    synchronised.head = next.to_string();
    post(&mut world, &synchronised);
    assert_eq!(world.stands("pr-5"), Some(next));
    let mut closed = synchronised.clone();
    closed.action = PullRequestAction::Closed { merged: true };
    post(&mut world, &closed);
    assert_eq!(world.stage("pr-5").and_then(|stage| stage.head), None);
    let mut fork = opened;
    fork.number = 6;
    fork.head_repository = Some(Repository::new(500, "eve/orders", "master"));
    let id = post(&mut world, &fork);
    assert!(matches!(status(&world, &id), DeliveryStatus::Ignored { why } if why.contains("fork")));
    assert!(world.stage("pr-6").is_none());
}

#[test]
fn a_tag_leads_to_its_stage() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.push("develop", "bob");
    world.ports().source.set("refs/tags/v1", Some(&revision));
    let body = world
        .push_body("develop", "bob", &revision)
        .replace("refs/heads/develop", "refs/tags/v1");
    let id = world.delivery();
    assert_eq!(world.post("push", &id, &body).status, 202);
    world.settle();
    assert_eq!(world.stands("tagged"), Some(revision));
}
