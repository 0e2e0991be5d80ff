//! Runs that do not end as they should.

use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::name::ExecutionId;
use greenroom_core::plan::{OBSERVE_EVERY, Plan};
use greenroom_core::record::record;
use greenroom_core::stage::{Cause, Health, Outcome, Stage};
use jiff::SignedDuration;

use crate::world::*;

#[test]
fn a_start_the_pipeline_never_takes_is_tried_again_and_then_told() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    for generation in 1..=3 {
        let at = world.now;
        world.fact(
            "dev",
            Fact::StartRefused {
                generation,
                why: "no such pipeline".to_owned(),
                at,
            },
        );
        world.pass(minutes(1));
        world.replan("dev");
    }
    assert_eq!(world.told(), ["team: unverified", "mail: unverified"]);
    assert_eq!(world.stage("dev").brk, None);
    assert_eq!(codes(&world.replan("dev")), ["failed_here"]);
}

#[test]
fn a_run_over_its_deadline_is_stopped_then_given_up_and_not_sent_again() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    world.pass(minutes(60));
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["stopping"]);
    let stops = |effect: &Effect| matches!(effect, Effect::StopExecution { .. });
    assert_eq!(world.count(stops), 1);
    world.pass(minutes(1));
    world.replan("dev");
    assert_eq!(world.count(stops), 1, "it is asked once");
    world.pass(minutes(1));
    let plan = world.replan("dev");
    assert_eq!(plan.next.run, None);
    assert_eq!(plan.next.candidate, None, "it may still be at it");
    assert_eq!(world.last("dev").outcome, Some(Outcome::TimedOut));
    assert_eq!(world.told(), ["team: unverified", "mail: unverified"]);
    assert_eq!(world.stage("dev").health, Health::Unverified);
}

/// A world in which an execution of run 1 of `dev` would not stop, while the next change waited.
fn would_not_stop() -> World {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    world.push("dev", 2);
    world.pass(minutes(60));
    world.replan("dev");
    world.pass(minutes(2));
    world.replan("dev");
    world.built(2);
    assert_eq!(world.last("dev").generation, 1);
    world
}

/// What the pipeline says of the execution of run 1 of `dev`.
fn says(world: &mut World, observation: Observation) -> Plan {
    let execution = world.last("dev").execution.clone().expect("it had begun");
    let seen = Fact::ExecutionObserved {
        generation: 1,
        execution,
        observation,
    };
    world.fact("dev", seen)
}

#[test]
fn what_would_not_stop_holds_automation_until_it_is_gone_or_a_person_goes_on() {
    let mut world = would_not_stop();
    let plan = world.replan("dev");
    assert_eq!(plan.next.run, None);
    assert_eq!(codes(&plan), ["held"], "{:?}", plan.waiting_on);
    let said = plan.waiting_on[0].explain(&"dev".into());
    assert!(
        said.sentence.contains("of run 1 would not stop"),
        "{said:?}"
    );
    assert_eq!(said.command.as_deref(), Some("greenroom retry dev"));
    let in_a_minute = world.now.checked_add(minutes(1)).ok();
    assert_eq!(plan.wake, in_a_minute, "it is read again");
    // A newer change, and time, change nothing.
    let plan = world.push("dev", 3);
    assert!(codes(&plan).contains(&"held"));
    world.built(3);
    world.pass(minutes(600));
    assert_eq!(codes(&world.replan("dev")), ["held"]);
    // That it runs, or that nobody knows of it, is no end.
    let since = world.now;
    let running = Observation::Running { step: None, since };
    assert_eq!(codes(&says(&mut world, running)), ["held"]);
    assert_eq!(codes(&says(&mut world, Observation::Unknown)), ["held"]);
    let gone = Observation::Stopped { at: world.now };
    let plan = says(&mut world, gone.clone());
    assert_eq!(codes(&plan), ["starting"]);
    assert_eq!(world.run("dev").release.revision, revision(3));
    assert_eq!(world.last("dev").ended, Some(gone));
    assert_eq!(world.last("dev").outcome, Some(Outcome::TimedOut));
    let told = world.log.iter().filter(|entry| entry.generation == Some(1));
    let told: Vec<_> = told.map(|entry| entry.code.as_str()).collect();
    assert!(
        told.ends_with(&["timed_out", "held", "released"]),
        "{told:?}"
    );
}

