//! What the poller finds, and what it leaves alone.

use greenroom_app::work::Work;
use greenroom_core::command::Command;
use greenroom_core::name::DeliveryId;
use greenroom_testkit::world::World;
use jiff::SignedDuration;

use crate::STAGE_FILE;

fn poll(world: &mut World) -> usize {
    let found = world.now(world.app.poll()).expect("a poll");
    world.settle();
    found
}

#[test]
fn a_new_stage_file_gives_a_shared_stage_to_no_branch_that_had_it_before() {
    let mut world = World::new(STAGE_FILE);
    let first = world.push("feature/z", "alice");
    let second = world.push("feature/a", "alice");
    assert_eq!(world.stands("alice"), Some(second.clone()));
    let other = STAGE_FILE.replace("branch: develop", "branch: trunk");
    let source = &world.ports().source;
    let file = source.commit("master", "olga", "x", &[("greenroom.yaml", &other)]);
    world.told_of("master", "olga", &file);
    world.settle();
    world.pass(SignedDuration::from_hours(2));
    assert_eq!(poll(&mut world), 0);
    assert_ne!(first, second);
    assert_eq!(world.stands("alice"), Some(second));
}

#[test]
fn what_a_webhook_told_is_not_found_again() {
    let mut world = World::new(STAGE_FILE);
    poll(&mut world);
    world.push("develop", "bob");
    let generation = world.stage("dev").map(|stage| stage.generation);
    assert_eq!(poll(&mut world), 0);
    assert_eq!(world.stage("dev").map(|stage| stage.generation), generation);
}

#[test]
fn a_webhook_that_comes_after_the_poll_changes_nothing() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "x", &[]);
    assert!(poll(&mut world) > 0);
    assert_eq!(world.green("dev"), Some(revision.clone()));
    world.told_of("develop", "bob", &revision);
    world.settle();
    assert_eq!(world.stage("dev").map(|stage| stage.generation), Some(1));
}

#[test]
fn what_was_found_before_the_first_webhook_is_found_again_after_it() {
    let mut world = World::new(STAGE_FILE);
    world.hints = false;
    let revision = world.ports().source.commit("develop", "bob", "one", &[]);
    world.now(world.app.poll()).expect("a poll");
    // The first webhook is decided before what was polled, and tells GitHub's id.
    let other = world
        .ports()
        .source
        .commit("release/1", "carol", "two", &[]);
    let body = world.push_body("release/1", "carol", &other);
    let id = world.delivery();
    assert_eq!(world.post("push", &id, &body).status, 202);
    let webhook = Work::Delivery(DeliveryId::new(&id));
    world
        .now(world.app.perform_work(&webhook))
        .expect("a decision");
    world.settle();
    world.hints = true;
    poll(&mut world);
    assert_eq!(world.stands("dev"), Some(revision));
}

#[test]
fn a_poll_that_succeeds_ends_the_wait_of_what_was_put_off() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "one", &[]);
    world.now(world.app.poll()).expect("a poll");
    // Its decision fails again and again, until the next try is hours away.
    world.ports().source.set_away(true);
    world.pass(SignedDuration::from_mins(20));
    world.ports().source.set_away(false);
    assert_eq!(world.stands("dev"), None);
    poll(&mut world);
    assert_eq!(world.stands("dev"), Some(revision));
}

