//! Ticks, over a world in memory.

use std::sync::Mutex;
use std::time::Duration;

use clock_tick::handler::Handler;
use greenroom_app::ports::pipelines::Provenance;
use greenroom_core::definition::{Applied, DefinitionHash};
use greenroom_core::name::ExecutionId;
use greenroom_lambda::queue::{NotQueued, Queue, Queues};
use greenroom_lambda::{Hinting, Until};
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::World;
use jiff::SignedDuration;

/// Queues that remember what was put into them.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<(Queue, String)>>);

impl Kept {
    fn sent(&self) -> Vec<(Queue, String)> {
        self.0.lock().expect("nobody panicked").clone()
    }
}

impl Queues for &Kept {
    async fn waiting(&self, of: Queue) -> Result<usize, NotQueued> {
        Ok(self.sent().iter().filter(|(queue, _)| *queue == of).count())
    }

    async fn send(&self, to: Queue, effects: &[String]) -> Result<(), NotQueued> {
        let mut sent = self.0.lock().expect("nobody panicked");
        sent.extend(effects.iter().map(|id| (to, id.clone())));
        Ok(())
    }
}

async fn tick(world: &World, queues: &Kept) {
    let app = Hinting::app(world.ports().clone(), world.another().settings);
    let until = Until::within(Duration::from_secs(60));
    let ticked = Handler::new(app, queues).handle(until).await;
    ticked.expect("the table answers");
}

#[tokio::test]
async fn a_push_that_no_event_spoke_of_is_found_and_carried_on() {
    let world = World::new(DEV);
    world.ports().source.commit("develop", "bob", "Change", &[]);
    let queues = Kept::default();
    // The head, the decision, the build: a tick each at most.
    for _ in 0..5 {
        tick(&world, &queues).await;
    }
    assert_eq!(world.ports().pipelines.executions().len(), 1);
    for execution in world.ports().pipelines.executions() {
        let now = world.until(SignedDuration::ZERO);
        world.ports().pipelines.run_to_end(&execution.id, now);
    }
    for _ in 0..5 {
        world.ports().pass(SignedDuration::from_mins(1));
        tick(&world, &queues).await;
    }
    assert_eq!(
        world.ports().pipelines.executions().len(),
        2,
        "it is deployed"
    );
}

#[tokio::test]
async fn tests_are_queued_once_while_they_wait() {
    let mut world = World::new(DEV);
    world.ports().pipelines.freeze(true);
    world.push("develop", "bob");
    world.ports().source.set_away(true);
    world.ports().pipelines.freeze(false);
    world.settle();
    world.ports().source.set_away(false);
    world.ports().pass(SignedDuration::from_mins(10));
    let queues = Kept::default();
    for _ in 0..3 {
        tick(&world, &queues).await;
    }
    let sent = queues.sent();
    assert!(matches!(&sent[..], [(Queue::Tests, _)]), "{sent:?}");
    assert!(world.ports().suites.runs().is_empty());
    // The message is lost: it is queued again.
    queues.0.lock().expect("nobody panicked").clear();
    tick(&world, &queues).await;
    assert_eq!(queues.sent().len(), 1);
}

#[tokio::test]
async fn what_was_due_for_hours_is_done_by_one_tick() {
    let mut world = World::new(DEV);
    world.push("develop", "bob");
    world.ports().pass(SignedDuration::from_hours(3));
    let queues = Kept::default();
    tick(&world, &queues).await;
    let now = world.until(SignedDuration::ZERO);
    // What was decided now comes by the stream.
    let overdue = world.pending().into_iter().filter(|due| due.since < now);
    assert_eq!(overdue.count(), 0);
}

#[tokio::test]
async fn what_somebody_began_past_greenroom_is_found_by_a_tick() {
    let world = World::new(DEV);
    let mut settings = world.another().settings;
    settings.applied_pipelines = true;
    let app = Hinting::app(world.ports().clone(), settings);
    let applied = Applied::from([("world".to_owned(), DefinitionHash::new("0"))]);
    let olga = World::operator();
    let recorded = app.apply_pipelines(world.id, &olga, &applied);
    recorded.await.expect("stored").expect("granted");
    let told = Provenance {
        run: None,
        token: None,
        usual: true,
        by: "mallory".to_owned(),
        past_fence: None,
    };
    let theirs = ExecutionId::new("world/by-hand");
    let now = world.until(SignedDuration::ZERO);
    world.ports().pipelines.by_hand(&theirs, told, now);
    let queues = Kept::default();
    let until = Until::within(Duration::from_secs(60));
    let ticked = Handler::new(app, &queues).handle(until).await;
    ticked.expect("the table answers");
    let board = world.now(world.app.board(None)).expect("a board");
    let notes = board.apps.iter().flat_map(|app| &app.attention);
    let shown = notes.filter(|note| note.text.contains("mallory"));
    assert_eq!(shown.count(), 1);
}

#[tokio::test]
async fn a_table_that_is_away_is_an_error() {
    let world = World::new(DEV);
    world.ports().store.set_away(true);
    let queues = Kept::default();
    let app = Hinting::app(world.ports().clone(), world.another().settings);
    let until = Until::within(Duration::from_secs(60));
    assert!(Handler::new(app, &queues).handle(until).await.is_err());
}
