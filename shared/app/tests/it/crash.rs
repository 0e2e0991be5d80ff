//! A process that dies, or meets a failure, at any call ends up where one that did not ends up.
//!
//! Each call of a scenario meets one of the four faults; `GREENROOM_EVERY_FAULT=1` has every call
//! meet each of them, which takes minutes.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_core::message::Kind;
use greenroom_core::stage::Health;
use greenroom_testkit::world::{Deployment, Fault, World};
use jiff::SignedDuration;

use crate::STAGE_FILE;

/// What people see in the end.
#[derive(Clone, PartialEq, Eq, Debug)]
struct End {
    stages: BTreeMap<String, (Option<String>, Health, Option<String>, u64)>,
    deployed: BTreeSet<(String, String)>,
}

fn end(world: &World) -> End {
    let names = world.now(world.app.stage_names(world.id)).expect("names");
    let stages = names.iter().filter_map(|name| {
        let stage = world.stage(name.as_str())?;
        let verified = stage
            .verified
            .as_ref()
            .map(|green| green.release.revision.to_string());
        let head = stage.head.as_ref().map(|head| head.revision.to_string());
        Some((
            name.to_string(),
            (verified, stage.health, head, stage.episodes),
        ))
    });
    let deployments = world.ports().pipelines.deployments();
    End {
        stages: stages.collect(),
        deployed: deployments
            .into_iter()
            .map(|one| (one.stage, one.revision.to_string()))
            .collect(),
    }
}

/// Lets everything drain with the poller and the sweep alone.
fn drain(world: &mut World) {
    world.hints = false;
    for _ in 0..3 {
        let _ =
            world.attempt(|world| Box::pin(async move { drop(Box::pin(world.app.poll()).await) }));
        world.pass(SignedDuration::from_mins(20));
    }
}

fn push_to_green(world: &mut World) {
    world.push("feature/x", "alice");
    world.push("develop", "bob");
    world.push("release/1", "carol");
    world.pass(SignedDuration::from_mins(11));
}

fn break_and_recover(world: &mut World) {
    world.push("develop", "bob");
    world.pass(SignedDuration::from_mins(1));
    let bad = world
        .ports()
        .source
        .commit("develop", "bob", "Break it", &[]);
    world.ports().suites.fail(&bad);
    world.told_of("develop", "bob", &bad);
    world.settle();
    world.pass(SignedDuration::from_mins(1));
    world.push("develop", "bob");
}

/// One generation of a stage is deployed at most once, and only the bytes of its revision.
fn truth_holds(world: &World, told: &str) {
    let mut seen = BTreeSet::new();
    for Deployment {
        stage,
        generation,
        revision,
        artifact,
    } in world.ports().pipelines.deployments()
    {
        assert!(
            seen.insert((stage.clone(), generation)),
            "{told}: {stage}/{generation} was deployed twice"
        );
        let right = greenroom_testkit::world::artifact_of(&revision).digest;
        assert_eq!(artifact, Some(right), "{told}: other bytes on {stage}");
    }
    let leftovers = world.leftovers();
    assert_eq!(leftovers, Vec::<String>::new(), "{told}: left over");
    // At most once more per ambiguous answer, and then it says so.
    let mut messages: BTreeMap<String, u32> = BTreeMap::new();
    for sent in world.ports().channels.tries() {
        let before = messages
            .entry(format!("{} {}", sent.channel, sent.key))
            .or_default();
        *before += 1;
        assert!(
            *before == 1 || sent.announcement.possibly_repeated,
            "{told}: {} was repeated without saying so",
            sent.key
        );
    }
}

/// Each channel of `dev` was told of the break and of its end, in this order.
fn break_was_told(world: &World, told: &str) {
    for channel in ["team", "mail"] {
        let kinds: Vec<Kind> = world
            .ports()
            .channels
            .tries()
            .into_iter()
            .filter(|sent| sent.channel.as_str() == channel)
            .map(|sent| sent.announcement.kind)
            .collect();
        let broke = kinds.iter().position(|kind| *kind == Kind::Broke);
        let recovered = |kind: &Kind| matches!(kind, Kind::Recovered { .. });
        let recovered = kinds.iter().position(recovered);
        assert!(
            broke.is_some() && broke < recovered,
            "{told}: {channel} was told {kinds:?}"
        );
    }
}

