//! What somebody runs on a stage past Greenroom.

use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::name::ExecutionId;
use greenroom_core::plan::Plan;
use greenroom_core::stage::{Health, Outcome};
use jiff::Timestamp;

use crate::world::*;

fn seen(world: &mut World, stage: &str, at: Timestamp) -> Plan {
    let fact = Fact::ForeignSeen {
        execution: ExecutionId::new("pipeline/exec-9"),
        what: "stage Deploy was run again by hand".to_owned(),
        at,
    };
    world.fact(stage, fact)
}

#[test]
fn what_was_run_past_the_fence_proves_nothing_and_is_told_once() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.pass(minutes(120));
    world.replan("prod");
    assert!(world.stage("prod").candidate.is_some());
    let at = world.now;
    let plan = seen(&mut world, "preprod", at);
    assert_eq!(plan.next.verified, None);
    assert!(
        plan.next.stands().is_none(),
        "nobody knows what stands there"
    );
    assert_eq!(plan.next.health, Health::Unverified);
    assert_eq!(codes(&plan), ["foreign"]);
    let said = plan.waiting_on[0].explain(&"preprod".into());
    assert!(said.sentence.contains("pipeline/exec-9"), "{said:?}");
    assert_eq!(said.command.as_deref(), Some("greenroom retry preprod"));
    assert_eq!(world.told(), ["team: unverified"]);
    assert_eq!(world.codes().last(), Some(&"foreign"));
    let asks =
        |effect: &Effect| matches!(effect, Effect::Ask { stage, .. } if stage.as_str() == "prod");
    assert!(world.count(asks) > 0);
    // It goes no further.
    let plan = world.replan("prod");
    assert_eq!(plan.next.candidate, None);
    assert_eq!(codes(&plan), ["upstream_unverified"]);
    // Once more is nothing new, and nobody is overruled by automation.
    seen(&mut world, "preprod", at);
    world.pass(minutes(600));
    let plan = world.replan("preprod");
    assert_eq!((plan.next.run, plan.next.candidate), (None, None));
    assert_eq!(world.told(), ["team: unverified"]);
}

#[test]
fn the_next_execution_that_is_let_in_puts_it_right() {
    let mut world = World::new();
    world.green("dev", 1);
    let at = world.now;
    seen(&mut world, "dev", at);
    let plan = world.command("dev", &operator(), Command::Retry);
    assert_eq!(codes(&plan.expect("granted")), ["foreign", "starting"]);
    world.started("dev");
    let plan = world.admit("dev").expect("let in");
    assert_eq!(plan.next.foreign, None);
    world.succeeded("dev");
    world.all_pass("dev");
    assert_eq!(world.stage("dev").health, Health::Green);
    assert_eq!(codes(&world.replan("dev")), ["up_to_date"]);
}

#[test]
fn what_was_over_before_the_last_execution_was_let_in_is_covered_by_it() {
    let mut world = World::new();
    let before = world.now;
    world.pass(minutes(1));
    world.green("dev", 1);
    let stands = world.stage("dev").clone();
    seen(&mut world, "dev", before);
    assert_eq!(*world.stage("dev"), stands);
}

#[test]
fn a_run_beside_which_somebody_ran_steps_proves_nothing() {
    for fails in [false, true] {
        let mut world = World::new();
        world.push("dev", 1);
        world.built(1);
        world.started("dev");
        world.admit("dev").expect("let in");
        world.pass(minutes(1));
        let at = world.now;
        let plan = seen(&mut world, "dev", at);
        assert_eq!(codes(&plan), ["deploying"], "ours goes on");
        if fails {
            let (step, why) = ("deploy".to_owned(), "exit code 1".to_owned());
            world.observe("dev", Observation::Failed { step, why, at });
        } else {
            world.succeeded("dev");
            world.all_pass("dev");
        }
        assert_eq!(world.last("dev").outcome, Some(Outcome::Errored));
        assert_eq!(world.stage("dev").verified, None);
        assert_eq!(world.stage("dev").brk, None, "it is no verdict");
        assert_eq!(world.told(), ["team: unverified", "mail: unverified"]);
        assert_eq!(codes(&world.replan("dev")), ["foreign"]);
    }
}

#[test]
fn beside_a_run_that_nobody_can_tell_of_it_is_told_once_with_what_the_run_ended_with() {
    let mut world = World::new();
    world.replan("prod");
    world.push("preprod", 1);
    world.built(1);
    world.deploy("preprod");
    let at = world.now;
    seen(&mut world, "preprod", at);
    for attempt in [1, 2] {
        for suite in ["api", "smoke"] {
            world.verdict("preprod", suite, errored());
        }
        if attempt == 1 {
            world.pass(minutes(1));
            world.replan("preprod");
        }
    }
    assert_eq!(world.last("preprod").outcome, Some(Outcome::Errored));
    let why = world.last("preprod").why.clone().expect("it says why");
    assert!(
        why.contains("pipeline/exec-9") && why.contains("suite"),
        "{why}"
    );
    assert_eq!(world.told(), ["team: unverified"]);
    world.pass(minutes(60));
    let plan = world.replan("preprod");
    assert_eq!((plan.next.run, plan.next.candidate), (None, None));
}
