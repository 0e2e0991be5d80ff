//! Runs that do not end as they should.

use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
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
