//! Break episodes: opened once, changed when something new fails, over once.

use greenroom_core::command::Command;
use greenroom_core::effect::{Effect, News};
use greenroom_core::stage::{Health, Outcome};

use crate::world::*;

fn red(world: &mut World, n: u32, tests: &[&str]) {
    world.push("dev", n);
    world.built(n);
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(tests));
}

#[test]
fn a_red_stage_opens_a_break_and_tells_every_channel_once() {
    let mut world = World::new();
    world.green("dev", 1);
    world.pass(minutes(5));
    red(&mut world, 2, &["a"]);
    assert_eq!(world.told(), ["team: broke", "mail: broke"]);
    let now = world.now;
    let stage = world.stage("dev").clone();
    let brk = stage.brk.expect("it is broken");
    assert_eq!((brk.episode, brk.reds, brk.since), (1, 1, now));
    assert_eq!(brk.release.revision, revision(2));
    let green = brk.last_green.expect("it was green before");
    assert_eq!(green.release.revision, revision(1));
    assert_eq!(stage.health, Health::Red);
    assert_eq!(stage.verified, None);
}

#[test]
fn the_same_tests_red_again_are_told_to_nobody() {
    let mut world = World::new();
    red(&mut world, 1, &["a", "b"]);
    red(&mut world, 2, &["a"]);
    assert_eq!(world.told(), ["team: broke", "mail: broke"]);
    assert_eq!(world.stage("dev").brk.clone().map(|brk| brk.reds), Some(2));
    assert_eq!(world.stage("dev").episodes, 1);
}

#[test]
fn new_failing_tests_are_told_as_a_change() {
    let mut world = World::new();
    red(&mut world, 1, &["a"]);
    red(&mut world, 2, &["a", "b"]);
    assert_eq!(world.told()[2..], ["team: changed", "mail: changed"]);
    red(&mut world, 3, &["b"]);
    assert_eq!(world.told().len(), 4);
}

#[test]
fn a_recovery_is_told_once_to_exactly_those_who_heard_of_the_break() {
    let mut world = World::new();
    red(&mut world, 1, &["a"]);
    world.file = stage_file(&FILE.replace("alert: [team, mail]", "alert: [team]"));
    world.pass(minutes(7));
    world.green("dev", 2);
    assert_eq!(world.told()[2..], ["team: recovered", "mail: recovered"]);
    assert_eq!(world.stage("dev").brk, None);
    world.green("dev", 3);
    assert_eq!(world.told().len(), 4);
    red(&mut world, 4, &["a"]);
    assert_eq!(world.told()[4..], ["team: broke"]);
    assert_eq!(world.stage("dev").episodes, 2);
}

#[test]
fn a_step_that_says_no_breaks_the_stage() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    let at = world.now;
    world.observe(
        "dev",
        greenroom_core::execution::Observation::Failed {
            step: "deploy".to_owned(),
            why: "exit 1".to_owned(),
            at,
        },
    );
    assert_eq!(world.last("dev").outcome, Some(Outcome::Failed));
    let brk = world.stage("dev").brk.clone().expect("it is broken");
    assert!(brk.fingerprint.contains("deploy: deploy"));
}

#[test]
fn a_failed_build_opens_a_break_and_leaves_what_is_verified_alone() {
    let mut world = World::new();
    world.green("dev", 1);
    let verified = world.stage("dev").verified.clone();
    world.push("dev", 2);
    world.build_failed(2);
    assert_eq!(world.told(), ["team: broke", "mail: broke"]);
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["build_failed"]);
    assert_eq!(plan.next.verified, verified);
    assert_eq!(plan.next.health, Health::Red);
    world.push("dev", 3);
    world.build_failed(3);
    assert_eq!(world.told().len(), 2, "the same step again is no news");
}

#[test]
fn a_branch_that_goes_back_after_a_failed_build_recovers() {
    let mut world = World::new();
    world.green("dev", 1);
    world.push("dev", 2);
    world.build_failed(2);
    world.green("dev", 1);
    assert_eq!(world.told()[2..], ["team: recovered", "mail: recovered"]);
}

#[test]
fn an_unclear_run_does_not_end_a_break() {
    let mut world = World::new();
    red(&mut world, 1, &["a"]);
    world.push("dev", 2);
    world.built(2);
    world.started("dev");
    let at = world.now;
    let plan = world.observe(
        "dev",
        greenroom_core::execution::Observation::Errored {
            why: "gone".to_owned(),
            at,
        },
    );
    assert_eq!(plan.next.health, Health::Red);
    assert!(plan.next.brk.is_some());
}

#[test]
fn somebody_looks_after_a_break_only_if_there_is_one() {
    let mut world = World::new();
    let ack = Command::Acknowledge {
        note: Some("on it".to_owned()),
    };
    assert!(world.command("dev", &operator(), ack.clone()).is_err());
    red(&mut world, 1, &["a"]);
    let plan = world
        .command("dev", &operator(), ack)
        .expect("there is a break");
    let by = plan
        .next
        .brk
        .and_then(|brk| brk.acknowledged)
        .map(|ack| ack.by);
    assert_eq!(by.as_deref(), Some("olga"));
}

#[test]
fn a_break_remembers_only_so_many_names() {
    let mut world = World::new();
    for n in 1..40 {
        let names: Vec<_> = (0..20).map(|test| format!("{n}-{test}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        red(&mut world, n, &names);
    }
    let brk = world.stage("dev").brk.clone().expect("it is broken");
    assert!(brk.fingerprint.len() <= 100);
    let changes = world.count(|effect| {
        matches!(effect, Effect::Announce { news, .. } if matches!(**news, News::Changed { .. }))
    });
    assert_eq!(changes, 2 * 38);
}
