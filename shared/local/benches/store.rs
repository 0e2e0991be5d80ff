//! What the store on disk costs, next to the one in memory in the same run.
//!
//! `cargo bench -p greenroom-local --bench store`. The commits of 64 callers are also counted:
//! how many share an fsync is printed before divan's table.

use std::sync::Arc;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::ItemsCount;
use greenroom_app::ports::store::{Condition, Key, Store, StoreError, Write};
use greenroom_local::store::EmbeddedStore;
use greenroom_testkit::memory_store::MemoryStore;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error>;

const CALLERS: usize = 64;
const COMMITS_EACH: usize = 50;
const ITEMS: usize = 100_000;

fn main() -> Result<(), Failure> {
    for work in [0, 50, 150, 500] {
        shared_fsyncs(Duration::from_micros(work))?;
    }
    divan::main();
    Ok(())
}

/// A benchmark that cannot be set up has nothing to measure.
fn must<T, E: std::fmt::Debug>(outcome: Result<T, E>) -> T {
    match outcome {
        Ok(value) => value,
        Err(error) => panic!("the benchmark cannot run: {error:?}"),
    }
}

fn runtime() -> Runtime {
    must(
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build(),
    )
}

fn embedded() -> (Arc<EmbeddedStore>, TempDir) {
    let folder = must(tempfile::tempdir());
    let store = must(EmbeddedStore::open(&folder.path().join("store.redb")));
    (Arc::new(store), folder)
}

fn put(partition: &str, sort: String) -> Write {
    Write::Put {
        key: Key::new(partition, sort),
        value: vec![7; 1_000],
        condition: Condition::Any,
    }
}

/// `CALLERS` tasks, each committing `COMMITS_EACH` times one after the other; each commit's time.
/// Between two, a caller keeps a processor busy for `work`, as a web server would.
async fn storm(store: &Arc<impl Store>, work: Duration) -> Result<Vec<Duration>, Failure> {
    let mut tasks = JoinSet::new();
    for caller in 0..CALLERS {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut times = Vec::with_capacity(COMMITS_EACH);
            for n in 0..COMMITS_EACH {
                let busy = Instant::now();
                while busy.elapsed() < work {
                    std::hint::spin_loop();
                }
                let began = Instant::now();
                store
                    .commit(vec![put("storm", format!("{caller}/{n}"))])
                    .await?;
                times.push(began.elapsed());
            }
            Ok::<_, StoreError>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    times.sort_unstable();
    Ok(times)
}

fn shared_fsyncs(work: Duration) -> Result<(), Failure> {
    let runtime = runtime();
    let (store, _folder) = embedded();
    let before = store.counters();
    let began = Instant::now();
    let times = runtime.block_on(storm(&store, work))?;
    let took = began.elapsed();
    let after = store.counters();
    let began = Instant::now();
    runtime.block_on(storm(&Arc::new(MemoryStore::new()), work))?;
    let in_memory = began.elapsed();
    let commits = after.commits - before.commits;
    let fsyncs = after.fsyncs - before.fsyncs;
    println!(
        "{CALLERS} callers, {work:?} of work each: {commits} commits, {fsyncs} fsyncs, {:.1} commits an fsync; \
         p50 {:?}, p99 {:?}; {:.0} commits/s, in memory {:.0}",
        commits as f64 / fsyncs as f64,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        commits as f64 / took.as_secs_f64(),
        commits as f64 / in_memory.as_secs_f64(),
    );
    Ok(())
}

#[divan::bench]
fn one_commit(bencher: Bencher) {
    let runtime = runtime();
    let (store, _folder) = embedded();
    let mut n = 0;
    bencher.bench_local(|| {
        n += 1;
        must(runtime.block_on(store.commit(vec![put("one", n.to_string())])));
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn commits_of_64_callers(bencher: Bencher) {
    let runtime = runtime();
    let (store, _folder) = embedded();
    bencher
        .counter(ItemsCount::new(CALLERS * COMMITS_EACH))
        .bench_local(|| must(runtime.block_on(storm(&store, Duration::ZERO))));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn commits_of_64_callers_in_memory(bencher: Bencher) {
    let runtime = runtime();
    let store = Arc::new(MemoryStore::new());
    bencher
        .counter(ItemsCount::new(CALLERS * COMMITS_EACH))
        .bench_local(|| must(runtime.block_on(storm(&store, Duration::ZERO))));
}

/// A store with [`ITEMS`] items of 1,000 bytes in one partition.
fn filled(runtime: &Runtime) -> (Arc<EmbeddedStore>, TempDir) {
    let (store, folder) = embedded();
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for chunk in 0..ITEMS / 50 {
            let store = Arc::clone(&store);
            let writes = (0..50)
                .map(|n| put("many", format!("{:06}", chunk * 50 + n)))
                .collect();
            tasks.spawn(async move { store.commit(writes).await });
        }
        while let Some(done) = tasks.join_next().await {
            must(must(done));
        }
    });
    (store, folder)
}

#[divan::bench]
fn get_among_100_000(bencher: Bencher) {
    let runtime = runtime();
    let (store, _folder) = filled(&runtime);
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 7_919) % ITEMS;
        let key = Key::new("many", format!("{n:06}"));
        must(runtime.block_on(store.get(&key)))
    });
}

#[divan::bench]
fn query_50_among_100_000(bencher: Bencher) {
    let runtime = runtime();
    let (store, _folder) = filled(&runtime);
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 7_919) % ITEMS;
        let after = format!("{n:06}");
        must(runtime.block_on(store.query("many", "", Some(&after), 50)))
    });
}
