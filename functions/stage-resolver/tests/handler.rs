//! Batches of the inbox's stream, over a world in memory.

use std::time::Duration;

use greenroom_core::name::DeliveryId;
use greenroom_lambda::batch::Batch;
use greenroom_lambda::{Hinting, Until};
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::{TestPorts, World};
use serde_json::{Value, json};
use stage_resolver::handler::Handler;

fn handler(world: &World) -> Handler<TestPorts> {
    Handler::new(Hinting::app(
        world.ports().clone(),
        world.another().settings,
    ))
}

/// The captured event, with a record for each partition.
fn event(partitions: &[&str]) -> String {
    let mut event: Value =
        serde_json::from_str(include_str!("events/stream.json")).expect("it is JSON");
    let template = event["Records"][0].to_string();
    let record = |(n, partition): (usize, &&str)| -> Value {
        let text = template
            .replace("PARTITION", partition)
            .replace("SORT", "state")
            .replace("SEQUENCE", &format!("{n}00000000000000000"));
        serde_json::from_str(&text).expect("it is JSON")
    };
    event["Records"] = partitions.iter().enumerate().map(record).collect();
    event.to_string()
}

/// A webhook in the inbox that nobody decided.
fn undecided(world: &mut World, branch: &str) -> String {
    let revision = world.ports().source.commit(branch, "bob", "Change", &[]);
    let body = world.push_body(branch, "bob", &revision);
    let id = world.delivery();
    assert_eq!(world.post("push", &id, &body).status, 202);
    world.ports().forget_hints();
    id
}

async fn handle(world: &World, partitions: &[&str]) -> Batch {
    handler(world)
        .handle(&event(partitions), Until::within(Duration::from_secs(20)))
        .await
        .expect("it is a batch")
}

fn status(world: &World, id: &str) -> Value {
    let read = world.now(world.app.delivery(&DeliveryId::new(id)));
    let read = read.expect("the store answers").expect("it is there");
    json!(read.record.status)["status"].clone()
}

#[tokio::test]
async fn every_delivery_of_a_batch_is_decided() {
    let mut world = World::new(DEV);
    let (first, second) = (
        undecided(&mut world, "develop"),
        undecided(&mut world, "nowhere"),
    );
    let partitions = [format!("delivery#{first}"), format!("delivery#{second}")];
    let answer = handle(&world, &[&partitions[0], &partitions[1]]).await;
    assert_eq!(answer, Batch::default());
    assert_eq!(status(&world, &first), "decided");
    assert_eq!(status(&world, &second), "ignored");
    assert!(world.stage("dev").is_some_and(|stage| stage.head.is_some()));
}

#[tokio::test]
async fn the_same_batch_twice_changes_nothing() {
    let mut world = World::new(DEV);
    let id = undecided(&mut world, "develop");
    let partition = format!("delivery#{id}");
    handle(&world, &[&partition]).await;
    let before = world.stage("dev");
    assert_eq!(
        handle(&world, &[&partition, &partition]).await,
        Batch::default()
    );
    assert_eq!(world.stage("dev"), before);
}

#[tokio::test]
async fn what_is_no_delivery_is_passed_over() {
    let world = World::new(DEV);
    let answer = handle(&world, &["outbox#3", "due#1", "delivery#unknown"]).await;
    assert_eq!(answer, Batch::default());
}

#[tokio::test]
async fn only_what_the_table_failed_comes_again() {
    let mut world = World::new(DEV);
    let id = undecided(&mut world, "develop");
    world.ports().store.set_away(true);
    let partition = format!("delivery#{id}");
    let answer = handle(&world, &[&partition]).await;
    assert_eq!(
        serde_json::to_value(&answer).expect("it is JSON"),
        json!({ "batchItemFailures": [{ "itemIdentifier": "000000000000000000" }] })
    );
    world.ports().store.set_away(false);
    assert_eq!(handle(&world, &[&partition]).await, Batch::default());
    assert_eq!(status(&world, &id), "decided");
}

#[tokio::test]
async fn a_source_that_is_away_is_the_delivery_s_own_ladder_to_climb() {
    let mut world = World::new(DEV);
    let id = undecided(&mut world, "develop");
    world.ports().source.set_away(true);
    let answer = handle(&world, &[&format!("delivery#{id}")]).await;
    assert_eq!(answer, Batch::default(), "it is put off, not brought again");
    world.ports().source.set_away(false);
    world.pass(jiff::SignedDuration::from_mins(30));
    assert!(world.green("dev").is_some());
}

#[tokio::test]
async fn what_is_no_batch_comes_again_whole() {
    let world = World::new(DEV);
    let until = Until::within(Duration::from_secs(20));
    for event in ["", "{}", r#"{"Records":[{}]}"#] {
        assert!(
            handler(&world).handle(event, until).await.is_err(),
            "{event}"
        );
    }
}
