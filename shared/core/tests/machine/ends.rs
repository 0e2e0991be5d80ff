//! Runs that do not end as they should.

use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::name::ExecutionId;
use greenroom_core::plan::OBSERVE_EVERY;
use greenroom_core::record::record;
use greenroom_core::stage::{Health, Outcome};
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
    let abort = greenroom_core::command::Command::Abort {
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
