//! What people do with pipelines past Greenroom.

use std::sync::Arc;

use greenroom_app::App;
use greenroom_app::ports::pipelines::{Provenance, Purpose};
use greenroom_app::work::Work;
use greenroom_core::name::{ExecutionId, Nonce};
use greenroom_core::stage::Health;
use greenroom_testkit::world::World;
use jiff::{SignedDuration, Timestamp};

use crate::STAGE_FILE;
use crate::applied::{apply, wanted};

/// A world whose pipelines stand by themselves, one of them that executions of this world belong to.
fn world() -> World {
    let mut world = World::new(STAGE_FILE);
    let mut settings = world.app.settings.clone();
    settings.applied_pipelines = true;
    world.app = Arc::new(App::new(world.app.ports.clone(), settings));
    let mut all = wanted(&world);
    let hash = all.values().next().cloned().expect("a pipeline");
    all.insert("world".to_owned(), hash);
    apply(&world, &all);
    world.settle();
    world
}

fn now(world: &World) -> Timestamp {
    world.until(SignedDuration::ZERO)
}

fn board(world: &World) -> Vec<String> {
    let board = world.now(world.app.board(None)).expect("a board");
    let notes = board.apps.into_iter().flat_map(|app| app.attention);
    let notes = notes.filter(|note| note.code == "execution_foreign");
    notes.map(|note| note.text).collect()
}

fn tells(world: &World, execution: &ExecutionId) {
    let work = Work::Execution(execution.clone());
    let looked = world.now(world.app.perform_work(&work));
    looked.expect("it is looked at");
}

fn looks(world: &World) -> usize {
    world.now(world.app.look_at_pipelines()).expect("it looks")
}

/// An execution that somebody began in the console.
fn began(by: &str) -> Provenance {
    Provenance {
        run: None,
        token: Some("x".to_owned()),
        usual: true,
        by: by.to_owned(),
        past_fence: None,
    }
}

fn again(world: &World) -> Option<(String, Timestamp)> {
    Some(("stage Deploy was run again by hand".to_owned(), now(world)))
}

#[test]
fn an_execution_that_somebody_began_is_shown_once_for_a_day_and_changes_nothing() {
    let mut world = world();
    world.push("develop", "bob");
    world.settle();
    let stands = world.stage("dev");
    let theirs = ExecutionId::new("world/by-hand");
    let pipelines = &world.ports().pipelines;
    pipelines.by_hand(&theirs, began("mallory"), now(&world));
    tells(&world, &theirs);
    let told = board(&world);
    assert!(
        matches!(&told[..], [one] if one.contains("mallory") && one.contains("by-hand")),
        "{told:?}"
    );
    // By the event, by the look, and by both again.
    for _ in 0..2 {
        looks(&world);
        tells(&world, &theirs);
    }
    assert_eq!(board(&world), told);
    assert_eq!(world.stage("dev"), stands);
    world.pass(SignedDuration::from_hours(25));
    looks(&world);
    assert_eq!(board(&world), Vec::<String>::new());
}

#[test]
fn what_no_event_spoke_of_is_found_and_looked_at_once() {
    let world = world();
    let theirs = ExecutionId::new("world/by-hand");
    let pipelines = &world.ports().pipelines;
    pipelines.by_hand(&theirs, began("mallory"), now(&world));
    assert_eq!(looks(&world), 1);
    assert_eq!(board(&world).len(), 1);
    assert_eq!(looks(&world), 0, "nothing has changed since");
    pipelines.set_away(true);
    assert_eq!(looks(&world), 0, "the next look is soon");
}

#[test]
fn an_execution_of_ours_is_never_taken_for_a_strangers() {
    let mut world = world();
    world.push("develop", "bob");
    world.settle();
    let executions = world.ports().pipelines.executions();
    let builds = |purpose: &Purpose| matches!(purpose, Purpose::Build);
    assert!(executions.iter().any(|one| builds(&one.request.purpose)));
    assert!(executions.iter().any(|one| !builds(&one.request.purpose)));
    for (n, execution) in executions.iter().enumerate() {
        tells(&world, &execution.id);
        // One whose start was answered to nobody: what it knows is what only our start knew.
        let own = world.ports().pipelines.own(&execution.id).expect("ours");
        let lost = ExecutionId::new(format!("world/lost-{n}"));
        world
            .ports()
            .pipelines
            .by_hand(&lost, own.clone(), now(&world));
        tells(&world, &lost);
        assert_eq!(board(&world), Vec::<String>::new());
        // A claim's number alone is nothing, nor is a rollback of the pipeline's own.
        let guessed = Provenance {
            run: own.run.clone().map(|(run, _)| (run, Nonce::new("guessed"))),
            token: own.token.as_ref().map(|token| format!("{token}0")),
            ..own.clone()
        };
        let rolled_back = Provenance {
            usual: false,
            ..own
        };
        for (what, told) in [("guess", guessed), ("back", rolled_back)] {
            let id = ExecutionId::new(format!("world/{what}-{n}"));
            world.ports().pipelines.by_hand(&id, told, now(&world));
            tells(&world, &id);
            assert!(
                board(&world)[0].contains(id.as_str()),
                "{:?}",
                board(&world)
            );
        }
        world.pass(SignedDuration::from_hours(25));
        looks(&world);
    }
}

#[test]
fn steps_that_were_run_again_by_hand_make_the_stage_unverified_whoever_tells() {
    for by_event in [true, false] {
        let mut world = world();
        world.push("develop", "bob");
        world.settle();
        assert!(world.green("dev").is_some());
        let run = world
            .stage("dev")
            .expect("a stage")
            .last
            .expect("a run has ended");
        let execution = run.execution.expect("it was started");
        world.pass(SignedDuration::from_mins(5));
        let own = world.ports().pipelines.own(&execution).expect("ours");
        let told = Provenance {
            past_fence: again(&world),
            ..own
        };
        world
            .ports()
            .pipelines
            .by_hand(&execution, told, now(&world));
        if by_event {
            tells(&world, &execution);
        } else {
            looks(&world);
        }
        let stage = world.stage("dev").expect("a stage");
        assert_eq!((stage.verified, stage.health), (None, Health::Unverified));
        let foreign = stage.foreign.expect("it is flagged");
        assert_eq!((foreign.execution, foreign.told), (execution, true));
    }
}

#[test]
fn a_rollback_of_the_pipelines_own_makes_the_stage_of_its_run_unverified() {
    let mut world = world();
    world.push("develop", "bob");
    world.settle();
    let run = world
        .stage("dev")
        .expect("a stage")
        .last
        .expect("a run has ended");
    let own = world
        .ports()
        .pipelines
        .own(&run.execution.expect("started"));
    world.pass(SignedDuration::from_mins(5));
    let told = Provenance {
        usual: false,
        past_fence: again(&world),
        ..own.expect("ours")
    };
    let theirs = ExecutionId::new("world/rollback");
    world.ports().pipelines.by_hand(&theirs, told, now(&world));
    tells(&world, &theirs);
    assert_eq!(world.green("dev"), None);
}
