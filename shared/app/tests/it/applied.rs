//! Pipelines that stand by themselves: what was applied decides what may run.

use std::sync::Arc;

use greenroom_app::App;
use greenroom_app::Error;
use greenroom_app::ports::pipelines::{AdmissionRequest, Purpose};
use greenroom_app::ports::store::StoreError;
use greenroom_app::stages::Input;
use greenroom_core::accept::RejectionKind;
use greenroom_core::definition::{Applied, DefinitionHash};
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
pub fn wanted(world: &World) -> Applied {
    let view = world.now(world.app.pipelines(world.id)).expect("an app");
    let wanted = view.wanted.into_iter();
    wanted.map(|it| (it.name, it.hash)).collect()
}

pub fn apply(world: &World, applied: &Applied) {
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

/// A claimed run of `dev`, and how its execution asks.
fn at_the_fence(world: &mut World) -> AdmissionRequest {
    world.ports().pipelines.freeze(true);
    world.push("develop", "bob");
    let build = world.ports().pipelines.executions()[0].id.clone();
    let now = world.until(jiff::SignedDuration::ZERO);
    world.ports().pipelines.run_to_end(&build, now);
    world.ports().pipelines.lose_answers(1_000);
    world.pass(jiff::SignedDuration::from_mins(2));
    let started = world.ports().pipelines.executions()[1].clone();
    let Purpose::Deploy {
        app,
        stage,
        generation,
        nonce,
        ..
    } = started.request.purpose
    else {
        panic!("the second execution deploys");
    };
    AdmissionRequest {
        app,
        stage,
        generation,
        nonce,
        execution: started.id,
        revision: started.request.revision,
        definition: Some(started.request.definition.hash),
    }
}

#[test]
fn the_fence_admits_only_what_was_rendered_from_the_file_that_governs_the_run() {
    let mut world = World::new(STAGE_FILE);
    let own = at_the_fence(&mut world);
    let of_dev = own.definition.clone().expect("a start names its pipeline");
    let others = wanted(&world).into_values();
    let others = others.filter(|hash| *hash != of_dev);
    let others = others.chain([DefinitionHash::new(""), DefinitionHash::new("0123")]);
    let admitted = |world: &World| {
        let run = world.stage("dev").and_then(|stage| stage.run);
        run.is_some_and(|run| run.is_admitted())
    };
    for other in others {
        let request = AdmissionRequest {
            definition: Some(other),
            ..own.clone()
        };
        let refused = world.now(world.app.admit(&request)).expect("an answer");
        let refused = refused.expect_err("it is another");
        assert_eq!(refused.kind, RejectionKind::Conflict);
        assert_eq!(
            refused.why,
            "the pipeline was rendered from another stage file than the one that run 1 of dev was claimed under"
        );
        assert_eq!(refused.help, "greenroom apply");
        assert!(!admitted(&world));
    }
    let late = AdmissionRequest {
        generation: 99,
        ..own.clone()
    };
    let late = world.now(world.app.admit(&late)).expect("an answer");
    let late = late.expect_err("there is no such run").why;
    assert_eq!(late, "run 99 of dev is not the claimed one");
    // Twice: whoever was admitted may ask again.
    for _ in 0..2 {
        let answer = world.now(world.app.admit(&own)).expect("an answer");
        assert_eq!(answer, Ok(()));
        assert!(admitted(&world));
    }
}

#[test]
fn of_two_who_apply_at_once_the_second_is_refused() {
    let world = world();
    let olga = World::operator();
    let none = Applied::new();
    let first = wanted(&world);
    let mut second = first.clone();
    second.insert("another".to_owned(), DefinitionHash::new("0"));
    let over = |applied: &Applied| {
        let asked = world.app.apply_over(world.id, &olga, applied, Some(&none));
        world.now(asked).expect("the store answers")
    };
    assert_eq!(over(&first), Ok(()));
    assert_eq!(over(&first), Ok(()), "an answer that was lost");
    let refused = over(&second).expect_err("somebody was first");
    assert_eq!(refused.kind, RejectionKind::Conflict);
    let view = world.now(world.app.pipelines(world.id)).expect("an app");
    assert_eq!(view.applied, first);
}
