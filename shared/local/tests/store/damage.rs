//! A damaged file is reported; it never ends the process and never gives a wrong value.

use std::fs;
use std::path::Path;

use greenroom_app::ports::store::{Condition, Store, StoreError};
use greenroom_local::store::{EmbeddedStore, OpenError};
use tempfile::TempDir;

use super::{TestResult, everything, key, open, put, put_if, value};

const ITEMS: usize = 300;

fn content(n: usize) -> Vec<u8> {
    format!("value {n} ").repeat(40).into_bytes()
}

/// The bytes of a store with [`ITEMS`] items, closed in good order.
async fn whole() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = open(&folder)?;
    for n in 0..ITEMS {
        store.commit(vec![put(&n.to_string(), content(n))]).await?;
    }
    drop(store);
    Ok(fs::read(folder.path().join("store.redb"))?)
}

/// Different each time, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Opens, reads and writes; whatever is wrong must be told as damage, and no value be wrong.
async fn survive(path: &Path) -> Result<bool, Box<dyn std::error::Error>> {
    let store = match EmbeddedStore::open(path) {
        Ok(store) => store,
        Err(OpenError::Corrupt { .. } | OpenError::UnknownFormat { .. }) => return Ok(true),
        Err(other) => return Err(other.into()),
    };
    let mut noticed = false;
    for n in 0..ITEMS {
        match value(&store, &n.to_string()).await {
            Ok(Some(value)) => assert!(value == content(n), "item {n} has a wrong value"),
            Ok(None) => noticed = true,
            Err(StoreError::Corrupt { .. }) => noticed = true,
            Err(other) => return Err(other.into()),
        }
    }
    for outcome in [
        everything(&store).await.map(|_| ()),
        store.commit(vec![put("new", "x")]).await,
        store.commit(vec![put("0", "x")]).await,
    ] {
        match outcome {
            Ok(()) => {}
            Err(StoreError::Corrupt { .. }) => noticed = true,
            Err(other) => return Err(other.into()),
        }
    }
    Ok(noticed)
}

#[test]
fn garbage_is_refused_and_left_alone() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let mut random = Random(7);
    for length in [1, 8, 9, 100, 319, 320, 4_096, 1_000_000] {
        let garbage: Vec<u8> = (0..length).map(|_| random.below(255) as u8 + 1).collect();
        fs::write(&path, &garbage)?;
        let refused = open(&folder);
        assert!(
            matches!(refused, Err(OpenError::Corrupt { .. })),
            "{length} bytes: {refused:?}"
        );
        assert!(fs::read(&path)? == garbage, "{length} bytes were changed");
    }
    Ok(())
}

#[test]
fn a_store_whose_first_writer_was_killed_is_made_anew() -> TestResult {
    let folder = tempfile::tempdir()?;
    // Its pages are there, and the mark that makes them a store is not yet.
    let unfinished = folder.path().join("store.redb.new");
    fs::write(&unfinished, vec![0; 100_000])?;
    drop(open(&folder)?);
    assert!(!unfinished.exists());
    drop(open(&folder)?);
    Ok(())
}

#[tokio::test]
async fn a_file_cut_short_is_reported() -> TestResult {
    let bytes = whole().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let mut random = Random(11);
    let mut lengths = vec![1, 9, 64, 319, 320, 4_096, 8_192, bytes.len() / 2];
    lengths.extend((0..20).map(|_| random.below(bytes.len() / 2) + 1));
    for length in lengths {
        fs::write(&path, &bytes[..length])?;
        assert!(survive(&path).await?, "{length} bytes passed for whole");
    }
    Ok(())
}

#[tokio::test]
async fn changed_bytes_never_give_a_wrong_value() -> TestResult {
    let bytes = whole().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.redb");
    let mut random = Random(13);
    let mut noticed = 0;
    for _ in 0..60 {
        let mut changed = bytes.clone();
        for _ in 0..1 + random.below(300) {
            let at = random.below(changed.len());
            changed[at] ^= 1 << random.below(8);
        }
        fs::write(&path, &changed)?;
        noticed += usize::from(survive(&path).await?);
    }
    assert!(noticed > 30, "damage was noticed only {noticed} times");
    Ok(())
}

/// A store of which the item "hurt" has lost a bit on disk, and "well" has not.
async fn with_a_hurt_item() -> Result<(EmbeddedStore, TempDir), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mark = b"a value that is found again";
    let store = open(&folder)?;
    store.commit(vec![put("hurt", *mark)]).await?;
    store.commit(vec![put("well", "x")]).await?;
    drop(store);
    let path = folder.path().join("store.redb");
    let mut bytes = fs::read(&path)?;
    let places: Vec<usize> = (0..bytes.len() - mark.len())
        .filter(|at| bytes[*at..].starts_with(mark))
        .collect();
    assert!(!places.is_empty(), "the value is in the file as it is");
    for at in places {
        bytes[at] ^= 1;
    }
    fs::write(&path, bytes)?;
    Ok((open(&folder)?, folder))
}

#[tokio::test]
async fn a_damaged_item_is_named_and_the_others_stay_usable() -> TestResult {
    let (store, _folder) = with_a_hurt_item().await?;
    for refused in [
        store.get(&key("hurt")).await.map(|_| ()),
        store.query("p", "", None, 10).await.map(|_| ()),
        store
            .commit(vec![put_if("hurt", "x", Condition::Version(1))])
            .await,
    ] {
        match refused {
            Err(StoreError::Corrupt { what, .. }) => assert_eq!(what, "p / hurt"),
            other => panic!("damage was not noticed: {other:?}"),
        }
    }
    assert_eq!(value(&store, "well").await?, Some(b"x".to_vec()));
    store.commit(vec![put("well", "y")]).await?;
    Ok(())
}
