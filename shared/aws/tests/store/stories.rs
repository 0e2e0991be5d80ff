//! Whole stories of the app, told to DynamoDB: every commit that was made in one is made there
//! again, and the table is the same. Says what each story costs.

use std::collections::BTreeSet;

use greenroom_app::ports::store::{Key, Store};
use greenroom_aws::store::DynamoStore;
use greenroom_emulators::ministack::MiniStack;
use greenroom_emulators::proxy::FaultProxy;
use greenroom_testkit::golden::{ALL, Scenario};
use greenroom_testkit::world::World;

use crate::table;

#[test]
fn whole_stories_make_the_same_table() {
    // A world waits by itself, and so is told before there is anything to wait with.
    let told: Vec<(&Scenario, World, usize)> = ALL.iter().map(tell).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("there is a runtime");
    runtime.block_on(async {
        let stack = MiniStack::start().await.expect("MiniStack starts");
        let proxy = FaultProxy::start(stack.url())
            .await
            .expect("there is a port");
        let past = table::connection(&proxy.url());
        for (scenario, world, prepared) in &told {
            let name = table::create(&table::connection(stack.url()).dynamodb()).await;
            let store = DynamoStore::new(&past, name);
            again(scenario.name, world, *prepared, &store, &proxy).await;
        }
    });
}

/// The story until all is quiet, and how many commits its preparation took.
fn tell(scenario: &'static Scenario) -> (&'static Scenario, World, usize) {
    let mut world = World::new(scenario.file);
    (scenario.prepare)(&mut world);
    let prepared = world.ports().store.made().len();
    (scenario.act)(&mut world);
    world.settle();
    (scenario, world, prepared)
}

async fn again(
    name: &str,
    world: &World,
    prepared: usize,
    store: &DynamoStore,
    proxy: &FaultProxy,
) {
    let made = world.ports().store.made();
    assert!(made.len() > prepared, "{name} commits nothing");
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    for (n, writes) in made.iter().enumerate() {
        if n == prepared {
            proxy.forget_counts();
        }
        keys.extend(writes.iter().map(|write| write.key().clone()));
        let answer = store.commit(writes.to_vec()).await;
        assert!(answer.is_ok(), "{name}, commit {n}: {answer:?}");
    }
    let counts = proxy.counts();
    let calls: u64 = counts.values().map(|count| count.calls).sum();
    let units: f64 = counts.values().map(|count| count.units.write).sum();
    println!(
        "{name}: {} commits, {calls} calls, {units} write units",
        made.len() - prepared
    );
    for key in &keys {
        let there = store.get(key).await.expect("it can be read");
        let here = world.ports().store.get(key).await.expect("it can be read");
        assert_eq!(there, here, "{name}: {key}");
    }
}