fn same_end(fault: Fault, scenario: fn(&mut World), also: fn(&World, &str)) {
    let mut calm = World::new(STAGE_FILE);
    let before = calm.ports().faults.calls();
    scenario(&mut calm);
    let calls = calm.ports().faults.calls() - before;
    drain(&mut calm);
    truth_holds(&calm, "calm");
    also(&calm, "calm");
    let wanted = end(&calm);
    assert!(calls > 100, "the scenario is worth the name: {calls} calls");
    let first = 1 + Fault::ALL.iter().position(|one| *one == fault).unwrap_or(0);
    let all = std::env::var_os("GREENROOM_EVERY_FAULT").is_some();
    let (first, stride) = if all {
        (1, 1)
    } else {
        (first, Fault::ALL.len())
    };
    for nth in (first as u64..=calls).step_by(stride) {
        let told = format!("{fault:?} at call {nth} of {calls}");
        let mut world = World::new(STAGE_FILE);
        world.ports().faults.plan(nth, fault);
        scenario(&mut world);
        drain(&mut world);
        assert!(world.ports().faults.fired(), "{told} did not happen");
        truth_holds(&world, &told);
        also(&world, &told);
        assert_eq!(end(&world), wanted, "{told}");
    }
}

#[test]
fn a_push_gets_to_green_whatever_call_fails() {
    same_end(Fault::FailBefore, push_to_green, |_, _| {});
}

#[test]
fn a_break_is_told_and_mended_whatever_call_fails() {
    same_end(Fault::FailBefore, break_and_recover, break_was_told);
}

#[test]
fn a_push_gets_to_green_whatever_call_is_answered_by_nobody() {
    same_end(Fault::FailAfter, push_to_green, |_, _| {});
}

#[test]
fn a_break_is_told_and_mended_whatever_call_is_answered_by_nobody() {
    same_end(Fault::FailAfter, break_and_recover, break_was_told);
}

#[test]
fn a_push_gets_to_green_whatever_call_dies() {
    same_end(Fault::DieBefore, push_to_green, |_, _| {});
}

#[test]
fn a_break_is_told_and_mended_whatever_call_dies() {
    same_end(Fault::DieBefore, break_and_recover, break_was_told);
}

#[test]
fn a_push_gets_to_green_whatever_call_dies_after_it_took_effect() {
    same_end(Fault::DieAfter, push_to_green, |_, _| {});
}

#[test]
fn a_break_is_told_and_mended_whatever_call_dies_after_it_took_effect() {
    same_end(Fault::DieAfter, break_and_recover, break_was_told);
}

#[test]
fn without_hints_the_sweep_alone_gets_there() {
    let mut hinted = World::new(STAGE_FILE);
    push_to_green(&mut hinted);
    drain(&mut hinted);
    let mut swept = World::new(STAGE_FILE);
    swept.hints = false;
    push_to_green(&mut swept);
    drain(&mut swept);
    truth_holds(&swept, "swept");
    assert_eq!(end(&swept), end(&hinted));
}

#[test]
fn without_webhooks_the_poller_alone_gets_there() {
    let mut told = World::new(STAGE_FILE);
    push_to_green(&mut told);
    drain(&mut told);
    let mut polled = World::new(STAGE_FILE);
    for (branch, actor) in [
        ("feature/x", "alice"),
        ("develop", "bob"),
        ("release/1", "carol"),
    ] {
        polled
            .ports()
            .source
            .commit(branch, actor, &format!("Change {branch}"), &[]);
    }
    drain(&mut polled);
    truth_holds(&polled, "polled");
    assert_eq!(end(&polled), end(&told));
}
