//! Locks, retries, aborts, and who may ask for what.

use greenroom_core::accept::RejectionKind;
use greenroom_core::authorize::authorize;
use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::name::{ExecutionId, Nonce};
use greenroom_core::principal::Principal;
use greenroom_core::stage::{Cause, Health, Outcome};
use jiff::{SignedDuration, Timestamp};

use crate::world::*;

fn lock(until: Option<Timestamp>) -> Command {
    Command::Lock {
        reason: "migration".to_owned(),
        until,
    }
}

fn abort() -> Command {
    Command::Abort {
        reason: "wrong branch".to_owned(),
    }
}

#[test]
fn a_locked_stage_claims_nothing_until_it_is_unlocked() {
    let mut world = World::new();
    world
        .command("dev", &operator(), lock(None))
        .expect("locked");
    world.push("dev", 1);
    world.built(1);
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["locked"]);
    assert_eq!(plan.next.run, None);
    world
        .command("dev", &person("bob"), Command::Unlock)
        .expect("unlocked");
    assert!(world.stage("dev").run.is_some());
}

#[test]
fn a_lock_does_not_stop_what_is_deploying() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    world
        .command("dev", &operator(), lock(None))
        .expect("locked");
    world.succeeded("dev");
    world.all_pass("dev");
    assert_eq!(world.stage("dev").health, Health::Green);
}

#[test]
fn a_lock_is_never_over_early_by_a_clock_that_is_fast() {
    let mut world = World::new();
    world.clock_error = minutes(5);
    let until = world.now.checked_add(minutes(60)).expect("in time");
    let plan = world
        .command("dev", &operator(), lock(Some(until)))
        .expect("locked");
    assert_eq!(plan.wake, until.checked_add(minutes(5)).ok());
    world.push("dev", 1);
    world.built(1);
    world.pass(minutes(64));
    assert_eq!(codes(&world.replan("dev")), ["locked"]);
    world.pass(minutes(1));
    let plan = world.replan("dev");
    assert_eq!(plan.next.lock, None);
    assert!(plan.next.run.is_some());
}

#[test]
fn a_lock_until_the_end_of_time_holds() {
    let mut world = World::new();
    world.clock_error = minutes(5);
    world
        .command("dev", &operator(), lock(Some(Timestamp::MAX)))
        .expect("locked");
    assert_eq!(codes(&world.replan("dev"))[0], "locked");
}

#[test]
fn a_lock_of_a_stage_without_a_rule_is_kept() {
    let mut world = World::new();
    let until = world.now.checked_add(minutes(60)).expect("in time");
    world
        .command("dev", &operator(), lock(Some(until)))
        .expect("locked");
    world.file = stage_file(&FILE.replace("  dev: {", "  other: {"));
    world.pass(minutes(600));
    assert!(world.replan("dev").next.lock.is_some());
}

#[test]
fn a_lock_belongs_to_whoever_made_it() {
    let mut world = World::new();
    world
        .command("dev", &person("bob"), lock(None))
        .expect("locked");
    let no = world.command("dev", &operator(), lock(None));
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::Conflict));
    world
        .command("dev", &person("bob"), lock(None))
        .expect("his own he may change");
    let past = Some(world.now);
    let no = world.command("preprod", &operator(), lock(past));
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::Invalid));
    let no = world.command("preprod", &operator(), Command::Unlock);
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::NotFound));
}

#[test]
fn an_abort_before_the_admission_ends_at_once_and_stops_the_execution() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    let plan = world.command("dev", &operator(), abort()).expect("aborted");
    assert_eq!(plan.next.run, None);
    assert!(matches!(plan.effects[..], [Effect::StopExecution { .. }]));
    let last = world.last("dev");
    assert_eq!(last.outcome, Some(Outcome::Aborted));
    assert_eq!(last.why.as_deref(), Some("olga: wrong branch"));
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["failed_here"]);
    let why = plan.waiting_on[0].explain(&plan.next.id.stage).sentence;
    assert!(why.contains("was stopped here"), "{why}");
}

