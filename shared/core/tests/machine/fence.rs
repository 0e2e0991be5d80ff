//! The last question before anything changes.

use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;
use greenroom_core::execution::Observation;
use greenroom_core::name::{ExecutionId, Nonce};
use greenroom_core::principal::Principal;
use greenroom_core::stage::Outcome;

use crate::world::*;

fn claimed() -> World {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world
}

/// What the claimed run's own execution would ask.
fn ask(world: &mut World) -> (u64, Nonce, ExecutionId, greenroom_core::name::Revision) {
    let run = world.run("dev");
    let execution = ExecutionId::new("dev-1");
    (
        run.generation,
        run.nonce.clone(),
        execution,
        run.release.revision.clone(),
    )
}

fn kind(world: &mut World, command: Command) -> Option<RejectionKind> {
    let answer = world.try_command("dev", &Principal::Pipeline, &command);
    answer.err().map(|no| no.kind)
}

#[test]
fn only_the_claims_own_generation_nonce_and_commit_pass() {
    let mut world = claimed();
    let (generation, nonce, execution, revision_) = ask(&mut world);
    let admit =
        |generation, nonce: &Nonce, revision: &greenroom_core::name::Revision| Command::Admit {
            generation,
            nonce: nonce.clone(),
            execution: execution.clone(),
            revision: revision.clone(),
        };
    let other = Nonce::new("guessed");
    for stale in [
        admit(0, &nonce, &revision_),
        admit(2, &nonce, &revision_),
        admit(generation, &other, &revision_),
        admit(generation, &nonce, &revision(2)),
    ] {
        assert_eq!(kind(&mut world, stale), Some(RejectionKind::Conflict));
    }
    assert_eq!(
        kind(&mut world, admit(generation, &nonce, &revision_)),
        None
    );
}

#[test]
fn the_same_execution_may_ask_twice_and_nothing_changes() {
    let mut world = claimed();
    world.started("dev");
    world.admit("dev").expect("admitted");
    let before = world.stage("dev").clone();
    world.pass(minutes(1));
    world.admit("dev").expect("admitted already");
    assert_eq!(*world.stage("dev"), before);
}

/// Let in by the commit that also stops it, it would be stopped halfway.
#[test]
fn an_execution_that_asks_when_its_time_is_up_is_refused() {
    let mut world = claimed();
    world.started("dev");
    let (generation, nonce, execution, revision) = ask(&mut world);
    let admit = Command::Admit {
        generation,
        nonce,
        execution,
        revision,
    };
    world.now = world.run("dev").deadline;
    assert_eq!(
        kind(&mut world, admit.clone()),
        Some(RejectionKind::Conflict)
    );
    world.pass(-minutes(1));
    world.admit("dev").expect("admitted in time");
    world.pass(minutes(1));
    assert_eq!(
        kind(&mut world, admit),
        Some(RejectionKind::Conflict),
        "nor is it told so a second time"
    );
}

#[test]
fn another_execution_of_the_same_claim_is_refused() {
    let mut world = claimed();
    let (generation, nonce, _, revision) = ask(&mut world);
    let other = Command::Admit {
        generation,
        nonce,
        execution: ExecutionId::new("dev-1-again"),
        revision,
    };
    let before_start = kind(&mut world, other.clone());
    assert_eq!(before_start, None, "the start's answer may have been lost");
    world.admit("dev").expect("admitted");
    assert_eq!(kind(&mut world, other), Some(RejectionKind::Conflict));
}

#[test]
fn nobody_but_a_pipeline_asks_the_fence() {
    let mut world = claimed();
    let (generation, nonce, execution, revision) = ask(&mut world);
    let command = Command::Admit {
        generation,
        nonce,
        execution,
        revision,
    };
    for principal in [operator(), person("alice"), Principal::Automation] {
        let answer = world.try_command("dev", &principal, &command);
        let kind = answer.err().map(|no| no.kind);
        assert_eq!(kind, Some(RejectionKind::Forbidden));
    }
}

