//! Messages of the queue `alerts`, over a world in memory.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use break_notifier::handler::Handler;
use greenroom_app::ports::channels::SendError;
use greenroom_app::work::Work;
use greenroom_lambda::batch::Batch;
use greenroom_lambda::{Hinting, Until};
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::{Fault, World};
use jiff::SignedDuration;

/// A stage that broke while its channel was away; and the id of the alert, which is due again.
fn alert_is_due() -> (World, String) {
    let mut world = World::new(DEV);
    let why = "it is away".to_owned();
    let away = SendError::Unavailable { why };
    world.ports().channels.answer("team", &[away]);
    let bad = world.ports().source.commit("develop", "bob", "Break", &[]);
    world.ports().suites.fail(&bad);
    world.told_of("develop", "bob", &bad);
    world.settle();
    world.ports().pass(SignedDuration::from_mins(1));
    let pending = world.pending().into_iter();
    let mut effect = pending.filter_map(|due| match due.work {
        Work::Effect(id) if id.contains("/announce/") => Some(id),
        _ => None,
    });
    let effect = effect.next_back().expect("an alert is pending");
    (world, effect)
}

async fn handle(world: &World, effect: &str) -> Batch {
    handle_within(world, effect, Duration::from_secs(60)).await
}

/// One invocation that may take so long.
async fn handle_within(world: &World, effect: &str, most: Duration) -> Batch {
    let app = Hinting::app(world.ports().clone(), world.another().settings);
    let event = include_str!("events/message.json").replace("EFFECT", effect);
    let answer = Handler::new(app).handle(&event, Until::within(most)).await;
    answer.expect("it is a batch")
}

#[tokio::test]
async fn what_a_killed_invocation_was_to_tell_is_told_once_it_would_have_ended() {
    let (world, effect) = alert_is_due();
    let tries = world.ports().channels.tries().len();
    let most = Duration::from_secs(100);
    for nth in 1..100 {
        world.ports().faults.plan(nth, Fault::DieBefore);
        let mut handled = Box::pin(handle_within(&world, &effect, most));
        let once = poll_fn(|context| Poll::Ready(handled.as_mut().poll(context).is_ready()));
        assert!(!once.await, "it lives");
        drop(handled);
        let entry = world
            .now(world.app.effect(&effect))
            .expect("it can be read");
        if entry.is_some_and(|entry| entry.claim.is_some()) {
            break;
        }
    }
    world.ports().pass(SignedDuration::from_secs(50));
    handle(&world, &effect).await;
    assert_eq!(world.ports().channels.tries().len(), tries, "it might live");
    world.ports().pass(SignedDuration::from_secs(50));
    handle(&world, &effect).await;
    let told = world.ports().channels.told("team");
    assert_eq!(told.len(), 1);
    assert!(told[0].possibly_repeated, "nobody knows what the first did");
}

#[tokio::test]
async fn a_channel_is_told_once_however_often_the_message_comes() {
    let (world, effect) = alert_is_due();
    assert!(world.ports().channels.told("team").is_empty());
    for _ in 0..3 {
        assert_eq!(handle(&world, &effect).await, Batch::default());
    }
    assert_eq!(world.ports().channels.told("team").len(), 1);
}

#[tokio::test]
async fn a_try_that_fails_is_the_effect_s_own_to_repeat() {
    let (world, effect) = alert_is_due();
    let why = "it is away".to_owned();
    let away = SendError::Unavailable { why };
    world.ports().channels.answer("team", &[away]);
    for _ in 0..3 {
        assert_eq!(handle(&world, &effect).await, Batch::default());
    }
    assert_eq!(
        world.ports().channels.tries().len(),
        2,
        "one before, one now"
    );
}

#[tokio::test]
async fn what_the_table_failed_comes_again() {
    let (world, effect) = alert_is_due();
    world.ports().store.set_away(true);
    let answer = handle(&world, &effect).await;
    assert_eq!(answer.failures.len(), 1);
}
