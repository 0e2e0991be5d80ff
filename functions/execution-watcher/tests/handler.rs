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
    world.ports().pipelines.run_to_end(&id, world.until(jiff::SignedDuration::ZERO));
    // As CodePipeline's ids are made.
    let (pipeline, execution) = id.as_str().split_once('/').expect("two parts");
    let event = event
        .replace("PIPELINE", pipeline)
        .replace("EXECUTION", execution);
    (world, event)
}

fn deploys(world: &World) -> bool {
    world.stage("dev").is_some_and(|stage| stage.run.is_some())
}

#[tokio::test]
async fn the_execution_is_read_whatever_the_event_says() {
    for event in [SUCCEEDED, ACTION_FAILED] {
        let (world, event) = ended(event);
        assert!(!deploys(&world));
        handler(&world).handle(&event, soon()).await.expect("it is read");
        let world = settled(world);
        assert!(deploys(&world), "its build is over, and good");
    }
}

fn settled(mut world: World) -> World {
    world.settle();
    world
}
