//! A disk that fails is an error of the commits it hit; the store works again when it does.

use std::sync::Arc;

use greenroom_app::ports::store::{Store, StoreError};
use tokio::task::JoinSet;

use super::disk::{Disk, Mood};
use super::{TestResult, everything, put, value};

/// Asserts that the commit could not be done now, and gives `ambiguous`.
fn unavailable(outcome: Result<(), StoreError>) -> bool {
    match outcome {
        Err(error @ StoreError::Unavailable { ambiguous, .. }) => {
            assert!(error.is_retryable());
            ambiguous
        }
        other => panic!("expected the store to be unavailable, got {other:?}"),
    }
}

#[tokio::test]
async fn a_full_disk_refuses_commits_until_there_is_room() -> TestResult {
    let disk = Disk::new();
    let store = disk.open()?;
    store.commit(vec![put("before", "x")]).await?;
    disk.set_mood(Mood::Full);
    let large = || vec![put("large", vec![7; 150_000]), put("with it", "x")];
    for _ in 0..3 {
        assert!(!unavailable(store.commit(large()).await), "surely not done");
        assert_eq!(value(&store, "before").await?, Some(b"x".to_vec()));
        assert_eq!(value(&store, "with it").await?, None, "all or nothing");
    }
    disk.set_mood(Mood::Well);
    store.commit(large()).await?;
    drop(store);
    assert_eq!(everything(&disk.open()?).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_broken_disk_makes_the_store_unavailable_until_it_works_again() -> TestResult {
    let disk = Disk::new();
    let store = disk.open()?;
    store.commit(vec![put("before", "x")]).await?;
    disk.set_mood(Mood::Broken);
    for n in 0..3 {
        unavailable(store.commit(vec![put(&n.to_string(), "x")]).await);
        unavailable(store.get(&super::key("before")).await.map(|_| ()));
    }
    disk.set_mood(Mood::Well);
    assert_eq!(value(&store, "before").await?, Some(b"x".to_vec()));
    store.commit(vec![put("after", "x")]).await?;
    assert_eq!(value(&store, "after").await?, Some(b"x".to_vec()));
    Ok(())
}

#[tokio::test]
async fn a_commit_whose_fsync_fails_is_ambiguous() -> TestResult {
    let disk = Disk::new();
    let store = disk.open()?;
    store.commit(vec![put("a", "old")]).await?;
    disk.set_mood(Mood::CannotSync);
    let ambiguous = unavailable(store.commit(vec![put("a", "new")]).await);
    assert!(ambiguous, "the write was taken, so it may be there later");
    disk.set_mood(Mood::Well);
    let left = value(&store, "a").await?;
    assert!(left == Some(b"old".to_vec()) || left == Some(b"new".to_vec()));
    store.commit(vec![put("a", "newer")]).await?;
    assert_eq!(value(&store, "a").await?, Some(b"newer".to_vec()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_now_and_then_loses_nothing_acknowledged() -> TestResult {
    let disk = Disk::new();
    let store = Arc::new(disk.open()?);
    let mut callers = JoinSet::new();
    for caller in 0..8 {
        let (store, disk) = (Arc::clone(&store), disk.clone());
        callers.spawn(async move {
            let (mut done, mut undone) = (Vec::new(), Vec::new());
            for n in 0..40 {
                let moods = [Mood::Full, Mood::Broken, Mood::CannotSync, Mood::Well];
                disk.set_mood(moods[(caller + n) % 4]);
                let sort = format!("{caller}/{n}");
                match store.commit(vec![put(&sort, vec![1; 20_000])]).await {
                    Ok(()) => done.push(sort),
                    Err(StoreError::Unavailable {
                        ambiguous: false, ..
                    }) => undone.push(sort),
                    Err(StoreError::Unavailable { .. }) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            (done, undone)
        });
    }
    let outcomes = callers.join_all().await;
    disk.set_mood(Mood::Well);
    store.commit(vec![put("last", "x")]).await?;
    drop(store);
    let store = disk.open()?;
    let (mut acknowledged, mut refused) = (0, 0);
    for (done, undone) in outcomes {
        acknowledged += done.len();
        refused += undone.len();
        for sort in done {
            assert!(value(&store, &sort).await?.is_some(), "{sort} is lost");
        }
        for sort in undone {
            assert!(value(&store, &sort).await?.is_none(), "{sort} was denied");
        }
    }
    assert!(acknowledged > 0, "some commits met a disk that was well");
    assert!(refused > 0, "some commits met a disk that was not");
    Ok(())
}