#[test]
fn an_abort_while_deploying_waits_for_the_execution_to_end() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    let plan = world.command("dev", &operator(), abort()).expect("aborted");
    assert_eq!(codes(&plan), ["stopping"]);
    let no = world.command("dev", &operator(), abort());
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::Conflict));
    let at = world.now;
    let stopped = greenroom_core::execution::Observation::Stopped { at };
    let plan = world.observe("dev", stopped);
    assert_eq!(plan.next.run, None);
    assert!(plan.next.stands().is_none(), "nobody can say what stands");
    assert_eq!(world.last("dev").outcome, Some(Outcome::Aborted));
    assert_eq!(world.told(), [""; 0], "an abort is no break");
}

#[test]
fn an_abort_while_testing_ends_at_once() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.deploy("dev");
    let plan = world.command("dev", &operator(), abort()).expect("aborted");
    assert_eq!(plan.next.run, None);
    assert!(plan.next.stands().is_some());
    assert_eq!(plan.next.health, Health::Unknown);
    assert_eq!(plan.effects, []);
    let no = world.command("dev", &operator(), abort());
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::NotFound));
}

#[test]
fn a_retry_runs_the_same_bytes_again() {
    let mut world = World::new();
    let no = world.command("dev", &operator(), Command::Retry);
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::NotFound));
    world.push("dev", 1);
    world.built(1);
    let no = world.command("dev", &operator(), Command::Retry);
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::Conflict));
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(&["a"]));
    let plan = world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    assert_eq!(plan.next.run.map(|run| run.release), Some(world.release(1)));
}

#[test]
fn a_retry_of_a_failed_build_builds_once_more() {
    let mut world = World::new();
    world.push("dev", 1);
    world.build_failed(1);
    let plan = world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    assert_eq!(codes(&plan), ["building"]);
    world.build_failed(1);
    assert_eq!(codes(&world.replan("dev")), ["build_failed"]);
    world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    world.built(1);
    assert!(world.stage("dev").run.is_some());
    assert_eq!(world.told(), ["team: broke", "mail: broke"]);
}

#[test]
fn a_retry_does_not_wait_for_the_back_off() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    let at = world.now;
    let why = "gone".to_owned();
    let plan = world.observe(
        "dev",
        greenroom_core::execution::Observation::Errored { why, at },
    );
    assert_eq!(codes(&plan), ["backoff"]);
    let again = at.checked_add(SignedDuration::from_secs(5));
    assert_eq!(plan.wake, again.ok());
    let plan = world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    assert!(plan.next.run.is_some());
}

#[test]
fn reasons_are_kept_only_so_long() {
    let mut world = World::new();
    let reason = "\u{2}".repeat(1_000_000);
    let lock = Command::Lock {
        reason: reason.clone(),
        until: None,
    };
    world.command("dev", &operator(), lock).expect("locked");
    let no = Command::Acknowledge { note: Some(reason) };
    assert!(world.command("dev", &operator(), no).is_err());
    let json = serde_json::to_string(world.stage("dev")).expect("it can be written");
    assert!(json.len() < 4_000, "{} bytes", json.len());
}

#[test]
fn who_may_ask_for_what() {
    let mut world = World::new();
    let id = world.stage("prod").id.clone();
    let policy = world.policy("prod");
    let reason = String::new;
    let all = [
        Command::Promote,
        Command::Rollback {
            to: None,
            reason: reason(),
        },
        Command::Retry,
        abort(),
        lock(None),
        Command::Unlock,
        Command::Refresh,
        Command::Acknowledge { note: None },
    ];
    let yes_or_no = [
        Command::Approve { revision: None },
        Command::Reject {
            revision: None,
            reason: reason(),
        },
    ];
    let admit = Command::Admit {
        generation: 1,
        nonce: Nonce::new("n"),
        execution: ExecutionId::new("e"),
        revision: revision(1),
    };
    let may = |principal: &Principal, command: &Command| {
        authorize(principal, command, &id, policy.as_ref(), &[]).is_ok()
    };
    for command in all.iter().chain(&yes_or_no) {
        assert!(may(&operator(), command), "{}", command.verb());
        assert!(!may(&Principal::Automation, command), "{}", command.verb());
        assert!(!may(&Principal::Pipeline, command), "{}", command.verb());
    }
    for command in &all {
        assert!(may(&person("mallory"), command), "{}", command.verb());
    }
    for command in &yes_or_no {
        assert!(may(&person("alice"), command), "{}", command.verb());
        assert!(!may(&person("mallory"), command), "{}", command.verb());
    }
    for principal in [operator(), person("alice"), Principal::Automation] {
        assert!(!may(&principal, &admit));
    }
    assert!(may(&Principal::Pipeline, &admit));
}