#[test]
fn a_person_goes_on_without_what_would_not_stop() {
    for command in [Command::Retry, Command::Refresh] {
        let mut world = would_not_stop();
        let plan = world.command("dev", &operator(), command).expect("granted");
        assert_eq!(plan.next.unstopped, None);
        assert_eq!(world.run("dev").release.revision, revision(2));
        // Its end says nothing about the run that was sent beside it.
        let before = world.stage("dev").clone();
        let at = world.now;
        says(&mut world, Observation::Stopped { at });
        assert_eq!(*world.stage("dev"), before);
    }
}

#[test]
fn the_end_of_what_would_not_stop_does_not_lift_what_a_person_holds() {
    let mut world = World::new();
    world.green("dev", 1);
    world.green("dev", 2);
    let reason = "slow".to_owned();
    let back = Command::Rollback { to: None, reason };
    world.command("dev", &operator(), back).expect("granted");
    world.started("dev");
    world.admit("dev").expect("admitted");
    world.push("dev", 3);
    world.pass(minutes(60));
    world.replan("dev");
    world.pass(minutes(2));
    world.replan("dev");
    world.built(3);
    assert_eq!(codes(&world.replan("dev")), ["held", "held"]);
    let unstopped = world.stage("dev").unstopped.clone().expect("it would not");
    let at = world.now;
    let seen = Fact::ExecutionObserved {
        generation: unstopped.generation,
        execution: unstopped.execution,
        observation: Observation::Stopped { at },
    };
    let plan = world.fact("dev", seen);
    assert_eq!(plan.next.unstopped, None);
    assert_eq!(codes(&plan), ["held"]);
    assert!(plan.next.hold.is_some(), "olga's");
}

#[test]
fn what_a_person_wanted_before_does_not_go_out_beside_what_would_not_stop() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    let refresh = Command::Refresh;
    world.command("dev", &operator(), refresh).expect("granted");
    let (slot, by) = (None, Some("olga".to_owned()));
    world.head("dev", "refs/heads/develop", 2, Cause::Refresh { slot, by });
    world.pass(minutes(60));
    world.replan("dev");
    world.pass(minutes(2));
    world.replan("dev");
    world.built(2);
    assert_eq!(codes(&world.replan("dev")), ["held"]);
    let plan = world.command("dev", &operator(), Command::Retry);
    assert!(plan.expect("granted").next.run.is_some());
}

#[test]
fn a_record_of_before_has_nothing_that_would_not_stop() {
    let world = would_not_stop();
    let mut record = serde_json::to_value(&world.stages["dev"]).expect("written");
    let fields = record.as_object_mut().expect("an object");
    assert!(fields.remove("unstopped").is_some());
    let read: Stage = serde_json::from_value(record).expect("it can be read");
    assert_eq!(read.unstopped, None);
}

#[test]
fn a_run_over_its_deadline_that_stops_is_tried_again() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    world.pass(minutes(60));
    world.replan("dev");
    let at = world.now;
    let plan = world.observe("dev", Observation::Stopped { at });
    assert_eq!(codes(&plan), ["backoff"]);
    assert_eq!(world.last("dev").outcome, Some(Outcome::TimedOut));
    world.pass(SignedDuration::from_secs(5));
    world.replan("dev");
    assert_eq!(world.run("dev").attempt, 1);
}

#[test]
fn a_start_nobody_answered_ends_at_the_deadline() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    let plan = world.replan("dev");
    assert_eq!(plan.wake, Some(world.run("dev").deadline));
    world.pass(minutes(60));
    let plan = world.replan("dev");
    assert_eq!(plan.next.run, None);
    assert_eq!(codes(&plan), ["backoff"]);
}

#[test]
fn an_errored_run_is_contained_in_the_newer_candidate() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    world.push("dev", 2);
    let at = world.now;
    let plan = world.observe(
        "dev",
        Observation::Errored {
            why: "the process is gone".to_owned(),
            at,
        },
    );
    let candidate = plan.next.candidate.expect("the newer one waits");
    assert_eq!(candidate.revision, revision(2));
    assert_eq!(candidate.contains[0].revision, revision(1));
    assert_eq!(candidate.attempt, 0);
    assert_eq!(plan.next.health, Health::Unverified);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn a_pipeline_that_never_asked_to_be_admitted_makes_the_stage_unverified() {
    let mut world = World::new();
    world.green("dev", 1);
    world.push("dev", 2);
    world.built(2);
    world.started("dev");
    let plan = world.succeeded("dev");
    assert_eq!(world.last("dev").outcome, Some(Outcome::Errored));
    assert_eq!(plan.next.verified, None);
    assert!(plan.next.stands().is_none());
}