#[test]
fn a_stage_file_that_came_while_its_branch_was_decided_about_is_found() {
    let on_master = "  staging: { from: { branch: master }, pipeline: service }\n";
    let file = STAGE_FILE.replace("  nightly:", &format!("{on_master}  nightly:"));
    let file: String = file
        .lines()
        .filter(|line| !line.contains("nightly:"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut world = World::new(&file);
    let changed = file.replace("soak: 10m", "soak: 20m");
    let first = world.ports().source.commit("master", "olga", "one", &[]);
    let files = [("greenroom.yaml", changed.as_str())];
    let second = world.ports().source.commit("master", "olga", "two", &files);
    let config = |world: &World| world.now(world.app.app(world.id)).expect("the app").config;
    let before = config(&world);
    // The file is read at the first, the head that is recorded is the second.
    world.ports().source.set("refs/heads/master", Some(&first));
    world.ports().source.move_after_read("master", &second);
    world.told_of("master", "olga", &first);
    world.settle();
    assert_eq!(world.stands("staging"), Some(second));
    assert_eq!(config(&world), before);
    poll(&mut world);
    assert_ne!(config(&world), before);
}

#[test]
fn a_head_that_went_back_and_forth_is_found_each_time() {
    let mut world = World::new(STAGE_FILE);
    let first = world.ports().source.commit("develop", "bob", "one", &[]);
    poll(&mut world);
    let second = world.ports().source.commit("develop", "bob", "two", &[]);
    for _ in 0..3 {
        for head in [&second, &first] {
            world.ports().pass(SignedDuration::from_mins(1));
            world.ports().source.set("refs/heads/develop", Some(head));
            poll(&mut world);
            assert_eq!(world.stands("dev").as_ref(), Some(head));
        }
    }
}

#[test]
fn a_deletion_nobody_told_is_found_and_so_is_the_branch_that_comes_back() {
    let mut world = World::new(STAGE_FILE);
    let revision = world
        .ports()
        .source
        .commit("feature/x", "alice", "one", &[]);
    poll(&mut world);
    assert_eq!(world.stands("alice"), Some(revision.clone()));
    world.ports().source.set("refs/heads/feature/x", None);
    assert_eq!(poll(&mut world), 1);
    assert_eq!(world.stage("alice").and_then(|stage| stage.head), None);
    world.ports().pass(SignedDuration::from_mins(1));
    world
        .ports()
        .source
        .set("refs/heads/feature/x", Some(&revision));
    assert_eq!(poll(&mut world), 1);
    assert!(
        world
            .stage("alice")
            .is_some_and(|stage| stage.head.is_some())
    );
    assert_eq!(poll(&mut world), 0);
}

#[test]
fn a_branch_that_leads_somewhere_only_now_is_found_when_the_stage_file_says_so() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.push("trunk", "bob");
    poll(&mut world);
    assert_eq!(world.stands("trunk"), None);
    let more = format!("{STAGE_FILE}  trunk: {{ from: {{ branch: trunk }}, pipeline: service }}\n");
    let file = world
        .ports()
        .source
        .commit("master", "olga", "x", &[("greenroom.yaml", &more)]);
    world.told_of("master", "olga", &file);
    world.settle();
    assert!(poll(&mut world) > 0);
    assert_eq!(world.stands("trunk"), Some(revision));
    assert_eq!(poll(&mut world), 0);
}

#[test]
fn a_branch_that_leads_elsewhere_is_followed_there_and_no_longer_where_it_led() {
    let mut world = World::new(STAGE_FILE);
    let first = world.push("develop", "bob");
    let until = None;
    let reason = "not now".to_owned();
    let lock = Command::Lock { reason, until };
    let (dev, olga) = (world.stage_id("dev"), World::operator());
    let locked = world.now(world.app.command(&dev, &olga, &lock));
    assert!(locked.expect("an answer").is_ok());
    world.push("develop", "bob");
    assert!(world.stage("dev").expect("dev").candidate.is_some());
    let elsewhere = STAGE_FILE.replace("branch: develop", "branch: trunk");
    world.ports().source.commit(
        "master",
        "olga",
        "Lead it away",
        &[("greenroom.yaml", &elsewhere)],
    );
    poll(&mut world);
    let dev = world.stage("dev").expect("dev");
    assert_eq!(
        (dev.head, dev.candidate),
        (None, None),
        "it waits for nothing of develop"
    );
    assert_eq!(world.stands("dev"), Some(first), "what stood there stays");
    world.ports().source.commit(
        "master",
        "olga",
        "Lead it back",
        &[("greenroom.yaml", STAGE_FILE)],
    );
    world.ports().source.set("refs/heads/develop", None);
    poll(&mut world);
    assert_eq!(world.stage("dev").expect("dev").head, None);
}

#[test]
fn a_poll_does_not_bind_the_app_to_a_stand_in_for_githubs_id() {
    let mut world = World::new(STAGE_FILE);
    world.ports().source.commit("develop", "bob", "x", &[]);
    poll(&mut world);
    let revision = world.push("develop", "bob");
    assert_eq!(
        world.green("dev"),
        Some(revision),
        "the webhook is still ours"
    );
    assert_eq!(poll(&mut world), 0);
}

#[test]
fn an_undecided_head_is_counted_once() {
    let mut world = World::new(STAGE_FILE);
    poll(&mut world);
    world.ports().source.commit("develop", "bob", "x", &[]);
    assert_eq!(world.now(world.app.poll()).expect("a poll"), 1);
    assert_eq!(world.now(world.app.poll()).expect("a poll"), 0);
}

#[test]
fn a_default_branch_that_was_renamed_is_followed() {
    let mut world = World::new(STAGE_FILE);
    let tip = world.ports().source.tip("master").expect("a tip");
    world.ports().source.set("refs/heads/main", Some(&tip));
    world.ports().source.set("refs/heads/master", None);
    world.ports().source.set_default("main");
    poll(&mut world);
    let app = world.now(world.app.app(world.id)).expect("an app");
    assert_eq!(app.default_branch.as_str(), "refs/heads/main");
}
