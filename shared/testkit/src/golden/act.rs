//! What people do in a scenario. They wait for what they have to see first, look whether a request
//! without an answer was granted, and ask again if it was not.

use greenroom_core::command::Command;
use greenroom_core::name::Revision;
use greenroom_core::stage::{Phase, Stage};
use jiff::SignedDuration;

use crate::world::World;

/// Nothing takes more turns than this.
const TURNS_MAX: usize = 400;

/// Waits until `seen`.
///
/// # Panics
/// When it never comes.
pub(super) fn until(world: &mut World, what: &str, seen: impl Fn(&World) -> bool) {
    for _ in 0..TURNS_MAX {
        world.settle();
        if seen(world) {
            return;
        }
        let minute = world.until(SignedDuration::from_mins(1));
        let next = world.next_instant().map_or(minute, |at| at.min(minute));
        world.work_until(next);
    }
    panic!(
        "it never came to this: {what}; left over: {:?}",
        world.leftovers()
    );
}

/// Waits until everything is done that can be done without anybody.
pub(super) fn rest(world: &mut World) {
    until(world, "everything is done", |world| {
        let moving = |name: &str| world.stage(name).is_some_and(|stage| stage.run.is_some());
        let names = world.now(world.app.stage_names(world.id)).expect("names");
        world.leftovers().is_empty() && !names.iter().any(|name| moving(name.as_str()))
    });
}

/// Asks for `command` until it is `granted`.
///
/// # Panics
/// When it never is.
pub(super) fn ask(
    world: &mut World,
    stage: &str,
    command: &Command,
    granted: impl Fn(&Stage) -> bool,
) {
    let id = world.stage_id(stage);
    for _ in 0..20 {
        let (to, asked) = (id.clone(), command.clone());
        let answer = world.patiently(|app| {
            Box::pin(async move {
                let person = World::operator();
                Box::pin(app.command(&to, &person, &asked)).await
            })
        });
        let yes = matches!(answer, Ok(Ok(Ok(_))));
        if yes || world.stage(stage).is_some_and(|stage| granted(&stage)) {
            world.settle();
            return;
        }
        world.pass(SignedDuration::from_mins(1));
    }
    panic!("{} of {stage} was never granted", command.verb());
}

/// Polls until a poll says that it was through.
pub(super) fn poll(world: &mut World) {
    for _ in 0..20 {
        let answer = world.attempt(|app| Box::pin(async move { Box::pin(app.poll()).await }));
        if matches!(answer, Ok(Ok(_))) {
            world.settle();
            return;
        }
        world.pass(SignedDuration::from_mins(1));
    }
    panic!("the heads were never read");
}

/// Pushes a change to `branch` that fails its tests.
pub(super) fn push_bad(world: &mut World, branch: &str) -> Revision {
    let bad = world.ports().source.commit(branch, "bob", "Break it", &[]);
    world.ports().suites.fail(&bad);
    world.told_of(branch, "bob", &bad);
    world.settle();
    bad
}

/// Whether a run of `stage` was admitted and is at its steps.
pub(super) fn deploys(world: &World, stage: &str) -> bool {
    let run = world.stage(stage).and_then(|stage| stage.run);
    run.is_some_and(|run| run.phase == Phase::Deploying)
}

/// The revision that waits for `stage`.
pub(super) fn waits(world: &World, stage: &str) -> Option<Revision> {
    let candidate = world.stage(stage)?.candidate?;
    Some(candidate.revision)
}