#[test]
fn a_lock_between_claim_and_admission_closes_the_fence() {
    let mut world = claimed();
    world.started("dev");
    let reason = "an outage".to_owned();
    let lock = Command::Lock {
        reason,
        until: None,
    };
    world.command("dev", &operator(), lock).expect("locked");
    let no = world.admit("dev").expect_err("it is locked");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert!(no.why.contains("an outage"), "{}", no.why);
    let at = world.now;
    let plan = world.observe("dev", Observation::Refused { why: no.why, at });
    assert_eq!(codes(&plan), ["locked", "backoff"]);
    assert_eq!(world.last("dev").outcome, Some(Outcome::Refused));
    world
        .command("dev", &operator(), Command::Unlock)
        .expect("unlocked");
    world.pass(minutes(1));
    world.replan("dev");
    world.deploy("dev");
}

#[test]
fn a_stopped_run_is_refused_whenever_it_asks() {
    let mut world = claimed();
    let (generation, nonce, execution, revision) = ask(&mut world);
    let reason = "wrong".to_owned();
    let plan = world
        .command("dev", &operator(), Command::Abort { reason })
        .expect("aborted");
    assert_eq!(plan.next.run, None);
    let late = Command::Admit {
        generation,
        nonce,
        execution,
        revision,
    };
    assert_eq!(kind(&mut world, late), Some(RejectionKind::Conflict));
}

#[test]
fn a_stage_that_the_file_in_force_does_not_have_admits_nothing() {
    let mut world = claimed();
    world.file = stage_file(&FILE.replace("  dev: {", "  other: {"));
    let no = world.admit("dev").expect_err("the rule is gone");
    assert_eq!(no.kind, RejectionKind::Closed);
}

#[test]
fn an_upstream_red_between_claim_and_admission_closes_the_fence() {
    let mut world = World::new();
    world.prod_ready(1);
    assert!(world.stage("prod").run.is_some());
    world.push("preprod", 2);
    world.built(2);
    world.deploy("preprod");
    let no = world.admit("prod").expect_err("preprod is not verified");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert!(no.help.contains("preprod"), "{}", no.help);
}

#[test]
fn a_soak_begun_anew_between_claim_and_admission_closes_the_fence() {
    let mut world = World::new();
    world.prod_ready(1);
    world
        .command("preprod", &operator(), Command::Retry)
        .expect("preprod runs the same again");
    world.deploy("preprod");
    world.all_pass("preprod");
    let no = world.admit("prod").expect_err("it has not soaked");
    assert_eq!(no.kind, RejectionKind::Closed);
    world.pass(minutes(59));
    assert!(world.admit("prod").is_err());
}

#[test]
fn a_yes_to_another_release_or_under_other_terms_opens_no_fence() {
    let mut world = World::new();
    world.prod_ready(1);
    let claimed = world.stage("prod").clone();
    assert!(claimed.run.is_some());

    let mut another = claimed.clone();
    for approval in &mut another.approvals {
        approval.release.revision = revision(2);
    }
    world.stages.insert("prod".to_owned(), another);
    let no = world.admit("prod").expect_err("nobody said yes to it");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert!(no.why.contains("0 of 2"), "{}", no.why);

    world.stages.insert("prod".to_owned(), claimed);
    world.file = stage_file(&FILE.replace("    verify: [smoke]\n", "    verify: [api]\n"));
    let no = world.admit("prod").expect_err("it was said of other terms");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert!(no.why.contains("0 of 2"), "{}", no.why);
}

#[test]
fn a_run_whose_time_is_up_is_not_let_through_only_to_be_stopped() {
    let mut world = World::new();
    world.green("dev", 1);
    world.push("dev", 2);
    world.built(2);
    world.started("dev");
    let green = world.stage("dev").verified.clone();
    world.now = world.run("dev").deadline;
    let no = world.admit("dev").expect_err("its time is up");
    assert_eq!(no.kind, RejectionKind::Conflict);
    let plan = world.replan("dev");
    assert_eq!(plan.next.verified, green, "nothing was touched");
    assert_eq!(world.last("dev").outcome, Some(Outcome::TimedOut));
}
