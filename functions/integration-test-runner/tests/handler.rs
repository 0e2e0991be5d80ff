//! Messages of the queue `tests`, over a world in memory.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use greenroom_app::work::Work;
use greenroom_lambda::batch::Batch;
use greenroom_lambda::{Hinting, Until};
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::{Fault, World};
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
    handle_within(world, effect, Duration::from_secs(60)).await
}

/// One invocation that may take so long.
async fn handle_within(world: &World, effect: &str, most: Duration) -> Batch {
    let app = Hinting::app(world.ports().clone(), world.another().settings);
    let deadline = Arc::new(Deadline::default());
    let handler = Handler::new(app, Arc::clone(&deadline));
    let event = include_str!("events/message.json").replace("EFFECT", effect);
    let answer = handler.handle(&event, Until::within(most)).await;
    assert!(deadline.left().is_some_and(|left| left < most));
    answer.expect("it is a batch")
}

/// The same, killed once it has claimed the attempt.
async fn killed_within(world: &World, effect: &str, most: Duration) {
    for nth in 1..100 {
        world.ports().faults.plan(nth, Fault::DieBefore);
        let mut handled = Box::pin(handle_within(world, effect, most));
        let once = poll_fn(|context| Poll::Ready(handled.as_mut().poll(context).is_ready()));
        assert!(!once.await, "it lives");
        drop(handled);
        let entry = world.now(world.app.effect(effect)).expect("it can be read");
        if entry.is_some_and(|entry| entry.claim.is_some()) {
            return;
        }
    }
    panic!("nothing was claimed");
}

#[tokio::test]
async fn a_killed_attempt_is_made_again_once_its_invocation_would_have_ended() {
    let (world, effect) = tests_are_due();
    killed_within(&world, &effect, Duration::from_secs(300)).await;
    world.ports().pass(SignedDuration::from_secs(200));
    handle(&world, &effect).await;
    assert!(world.ports().suites.runs().is_empty(), "it might live");
    world.ports().pass(SignedDuration::from_secs(100));
    handle(&world, &effect).await;
    assert_eq!(world.ports().suites.runs().len(), 1);
}

#[tokio::test]
async fn a_killed_attempt_is_made_again_once_its_suite_would_have_been_too_slow() {
    let (world, effect) = tests_are_due();
    killed_within(&world, &effect, Duration::from_secs(3600)).await;
    // Thirty seconds to come up, ten minutes for all files, and what goes with it.
    world.ports().pass(SignedDuration::from_secs(30 + 600));
    handle(&world, &effect).await;
    assert!(world.ports().suites.runs().is_empty(), "it might live");
    world.ports().pass(SignedDuration::from_secs(30));
    handle(&world, &effect).await;
    assert_eq!(world.ports().suites.runs().len(), 1);
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