#[test]
fn a_refusal_says_who_may_not_do_what_and_who_may() {
    let mut world = World::new();
    let id = world.stage("prod").id.clone();
    let policy = world.policy("prod");
    let approve = Command::Approve { revision: None };
    let mallory = person("mallory");
    let no = authorize(&mallory, &approve, &id, policy.as_ref(), &[]).expect_err("no owner");
    assert_eq!(no.why, "mallory may not approve prod");
    assert_eq!(no.who, "a holder of owner");
    let no =
        authorize(&Principal::Pipeline, &Command::Retry, &id, None, &[]).expect_err("no person");
    assert_eq!(no.who, "an operator");
}

#[test]
fn whoever_may_act_may_approve_where_no_role_is_asked_for() {
    let mut world = World::of(&FILE.replace("count: 2, by: [owner]", "count: 1"));
    let id = world.stage("prod").id.clone();
    let policy = world.policy("prod");
    let approve = Command::Approve { revision: None };
    let anybody = person("anybody");
    assert!(authorize(&anybody, &approve, &id, policy.as_ref(), &[]).is_ok());
}

#[test]
fn a_retry_after_a_rollback_that_succeeded_is_no_rollback_any_more() {
    let mut world = World::new();
    world.green("dev", 1);
    world.green("dev", 2);
    let rollback = Command::Rollback {
        to: None,
        reason: "orders vanish".to_owned(),
    };
    world
        .command("dev", &operator(), rollback)
        .expect("granted");
    world.deploy("dev");
    world.all_pass("dev");
    let plan = world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    let run = plan.next.run.expect("claimed");
    assert!(matches!(run.cause, Cause::Retry { of: 3, .. }));
    assert_eq!(plan.next.hold, None);
}

#[test]
fn what_was_stopped_before_its_admission_is_retried_beside_what_is_green() {
    let mut world = World::new();
    world.prod_ready(1);
    world.deploy("prod");
    world.all_pass("prod");
    world.prod_ready(2);
    world
        .command("prod", &operator(), abort())
        .expect("aborted");
    let stage = world.stage("prod");
    assert!(stage.tried.is_some() && stage.verified.is_some());
    let plan = world
        .command("prod", &operator(), Command::Retry)
        .expect("it is not what is green");
    assert_eq!(plan.next.run.map(|run| run.release), Some(world.release(2)));
}

#[test]
fn a_retry_needs_no_build_that_is_still_there() {
    let mut world = World::new();
    world.green("dev", 1);
    world.builds.clear();
    let plan = world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    assert_eq!(plan.next.run.map(|run| run.release), Some(world.release(1)));
}

#[test]
fn a_retry_builds_anew_what_is_built_otherwise_by_now_and_a_rollback_does_not() {
    let other = FILE.replace("run: make,", "run: make all,");
    let mut world = World::new();
    world.green("dev", 1);
    let old = world.last("dev").release.clone();
    world.file = stage_file(&other);
    let plan = world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    assert_eq!(codes(&plan), ["building"]);

    let mut world = World::new();
    world.green("dev", 1);
    world.green("dev", 2);
    let rollback = Command::Rollback {
        to: None,
        reason: "orders vanish".to_owned(),
    };
    world
        .command("dev", &operator(), rollback)
        .expect("granted");
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(&["a"]));
    world.file = stage_file(&other);
    let plan = world
        .command("dev", &operator(), Command::Retry)
        .expect("granted");
    assert_eq!(plan.next.run.map(|run| run.release), Some(old));
}