#[test]
fn a_run_that_was_never_admitted_leaves_what_stands_green() {
    let mut world = World::new();
    world.green("dev", 1);
    world.push("dev", 2);
    world.built(2);
    let abort = Command::Abort {
        reason: "not now".to_owned(),
    };
    let plan = world.command("dev", &operator(), abort).expect("aborted");
    assert_eq!(plan.next.health, Health::Green);
    assert!(plan.next.verified.is_some());
}

#[test]
fn a_rule_that_goes_while_a_run_is_under_way_lets_it_end() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.deploy("dev");
    world.file = stage_file(&FILE.replace("  dev: {", "  other: {"));
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["verifying", "rule_gone"]);
    world.verdict("dev", "smoke", passed());
    assert_eq!(world.stage("dev").health, Health::Green);
    assert_eq!(codes(&world.replan("dev")), ["rule_gone"]);
}

#[test]
fn a_back_off_is_over_when_its_instant_comes_and_not_before() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    let at = world.now;
    let why = "gone".to_owned();
    let plan = world.observe("dev", Observation::Errored { why, at });
    let until = at
        .checked_add(SignedDuration::from_secs(5))
        .expect("in time");
    assert_eq!(plan.wake, Some(until));
    world.pass(SignedDuration::from_millis(4_999));
    assert_eq!(codes(&world.replan("dev")), ["backoff"]);
    world.now = until;
    assert!(world.replan("dev").next.run.is_some());
}

#[test]
fn an_execution_that_still_runs_has_not_ended() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    let plan = world.replan("dev");
    assert_eq!(
        plan.wake,
        Some(world.run("dev").deadline),
        "nothing to read"
    );
    world.started("dev");
    let since = world.now;
    let plan = world.observe("dev", Observation::Running { step: None, since });
    assert_eq!(world.run("dev").ended, None);
    let soon = world.now.checked_add(OBSERVE_EVERY).ok();
    assert_eq!(plan.wake, soon, "it is read again");
    world.admit("dev").expect("admitted");
    world.succeeded("dev");
    world.all_pass("dev");
    assert_eq!(world.stage("dev").health, Health::Green);
}

#[test]
fn an_end_that_is_read_while_tests_run_changes_nothing() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.deploy("dev");
    let mut testing = world.stage("dev").clone();
    if let Some(run) = &mut testing.run {
        run.ended = None;
    }
    let at = world.now;
    let fact = Fact::ExecutionObserved {
        generation: 1,
        execution: ExecutionId::new("dev-1"),
        observation: Observation::Stopped { at },
    };
    assert_eq!(record(testing.clone(), &fact), testing);
}

#[test]
fn a_pipeline_that_failed_without_asking_is_told_with_its_step() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    let at = world.now;
    let (step, why) = ("deploy".to_owned(), "exit 2".to_owned());
    world.observe("dev", Observation::Failed { step, why, at });
    let why = world.last("dev").why.clone();
    let expected = "the pipeline failed at step deploy (exit 2) without asking to be admitted";
    assert_eq!(why.as_deref(), Some(expected));
}

#[test]
fn what_failed_is_not_said_to_have_been_stopped() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.deploy("dev");
    let plan = world.verdict("dev", "smoke", failed(&["a"]));
    let why = plan.waiting_on[0].explain(&plan.next.id.stage).sentence;
    assert!(why.contains("did not succeed here"), "{why}");
}

#[test]
fn a_green_release_ends_the_wait_for_the_one_that_failed_before_it() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(&["a"]));
    world.green("dev", 2);
    assert_eq!(world.stage("dev").tried, None);
    assert_eq!(codes(&world.replan("dev")), ["up_to_date"]);
}

#[test]
fn a_release_that_is_green_once_more_is_the_newest_green() {
    let mut world = World::new();
    for n in [1, 2, 1] {
        world.green("dev", n);
    }
    let greens = world.stage("dev").greens.clone();
    let releases: Vec<_> = greens.into_iter().map(|green| green.release).collect();
    assert_eq!(releases, [world.release(1), world.release(2)]);
}
