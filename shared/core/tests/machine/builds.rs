//! One build of a revision, whatever number of stages want it.

use greenroom_core::build::{self, BuildState};
use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::name::ExecutionId;

use crate::world::*;

fn starts(world: &World) -> usize {
    world.count(|effect| matches!(effect, Effect::StartBuild { .. }))
}

#[test]
fn stages_that_build_alike_share_a_build() {
    let mut world = World::new();
    world.push("dev", 1);
    world.push("preprod", 1);
    assert_eq!(starts(&world), 1);
    world.built(1);
    assert!(world.stage("dev").run.is_some());
    assert!(world.stage("preprod").run.is_some());
}

#[test]
fn a_build_that_failed_for_one_stage_has_failed_for_the_next() {
    let mut world = World::new();
    world.push("dev", 1);
    world.build_failed(1);
    let plan = world.push("preprod", 1);
    assert_eq!(codes(&plan), ["build_failed"]);
    assert_eq!(starts(&world), 1);
}

#[test]
fn a_build_asked_for_again_by_two_is_made_once_more_only() {
    let mut world = World::new();
    world.push("dev", 1);
    world.push("preprod", 1);
    world.build_failed(1);
    let build = world.builds.values().next().cloned().expect("a build");
    let request = |stage: &str| build::BuildRequest {
        app: APP,
        revision: build.revision.clone(),
        recipe: build.recipe.clone(),
        pipeline: build.pipeline.clone(),
        config: build.config.clone(),
        stage: greenroom_core::name::StageName::new(stage),
        again: Some(1),
    };
    let first = build::request(Some(build.clone()), &request("dev"), world.now);
    assert_eq!(first.next.attempt, 2);
    let mut failed = first.next;
    failed.state = build.state.clone();
    let late = build::request(Some(failed), &request("preprod"), world.now);
    assert_eq!(late.next.attempt, 2, "it was tried since");
    assert!(matches!(late.effects[..], [Effect::Ask { .. }, ..]));
}

#[test]
fn an_errored_build_is_tried_again_and_then_told_once_as_unverified() {
    let mut world = World::new();
    world.push("dev", 1);
    for _ in 0..3 {
        let at = world.now;
        let why = "the disk is full".to_owned();
        world.build(&revision(1), &Observation::Errored { why, at });
        world.pass(minutes(1));
        world.tick_builds();
    }
    assert_eq!(starts(&world), 3);
    assert_eq!(codes(&world.replan("dev")), ["build_unclear"]);
    assert_eq!(world.told(), ["team: unverified", "mail: unverified"]);
    assert_eq!(world.stage("dev").brk, None);
}

#[test]
fn builds_that_take_too_long_are_stopped_each_by_its_own_name() {
    let mut world = World::new();
    world.push("dev", 1);
    world.push("preprod", 2);
    let since = world.now;
    for n in [1, 2] {
        let running = Observation::Running { step: None, since };
        world.build(&revision(n), &running);
    }
    world.pass(minutes(60));
    world.tick_builds();
    let stopped: Vec<_> = world
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::StopBuild { revision, .. } => Some(revision.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(stopped, [revision(1), revision(2)]);
}

#[test]
fn answers_of_older_attempts_and_of_others_are_ignored() {
    let mut world = World::new();
    world.push("dev", 1);
    let build = world.builds.values().next().cloned().expect("a build");
    let at = world.now;
    let ours = ExecutionId::new("ours");
    let build = build::observe(build, 1, &ours, None, at).next;
    let failed = Observation::Failed {
        step: "build".to_owned(),
        why: "exit 2".to_owned(),
        at,
    };
    let foreign = ExecutionId::new("foreign");
    for (attempt, execution) in [(0, &ours), (2, &ours), (1, &foreign)] {
        let next = build::observe(build.clone(), attempt, execution, Some(&failed), at).next;
        assert_eq!(next, build);
    }
    let next = build::observe(build, 1, &ours, Some(&failed), at).next;
    assert!(matches!(next.state, BuildState::Failed { .. }));
}

#[test]
fn another_recipe_in_force_asks_for_another_build() {
    let mut world = World::new();
    world.push("dev", 1);
    world.file = stage_file(&FILE.replace("run: make,", "run: make all,"));
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["building"]);
    assert_eq!(starts(&world), 2);
    world.replan("dev");
    assert_eq!(starts(&world), 2, "once");
}

#[test]
fn a_stage_nobody_tells_of_the_end_looks_for_itself() {
    let mut world = World::new();
    let plan = world.push("dev", 1);
    let soon = world.now.checked_add(minutes(5)).expect("in time");
    assert!(plan.wake.is_some_and(|wake| wake <= soon));
}
