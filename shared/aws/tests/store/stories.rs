//! Whole stories of the app, told to DynamoDB: everything that was asked of the table in one is
//! asked there again, and the table is the same. Says what each story costs.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_app::ports::store::{Key, Store};
use greenroom_aws::store::DynamoStore;
use greenroom_emulators::ministack::MiniStack;
use greenroom_emulators::proxy::FaultProxy;
use greenroom_testkit::golden::{ALL, Scenario};
use greenroom_testkit::world::{Asked, World};

use crate::table;

/// A story until all is quiet.
struct Told {
    name: &'static str,
    world: World,
    /// How much was asked of the table, and of all ports, before it began.
    prepared: (usize, usize),
}

#[test]
fn whole_stories_make_the_same_table() {
    // A world waits by itself, and so is told before there is anything to wait with.
    let told: Vec<Told> = ALL.iter().map(tell).collect();
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
        for story in &told {
            let name = table::create(&table::connection(stack.url()).dynamodb()).await;
            let store = DynamoStore::new(&past, name);
            again(story, &store, &proxy).await;
        }
    });
}

fn tell(scenario: &'static Scenario) -> Told {
    let mut world = World::new(scenario.file);
    (scenario.prepare)(&mut world);
    let ports = world.ports();
    let prepared = (ports.store.asked().len(), ports.faults.trace().len());
    (scenario.act)(&mut world);
    world.settle();
    Told {
        name: scenario.name,
        world,
        prepared,
    }
}

async fn again(story: &Told, store: &DynamoStore, proxy: &FaultProxy) {
    let name = story.name;
    let asked = story.world.ports().store.asked();
    assert!(asked.len() > story.prepared.0, "{name} asks nothing");
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    for (n, asked) in asked.iter().enumerate() {
        if n == story.prepared.0 {
            proxy.forget_counts();
        }
        if let Asked::Commit(writes) = asked {
            keys.extend(writes.iter().map(|write| write.key().clone()));
        }
        let answer = ask(store, asked).await;
        assert!(answer.is_ok(), "{name}, {n}: {asked:?}: {answer:?}");
    }
    println!("{name}: {}", costs(story, proxy));
    for key in &keys {
        let there = store.get(key).await.expect("it can be read");
        let here = story.world.ports().store.get(key).await;
        assert_eq!(there, here.expect("it can be read"), "{name}: {key}");
    }
}

async fn ask(store: &DynamoStore, asked: &Asked) -> Result<(), String> {
    let answer = match asked {
        Asked::Get(key) => store.get(key).await.map(drop),
        Asked::Query {
            partition,
            prefix,
            after,
            limit,
        } => store
            .query(partition, prefix, after.as_deref(), *limit)
            .await
            .map(drop),
        Asked::Commit(writes) => store.commit(writes.to_vec()).await,
    };
    answer.map_err(|error| error.to_string())
}

/// Calls and units of the table, and calls of the other ports, from the story's first to its last.
fn costs(story: &Told, proxy: &FaultProxy) -> String {
    let counts = proxy.counts();
    let calls: u64 = counts.values().map(|count| count.calls).sum();
    let read: f64 = counts.values().map(|count| count.units.read).sum();
    let write: f64 = counts.values().map(|count| count.units.write).sum();
    let mut others: BTreeMap<&str, u64> = BTreeMap::new();
    let trace = story.world.ports().faults.trace();
    for call in &trace[story.prepared.1..] {
        if !call.name.starts_with("store.") {
            *others.entry(call.name).or_default() += 1;
        }
    }
    format!("{calls} calls of the table, {read} read and {write} write units; {others:?}")
}
