//! Concurrent commits share a transaction and its fsync, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use greenroom_app::ports::store::{Condition, Store, StoreError, Write};
use greenroom_local::store::EmbeddedStore;
use tokio::task::{JoinHandle, JoinSet};

use super::disk::Disk;
use super::{TestResult, key, open, put, put_if, value};

type Committing = JoinHandle<Result<(), StoreError>>;

/// Starts the commits while a first one is in its fsync, so that they queue up and become one
/// group; their tasks are handed back once that has happened. Wants a current-thread runtime.
async fn as_one_group(
    disk: &Disk,
    store: &Arc<EmbeddedStore>,
    commits: Vec<Vec<Write>>,
) -> Result<Vec<Committing>, Box<dyn std::error::Error>> {
    let started = Arc::new(AtomicUsize::new(0));
    let spawn = |writes| {
        let (store, started) = (Arc::clone(store), Arc::clone(&started));
        tokio::spawn(async move {
            // On one thread a task runs as far as it goes, here into the queue.
            started.fetch_add(1, Ordering::Relaxed);
            store.commit(writes).await
        })
    };
    let count = commits.len();
    disk.hold_syncs();
    let first = spawn(vec![put("first", "x")]);
    while started.load(Ordering::Relaxed) < 1 {
        tokio::task::yield_now().await;
    }
    disk.wait_for_sync();
    let committing = commits.into_iter().map(spawn).collect();
    while started.load(Ordering::Relaxed) < 1 + count {
        tokio::task::yield_now().await;
    }
    disk.release_syncs();
    first.await??;
    Ok(committing)
}

#[tokio::test]
async fn what_queues_up_during_an_fsync_shares_the_next() -> TestResult {
    let disk = Disk::new();
    let store = Arc::new(disk.open()?);
    let before = store.counters();
    let commits = (0..63).map(|n| vec![put(&n.to_string(), "x")]).collect();
    for committing in as_one_group(&disk, &store, commits).await? {
        committing.await??;
    }
    let after = store.counters();
    assert_eq!(after.commits - before.commits, 64);
    assert_eq!(after.groups - before.groups, 2);
    assert_eq!(after.fsyncs - before.fsyncs, 2);
    Ok(())
}

#[tokio::test]
async fn a_commit_sees_those_before_it_in_its_group() -> TestResult {
    let disk = Disk::new();
    let store = Arc::new(disk.open()?);
    let commits = vec![
        vec![put_if("a", "1", Condition::Absent)],
        vec![put_if("a", "again", Condition::Absent), put("b", "no")],
        vec![put_if("a", "2", Condition::Version(1)), put("c", "yes")],
        vec![put_if("a", "3", Condition::Version(1)), put("d", "no")],
    ];
    let committing = as_one_group(&disk, &store, commits).await?;
    let mut refused = Vec::new();
    for committing in committing {
        refused.push(match committing.await? {
            Ok(()) => false,
            Err(StoreError::Conflict { key: conflict }) => conflict == key("a"),
            Err(other) => return Err(other.into()),
        });
    }
    assert_eq!(refused, [false, true, false, true]);
    assert_eq!(store.counters().groups, 2, "it was one group");
    assert_eq!(value(&*store, "a").await?, Some(b"2".to_vec()));
    assert_eq!(value(&*store, "b").await?, None);
    assert_eq!(value(&*store, "c").await?, Some(b"yes".to_vec()));
    assert_eq!(value(&*store, "d").await?, None);
    Ok(())
}

#[tokio::test]
async fn nothing_is_answered_or_seen_before_its_fsync() -> TestResult {
    let disk = Disk::new();
    let store = Arc::new(disk.open()?);
    store.commit(vec![put("a", "old")]).await?;
    disk.hold_syncs();
    let committing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.commit(vec![put("a", "new")]).await })
    };
    tokio::task::yield_now().await;
    disk.wait_for_sync();
    // The read also shows that a running fsync holds nobody up.
    assert_eq!(value(&*store, "a").await?, Some(b"old".to_vec()));
    assert!(!committing.is_finished());
    disk.release_syncs();
    committing.await??;
    assert_eq!(value(&*store, "a").await?, Some(b"new".to_vec()));
    Ok(())
}

#[tokio::test]
async fn a_caller_alone_has_an_fsync_for_each_commit_and_none_for_a_refusal() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = open(&folder)?;
    let before = store.counters();
    for n in 0..20 {
        store.commit(vec![put(&n.to_string(), "x")]).await?;
    }
    let after = store.counters();
    assert_eq!(after.fsyncs - before.fsyncs, 20);
    for n in 0..20 {
        let writes = vec![put_if(&n.to_string(), "y", Condition::Absent)];
        let refused = store.commit(writes).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    }
    assert_eq!(store.counters().fsyncs, after.fsyncs);
    assert_eq!(store.counters().commits, after.commits);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_callers_have_at_most_one_fsync_for_8_commits() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(open(&folder)?);
    let before = store.counters();
    let mut callers = JoinSet::new();
    for caller in 0..64 {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            for n in 0..30 {
                store
                    .commit(vec![put(&format!("{caller}/{n}"), "x")])
                    .await?;
            }
            Ok::<_, StoreError>(())
        });
    }
    while let Some(done) = callers.join_next().await {
        done??;
    }
    let after = store.counters();
    let commits = after.commits - before.commits;
    let fsyncs = after.fsyncs - before.fsyncs;
    assert_eq!(commits, 64 * 30);
    assert!(fsyncs * 8 <= commits, "{fsyncs} fsyncs for {commits}");
    Ok(())
}

#[tokio::test]
async fn dropping_the_store_finishes_what_is_queued() -> TestResult {
    let disk = Disk::new();
    let store = Arc::new(disk.open()?);
    let commits = (0..10).map(|n| vec![put(&n.to_string(), "x")]).collect();
    for committing in as_one_group(&disk, &store, commits).await? {
        committing.abort();
        // Gone with its share of the store, answered or not.
        let _ = committing.await;
    }
    let store = Arc::into_inner(store);
    assert!(store.is_some(), "nobody else has the store");
    drop(store);
    assert_eq!(super::everything(&disk.open()?).await?.len(), 11);
    Ok(())
}
