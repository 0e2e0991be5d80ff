//! Batches of the outbox's stream, over a world in memory.

use std::sync::Mutex;
use std::time::Duration;

use effect_dispatcher::handler::Handler;
use greenroom_app::ports::channels::SendError;
use greenroom_app::ports::store::Store as _;
use greenroom_app::work::Work;
use greenroom_lambda::batch::Batch;
use greenroom_lambda::queue::{NotQueued, Queue, Queues};
use greenroom_lambda::{Hinting, Until};
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::{TestPorts, World};
use jiff::SignedDuration;
use serde_json::Value;

/// Queues that remember what was put into them.
#[derive(Debug, Default)]
struct Kept {
    sent: Mutex<Vec<(Queue, String)>>,
    away: bool,
}

impl Queues for &Kept {
    async fn waiting(&self, of: Queue) -> Result<usize, NotQueued> {
        let sent = self.sent.lock().expect("nobody panicked");
        Ok(sent.iter().filter(|(queue, _)| *queue == of).count())
    }

    async fn send(&self, to: Queue, effects: &[String]) -> Result<(), NotQueued> {
        if self.away {
            return Err(NotQueued {
                why: "it is away".to_owned(),
            });
        }
        let mut sent = self.sent.lock().expect("nobody panicked");
        sent.extend(effects.iter().map(|id| (to, id.clone())));
        Ok(())
    }
}

fn handler<'a>(world: &World, queues: &'a Kept) -> Handler<TestPorts, &'a Kept> {
    let app = Hinting::app(world.ports().clone(), world.another().settings);
    Handler::new(app, queues)
}

/// The captured event, with a record for each effect in the table.
fn event(effects: &[String]) -> String {
    let mut event: Value =
        serde_json::from_str(include_str!("events/stream.json")).expect("it is JSON");
    let template = event["Records"][0].to_string();
    let record = |(n, id): (usize, &String)| -> Value {
        let key = greenroom_app::keys::effect(id);
        let text = template
            .replace("PARTITION", &key.partition)
            .replace("SORT", &key.sort)
            .replace("SEQUENCE", &n.to_string());
        serde_json::from_str(&text).expect("it is JSON")
    };
    event["Records"] = effects.iter().enumerate().map(record).collect();
    event.to_string()
}

fn pending(world: &World, kind: &str) -> Vec<String> {
    let due = world.pending().into_iter();
    let effects = due.filter_map(|due| match due.work {
        Work::Effect(id) => Some(id),
        _ => None,
    });
    effects.filter(|id| id.contains(kind)).collect()
}

/// A push was decided, and nothing of what follows was done.
fn decided() -> World {
    let mut world = World::new(DEV);
    let revision = world.ports().source.commit("develop", "bob", "Change", &[]);
    let body = world.push_body("develop", "bob", &revision);
    let id = world.delivery();
    assert_eq!(world.post("push", &id, &body).status, 202);
    world.ports().forget_hints();
    let work = Work::Delivery(greenroom_core::name::DeliveryId::new(id));
    world
        .now(world.app.perform_work(&work))
        .expect("it is decided");
    world.ports().forget_hints();
    world
}

/// Everything that can be done here was done, as the stream brings it; tests and alerts wait.
async fn through(world: &World, queues: &Kept) {
    for _ in 0..20 {
        let effects = pending(world, "");
        let answer = handle(world, queues, &effects).await;
        assert_eq!(answer, Batch::default());
    }
}

async fn handle(world: &World, queues: &Kept, effects: &[String]) -> Batch {
    handler(world, queues)
        .handle(&event(effects), Until::within(Duration::from_secs(20)))
        .await
        .expect("it is a batch")
}

#[tokio::test]
async fn what_was_decided_is_started_once() {
    let world = decided();
    let queues = Kept::default();
    assert!(!pending(&world, "/build/").is_empty());
    through(&world, &queues).await;
    through(&world, &queues).await;
    let starts = world.ports().pipelines.starts();
    assert_eq!(starts.values().collect::<Vec<_>>(), [&1], "{starts:?}");
}

/// A run that waits for its tests, which are due.
fn tests_are_due() -> World {
    let mut world = World::new(DEV);
    world.ports().pipelines.freeze(true);
    world.push("develop", "bob");
    // Their files cannot be read, so they are put off; nothing else needs the repository.
    world.ports().source.set_away(true);
    world.ports().pipelines.freeze(false);
    world.settle();
    world.ports().source.set_away(false);
    world.ports().pass(SignedDuration::from_mins(10));
    world
}

#[tokio::test]
async fn tests_are_queued_and_not_run() {
    let world = tests_are_due();
    let tests = pending(&world, "/suite/");
    assert_eq!(tests.len(), 1);
    let queues = Kept::default();
    assert_eq!(handle(&world, &queues, &tests).await, Batch::default());
    let sent = queues.sent.lock().expect("nobody panicked").clone();
    assert_eq!(sent, [(Queue::Tests, tests[0].clone())]);
    assert!(world.ports().suites.runs().is_empty());
}

#[tokio::test]
async fn announcements_are_queued_and_not_made() {
    let mut world = World::new(DEV);
    let why = "it is away".to_owned();
    let away = SendError::Unavailable { why };
    world.ports().channels.kill("team", Some(away));
    let bad = world.ports().source.commit("develop", "bob", "Break", &[]);
    world.ports().suites.fail(&bad);
    world.told_of("develop", "bob", &bad);
    world.settle();
    world.ports().pass(SignedDuration::from_mins(1));
    let tries = world.ports().channels.tries().len();
    let alerts = pending(&world, "/announce/");
    assert_eq!(alerts.len(), 1);
    let queues = Kept::default();
    assert_eq!(handle(&world, &queues, &alerts).await, Batch::default());
    let sent = queues.sent.lock().expect("nobody panicked").clone();
    assert_eq!(sent, [(Queue::Alerts, alerts[0].clone())]);
    assert_eq!(world.ports().channels.tries().len(), tries);
}

#[tokio::test]
async fn what_a_queue_does_not_take_comes_again() {
    let world = tests_are_due();
    let queues = Kept {
        away: true,
        ..Kept::default()
    };
    let answer = handle(&world, &queues, &pending(&world, "/suite/")).await;
    assert_eq!(answer.failures.len(), 1);
    assert_eq!(answer.failures[0].item, "0");
}

#[tokio::test]
async fn an_effect_that_is_gone_is_done() {
    let world = World::new(DEV);
    let queues = Kept::default();
    let gone = ["7/dev/start/99".to_owned()];
    assert_eq!(handle(&world, &queues, &gone).await, Batch::default());
    let outbox = world.now(world.ports().store.query("outbox#0", "", None, 10));
    assert!(outbox.expect("the store answers").items.is_empty());
}
