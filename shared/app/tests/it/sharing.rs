//! Stages that write to the same resource take turns, whoever decides about them at the same time.

use greenroom_app::error::Error;
use greenroom_app::ports::store::StoreError;
use greenroom_app::stages::Input;
use greenroom_core::command::Command;
use greenroom_core::waiting::Wait;
use greenroom_testkit::world::World;

use crate::STAGE_FILE;

const STAGES: [&str; 2] = ["dev", "preprod"];

/// A release waits for each of two stages that write to the same; only a lock keeps them.
fn locked() -> World {
    let shared = "resources:\n  trades: { owner: preprod, writers: [dev] }\n";
    let mut world = World::new(&format!("{STAGE_FILE}{shared}"));
    world.push("develop", "bob");
    world.push("release/1", "bob");
    let lock = Command::Lock {
        reason: "not now".to_owned(),
        until: None,
    };
    for stage in STAGES {
        let (id, olga) = (world.stage_id(stage), World::operator());
        let locked = world.now(world.app.command(&id, &olga, &lock));
        assert!(locked.expect("an answer").is_ok());
    }
    world.push("develop", "bob");
    world.push("release/1", "bob");
    world
}

fn is_claimed(world: &World, stage: &str) -> bool {
    world.stage(stage).is_some_and(|stage| stage.run.is_some())
}

#[test]
fn two_writers_are_never_claimed_at_once() {
    let mut world = locked();
    let olga = World::operator();
    let unlock = Input::Command {
        principal: &olga,
        command: &Command::Unlock,
    };
    // Both are looked at while neither runs.
    let seen = STAGES.map(|stage| {
        let id = world.stage_id(stage);
        let loaded = world.now(world.app.load_stage(&id, None));
        loaded.expect("the stage is there")
    });
    let first = world.now(world.app.try_step(&seen[0], &unlock, &[]));
    first.expect("it is the first");
    assert!(is_claimed(&world, "dev"));
    let second = world.now(world.app.try_step(&seen[1], &unlock, &[]));
    assert!(
        matches!(second, Err(Error::Store(StoreError::Conflict { .. }))),
        "what it relied on has changed"
    );
    assert!(!is_claimed(&world, "preprod"));

    // Looked at again it waits, and goes on by itself.
    let id = world.stage_id("preprod");
    let asked = world.now(world.app.command(&id, &olga, &Command::Unlock));
    assert!(asked.expect("an answer").is_ok());
    let (_, plan) = world.now(world.app.explain(&id)).expect("a plan");
    let codes: Vec<_> = plan.waiting_on.iter().map(Wait::code).collect();
    assert_eq!(codes, ["resource_in_use"]);
    world.settle();
    for stage in STAGES {
        assert_eq!(world.green(stage), world.stands(stage), "{stage}");
        assert!(world.stage(stage).is_some_and(|it| it.candidate.is_none()));
    }
    assert_eq!(world.leftovers(), Vec::<String>::new());
}
