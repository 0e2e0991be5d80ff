//! Messages of the queue `tests`, over a world in memory.

use std::sync::Arc;
use std::time::Duration;

use greenroom_app::work::Work;
use greenroom_lambda::batch::Batch;
use greenroom_lambda::{Hinting, Until};
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::World;
use integration_test_runner::handler::Handler;
use integration_test_runner::within::Deadline;
use jiff::SignedDuration;

/// A run that waits for its tests, which are due; and the id of their effect.
fn tests_are_due() -> (World, String) {
    let mut world = World::new(DEV);
    world.ports().pipelines.freeze(true);
    world.push("develop", "bob");
    // Their files cannot be read, so they are put off; nothing else needs the repository.
    world.ports().source.set_away(true);
    world.ports().pipelines.freeze(false);
    world.settle();
    world.ports().source.set_away(false);
    world.ports().pass(SignedDuration::from_mins(10));
    let pending = world.pending().into_iter();
    let mut effect = pending.filter_map(|due| match due.work {
        Work::Effect(id) if id.contains("/suite/") => Some(id),
        _ => None,
    });
    let effect = effect.next_back().expect("tests are pending");
    (world, effect)
}

async fn handle(world: &World, effect: &str) -> Batch {
    let app = Hinting::app(world.ports().clone(), world.another().settings);
    let deadline = Arc::new(Deadline::default());
    let handler = Handler::new(app, Arc::clone(&deadline));
    let event = include_str!("events/message.json").replace("EFFECT", effect);
    let until = Until::within(Duration::from_secs(60));
    let answer = handler.handle(&event, until).await;
    assert!(
        deadline
            .left()
            .is_some_and(|left| left < Duration::from_secs(60))
    );
    answer.expect("it is a batch")
}

#[tokio::test]
async fn a_suite_is_run_once_however_often_its_message_comes() {
    let (mut world, effect) = tests_are_due();
    assert!(world.green("dev").is_none());
    for _ in 0..3 {
        assert_eq!(handle(&world, &effect).await, Batch::default());
    }
    assert_eq!(world.ports().suites.runs().len(), 1);
    world.settle();
    assert!(world.green("dev").is_some());
}

#[tokio::test]
async fn a_suite_that_is_not_due_is_left_to_its_ladder() {
    let (world, effect) = tests_are_due();
    world.ports().source.set_away(true);
    assert_eq!(handle(&world, &effect).await, Batch::default());
    world.ports().source.set_away(false);
    assert_eq!(handle(&world, &effect).await, Batch::default());
    assert!(
        world.ports().suites.runs().is_empty(),
        "it waits for its next rung"
    );
}

#[tokio::test]
async fn effects_of_other_kinds_and_none_are_passed_over() {
    let (world, _) = tests_are_due();
    for effect in ["", "nothing", "7/dev/start/1"] {
        assert_eq!(handle(&world, effect).await, Batch::default());
    }
    assert!(world.ports().suites.runs().is_empty());
}

#[tokio::test]
async fn what_the_table_failed_comes_again() {
    let (world, effect) = tests_are_due();
    world.ports().store.set_away(true);
    let answer = handle(&world, &effect).await;
    assert_eq!(
        answer.failures[0].item,
        "059f36b4-87a3-44ab-83d2-661975830a7d"
    );
}
