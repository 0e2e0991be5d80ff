//! Back to what was good, and staying there.

use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;
use greenroom_core::name::Revision;
use greenroom_core::stage::{Cause, Health, Outcome};

use crate::world::*;

fn rollback(to: Option<Revision>) -> Command {
    Command::Rollback {
        to,
        reason: "orders vanish".to_owned(),
    }
}

/// Prod with releases 1 and then 2 green.
fn two_greens() -> World {
    let mut world = World::new();
    for n in [1, 2] {
        world.prod_ready(n);
        world.deploy("prod");
        world.all_pass("prod");
    }
    world
}

#[test]
fn it_needs_no_soak_and_no_approval_and_holds_automation() {
    let mut world = two_greens();
    let plan = world
        .command("prod", &operator(), rollback(None))
        .expect("granted");
    let run = plan.next.run.expect("claimed at once");
    assert_eq!(run.release, world.release(1));
    assert!(run.cause.is_rollback());
    world.deploy("prod");
    world.all_pass("prod");
    world.pass(minutes(600));
    let plan = world.replan("prod");
    assert_eq!(codes(&plan)[0], "held");
    assert_eq!(plan.next.run, None);
    assert_eq!(plan.next.health, Health::Green);
    let help = plan.waiting_on[0].explain(&plan.next.id.stage).command;
    assert_eq!(help.as_deref(), Some("greenroom promote prod"));
}

#[test]
fn promote_lifts_the_hold() {
    let mut world = two_greens();
    world
        .command("prod", &operator(), rollback(None))
        .expect("granted");
    world.deploy("prod");
    world.all_pass("prod");
    let plan = world
        .command("prod", &operator(), Command::Promote)
        .expect("granted");
    assert_eq!(plan.next.hold, None);
    assert_eq!(plan.next.run.map(|run| run.release), Some(world.release(2)));
}

#[test]
fn a_lock_closes_the_stage_to_a_rollback_too() {
    let mut world = two_greens();
    let lock = Command::Lock {
        reason: "hands off".to_owned(),
        until: None,
    };
    world.command("prod", &operator(), lock).expect("locked");
    let plan = world
        .command("prod", &operator(), rollback(None))
        .expect("granted, and waits");
    assert_eq!(codes(&plan), ["locked"]);
    let plan = world
        .command("prod", &operator(), Command::Unlock)
        .expect("unlocked");
    assert!(plan.next.run.is_some());
}

#[test]
fn a_rollback_that_waits_is_not_replaced_by_a_push() {
    let mut world = World::new();
    world.green("dev", 1);
    world.green("dev", 2);
    let lock = Command::Lock {
        reason: "hands off".to_owned(),
        until: None,
    };
    world.command("dev", &operator(), lock).expect("locked");
    world
        .command("dev", &operator(), rollback(None))
        .expect("granted");
    let plan = world.push("dev", 3);
    let candidate = plan.next.candidate.expect("it waits");
    assert_eq!(candidate.revision, revision(1));
    let plan = world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    assert!(plan.next.hold.is_some(), "a retry of it is no release");
}

#[test]
fn each_rollback_goes_further_back_and_never_forward_again() {
    let mut world = two_greens();
    world
        .command("prod", &operator(), rollback(None))
        .expect("granted");
    world.deploy("prod");
    world.all_pass("prod");
    let no = world.command("prod", &operator(), rollback(None));
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::NotFound));
    let plan = world
        .command("prod", &operator(), rollback(Some(revision(2))))
        .expect("by name it may");
    assert_eq!(plan.next.run.map(|run| run.release), Some(world.release(2)));
}

#[test]
fn a_release_that_failed_is_rolled_back_to_the_newest_green() {
    let mut world = two_greens();
    world.prod_ready(3);
    world.deploy("prod");
    world.verdict("prod", "smoke", failed(&["a"]));
    let plan = world
        .command("prod", &operator(), rollback(None))
        .expect("granted");
    assert_eq!(plan.next.run.map(|run| run.release), Some(world.release(2)));
    world.deploy("prod");
    world.all_pass("prod");
    assert_eq!(world.stage("prod").brk, None, "green again");
    let tried = world.stage("prod").tried.clone();
    assert_eq!(tried, Some(world.release(3)), "and 3 is as bad as it was");
}

#[test]
fn what_was_never_green_here_is_refused() {
    let mut world = two_greens();
    let to = |prefix: &str| rollback(Some(Revision::new(prefix)));
    for (command, kind) in [
        (to("deadbeef"), RejectionKind::NotFound),
        (to(""), RejectionKind::NotFound),
        (rollback(Some(revision(2))), RejectionKind::Conflict),
    ] {
        let no = world.command("prod", &operator(), command);
        assert_eq!(no.err().map(|no| no.kind), Some(kind));
    }
    world.prod_ready(3);
    let no = world.command("prod", &operator(), rollback(None));
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::Conflict));
}

#[test]
fn a_rollback_that_failed_is_retried_as_one() {
    let mut world = two_greens();
    world
        .command("prod", &operator(), rollback(None))
        .expect("granted");
    world.deploy("prod");
    world.verdict("prod", "smoke", failed(&["a"]));
    let plan = world
        .command("prod", &operator(), Command::Retry)
        .expect("granted");
    let run = plan.next.run.expect("claimed");
    assert!(matches!(run.cause, Cause::Rollback { .. }));
    assert!(plan.next.hold.is_some());
}

#[test]
fn a_hold_stops_pushes_and_a_refresh_lifts_it() {
    let mut world = World::new();
    world.green("dev", 1);
    world.green("dev", 2);
    world
        .command("dev", &operator(), rollback(None))
        .expect("granted");
    world.deploy("dev");
    world.all_pass("dev");
    let plan = world.push("dev", 3);
    assert_eq!(codes(&plan), ["held", "building"]);
    let help = plan.waiting_on[0].explain(&plan.next.id.stage).command;
    assert_eq!(help.as_deref(), Some("greenroom refresh dev"));
    world.built(3);
    assert_eq!(world.stage("dev").run, None);
    world
        .command("dev", &operator(), Command::Refresh)
        .expect("granted");
    assert_eq!(world.run("dev").release.revision, revision(3));
    assert_eq!(world.last("dev").outcome, Some(Outcome::Succeeded));
}
