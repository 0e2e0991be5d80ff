//! Events of CodePipeline, over a world in memory.

use std::time::Duration;

use execution_watcher::handler::Handler;
use greenroom_lambda::{Hinting, Until};
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::{TestPorts, World};

const SUCCEEDED: &str = include_str!("events/execution-succeeded.json");
const ACTION_FAILED: &str = include_str!("events/action-failed.json");

fn handler(world: &World) -> Handler<TestPorts> {
    Handler::new(Hinting::app(
        world.ports().clone(),
        world.another().settings,
    ))
}

fn soon() -> Until {
    Until::within(Duration::from_secs(20))
}

/// An execution whose build has ended while nobody looked, and the captured event of it.
fn ended(event: &str) -> (World, String) {
    let mut world = World::new(DEV);
    world.ports().pipelines.freeze(true);
    world.push("develop", "bob");
    let id = world.ports().pipelines.executions()[0].id.clone();
    world
        .ports()
        .pipelines
        .run_to_end(&id, world.until(jiff::SignedDuration::ZERO));
    // As CodePipeline's ids are made.
    let (pipeline, execution) = id.as_str().split_once('/').expect("two parts");
    let event = event
        .replace("PIPELINE", pipeline)
        .replace("EXECUTION", execution);
    (world, event)
}

#[tokio::test]
async fn the_execution_is_read_whatever_the_event_says() {
    for event in [SUCCEEDED, ACTION_FAILED] {
        let (world, event) = ended(event);
        let before = world.pending();
        handler(&world)
            .handle(&event, soon())
            .await
            .expect("it is read");
        assert_ne!(world.pending(), before, "its build is over, and good");
    }
}

#[tokio::test]
async fn the_same_event_twice_changes_nothing() {
    let (world, event) = ended(SUCCEEDED);
    for _ in 0..3 {
        handler(&world)
            .handle(&event, soon())
            .await
            .expect("it is read");
    }
    let mut world = world;
    world.ports().pipelines.freeze(false);
    world.settle();
    assert!(world.green("dev").is_some());
    assert_eq!(world.ports().pipelines.deployments().len(), 1);
}

#[tokio::test]
async fn an_execution_that_is_not_ours_changes_nothing() {
    let (world, _) = ended(SUCCEEDED);
    let foreign = SUCCEEDED
        .replace("PIPELINE", "somebody-elses")
        .replace("EXECUTION", "0b6f2d1e");
    let before = world.stage("dev");
    handler(&world)
        .handle(&foreign, soon())
        .await
        .expect("nothing of it is asked");
    assert_eq!(world.stage("dev"), before);
}

#[tokio::test]
async fn an_event_without_an_execution_is_passed_over() {
    let world = World::new(DEV);
    for event in ["{}", r#"{"detail":{"pipeline":"p"}}"#, "[]", "7"] {
        handler(&world)
            .handle(event, soon())
            .await
            .expect("it must not come again");
    }
}

#[tokio::test]
async fn what_cannot_be_read_now_comes_again() {
    let (world, event) = ended(SUCCEEDED);
    world.ports().store.set_away(true);
    assert!(handler(&world).handle(&event, soon()).await.is_err());
}
