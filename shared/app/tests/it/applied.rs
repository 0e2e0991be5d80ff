//! Pipelines that stand by themselves: what was applied decides what may run.

use std::sync::Arc;

use greenroom_app::App;
use greenroom_app::Error;
use greenroom_app::ports::store::StoreError;
use greenroom_app::stages::Input;
use greenroom_core::accept::RejectionKind;
use greenroom_core::definition::Applied;
use greenroom_core::principal::Principal;
use greenroom_core::waiting::Wait;
use greenroom_testkit::world::World;

use crate::STAGE_FILE;

/// A world whose pipelines have to be applied.
fn world() -> World {
    let mut world = World::new(STAGE_FILE);
    let mut settings = world.app.settings.clone();
    settings.applied_pipelines = true;
    world.app = Arc::new(App::new(world.app.ports.clone(), settings));
    world
}

/// Everything the stage file in force wants.
fn wanted(world: &World) -> Applied {
    let view = world.now(world.app.pipelines(world.id)).expect("an app");
    let wanted = view.wanted.into_iter();
    wanted.map(|it| (it.name, it.hash)).collect()
}

fn apply(world: &World, applied: &Applied) {
    let olga = World::operator();
    let asked = world.app.apply_pipelines(world.id, &olga, applied);
    let answer = world.now(asked).expect("the store answers");
    assert_eq!(answer, Ok(()));
}

fn codes(world: &World, stage: &str) -> Vec<&'static str> {
    let explained = world.now(world.app.explain(&world.stage_id(stage)));
    let (_, plan) = explained.expect("a stage");
    plan.waiting_on.iter().map(Wait::code).collect()
}

#[test]
fn a_stage_waits_for_its_pipelines_and_goes_on_by_itself_once_they_are_applied() {
    let mut world = world();
    let pushed = world.push("develop", "bob");
    world.settle();
    assert_eq!(
        codes(&world, "dev"),
        ["pipeline_outdated", "pipeline_outdated"]
    );
    assert_eq!(world.stands("dev"), None);
    apply(&world, &wanted(&world));
    world.settle();
    assert_eq!(world.stands("dev"), Some(pushed));
    let view = world.now(world.app.pipelines(world.id)).expect("an app");
    assert_eq!(view.applied, wanted(&world));
}

#[test]
fn only_an_operator_says_what_was_applied() {
    let world = world();
    let ada = Principal::Person {
        name: "ada".to_owned(),
    };
    for who in [ada, Principal::Automation, Principal::Pipeline] {
        let all = wanted(&world);
        let asked = world.app.apply_pipelines(world.id, &who, &all);
        let refused = world.now(asked).expect("an answer").expect_err("refused");
        assert_eq!(refused.kind, RejectionKind::Forbidden);
    }
    let view = world.now(world.app.pipelines(world.id)).expect("an app");
    assert!(view.applied.is_empty());
}

#[test]
fn what_is_applied_meanwhile_voids_the_claim() {
    let mut world = world();
    apply(&world, &wanted(&world));
    let id = world.stage_id("dev");
    let lock = greenroom_core::command::Command::Lock {
        reason: "so that it waits".to_owned(),
        until: None,
    };
    let olga = World::operator();
    let asked = world.app.command(&id, &olga, &lock);
    assert!(world.now(asked).expect("an answer").is_ok());
    world.push("develop", "bob");
    world.settle();
    assert_eq!(codes(&world, "dev"), ["locked"]);
    let mut before = world.now(world.app.load_stage(&id, None)).expect("a stage");
    before.stage.lock = None;
    apply(&world, &Applied::new());
    let claimed = world.now(world.app.try_step(&before, &Input::Nothing, &[]));
    // Of the app or of the stage, which was planned again by then.
    assert!(
        matches!(claimed, Err(Error::Store(StoreError::Conflict { .. }))),
        "{claimed:?}"
    );
    assert_eq!(codes(&world, "dev"), ["locked", "pipeline_outdated"]);
    assert_eq!(world.stage("dev").expect("a stage").generation, 0);
}
