//! A long past, written straight into the store: each past run is a copy of one that really
//! happened, with its records at the keys the app itself would have used.

use std::path::Path;

use greenroom_app::apps::{STAGE_FILE_PATH, app_id};
use greenroom_app::keys;
use greenroom_app::ports::store::{Condition, Key, Store, Write};
use greenroom_app::records::{Delivery, Journey, StageRecord};
use greenroom_core::history::Entry;
use greenroom_core::name::{AppId, DeliveryId, RepoName, Revision, StageId, StageName};
use greenroom_core::stage::Run;
use greenroom_local::store::EmbeddedStore;
use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use std::sync::Arc;

use super::Result;

/// Runs written in one commit; each has four to six records.
const RUNS_A_COMMIT: usize = 8;
/// Commits under way at once.
const AT_ONCE: usize = 64;
/// Lines of a stage's log that a past run is given, at most.
const LINES: usize = 3;

/// Writes `runs` past runs into the data folder of a server that does not run, spread over the
/// stages of `app` that have had one.
pub async fn write(data: &Path, app: &str, delivery: &str, runs: usize) -> Result<()> {
    let store = Arc::new(EmbeddedStore::open(&data.join("greenroom.redb"))?);
    let app = app_id(&RepoName::new(app), STAGE_FILE_PATH);
    let pasts = pasts(&store, app, delivery).await?;
    let mut tasks = JoinSet::new();
    let places: Vec<usize> = (0..runs).collect();
    for chunk in places.chunks(RUNS_A_COMMIT) {
        let mut writes = Vec::new();
        for n in chunk {
            pasts[n % pasts.len()].run(n / pasts.len() + 1, *n, &mut writes)?;
        }
        if tasks.len() == AT_ONCE
            && let Some(done) = tasks.join_next().await
        {
            done??;
        }
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.commit(writes).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    for past in &pasts {
        store
            .commit(vec![past.stage(runs / pasts.len() + 1)?])
            .await?;
    }
    Ok(())
}

/// A stage with the run that really happened.
struct Past {
    record: StageRecord,
    run: Run,
    log: Vec<Entry>,
    delivery: Delivery,
}

async fn pasts(store: &EmbeddedStore, app: AppId, delivery: &str) -> Result<Vec<Past>> {
    let delivery: Delivery = load(store, &keys::delivery(&DeliveryId::new(delivery))).await?;
    let names = store
        .query(&keys::app_partition(app), "stage#", None, 1000)
        .await?;
    let mut pasts = Vec::new();
    for item in names.items {
        let stage: StageName = serde_json::from_slice(&item.value)?;
        let id = StageId { app, stage };
        let record: StageRecord = load(store, &keys::stage(&id)).await?;
        let Some(run) = record.stage.last.clone() else {
            continue;
        };
        let lines = store
            .query(&keys::stage_partition(&id), "log#", None, LINES)
            .await?;
        let log = lines
            .items
            .iter()
            .map(|line| serde_json::from_slice(&line.value));
        pasts.push(Past {
            record,
            run,
            log: log.collect::<std::result::Result<_, _>>()?,
            delivery: delivery.clone(),
        });
    }
    if pasts.is_empty() {
        return Err("no stage has had a run".into());
    }
    Ok(pasts)
}

impl Past {
    /// The records of its `n`-th past run, the `all`-th of the app.
    fn run(&self, n: usize, all: usize, writes: &mut Vec<Write>) -> Result<()> {
        let id = &self.record.stage.id;
        let generation = self.record.stage.generation + n as u64;
        let revision = Revision::new(format!("{:040x}", 0x5eed_0000_0000_u64 + all as u64));
        let mut run = self.run.clone();
        run.generation = generation;
        run.release.revision = revision.clone();
        writes.push(put(keys::run(id, generation), &run)?);
        for (k, line) in self.log.iter().enumerate() {
            let entry = Entry {
                at: line.at.checked_add(SignedDuration::from_millis(n as i64))?,
                generation: Some(generation),
                ..line.clone()
            };
            writes.push(put(keys::log(id, entry.at, n as u64, k), &entry)?);
        }
        let journey = Journey {
            stage: id.stage.clone(),
            generation,
            contained_in: None,
            at: run.claimed_at,
        };
        writes.push(put(keys::journey(id.app, &revision, &id.stage), &journey)?);
        let mut delivery = self.delivery.clone();
        delivery.id = DeliveryId::new(format!("{all:08x}-1111-4000-8000-000000000000"));
        writes.push(put(keys::delivery(&delivery.id), &delivery)?);
        Ok(())
    }

    /// The stage after `n` past runs.
    fn stage(&self, n: usize) -> Result<Write> {
        let mut record = self.record.clone();
        record.stage.generation += n as u64;
        record.commits += n as u64;
        put(keys::stage(&record.stage.id), &record)
    }
}

async fn load<T: DeserializeOwned>(store: &EmbeddedStore, key: &Key) -> Result<T> {
    let item = store.get(key).await?;
    let item = item.ok_or_else(|| format!("{key} is missing"))?;
    Ok(serde_json::from_slice(&item.value)?)
}

fn put<T: Serialize>(key: Key, record: &T) -> Result<Write> {
    Ok(Write::Put {
        key,
        value: serde_json::to_vec(record)?,
        condition: Condition::Any,
    })
}
