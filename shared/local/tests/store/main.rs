//! The store on disk: the contract of its port, shared fsyncs, failures, damage and crashes.

use std::error::Error;

use greenroom_app::ports::store::{Condition, Item, Key, Store, StoreError, Write};
use greenroom_local::store::{EmbeddedStore, OpenError};
use tempfile::TempDir;

mod conformance;
mod crash;
mod damage;
mod disk;
mod failing_disk;
mod groups;
mod opening;
mod power_cut;

type TestResult = Result<(), Box<dyn Error>>;

fn open(folder: &TempDir) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(&folder.path().join("store.redb"))
}

fn key(sort: &str) -> Key {
    Key::new("p", sort)
}

fn put(sort: &str, value: impl Into<Vec<u8>>) -> Write {
    put_if(sort, value, Condition::Any)
}

fn put_if(sort: &str, value: impl Into<Vec<u8>>, condition: Condition) -> Write {
    Write::Put {
        key: key(sort),
        value: value.into(),
        condition,
    }
}

async fn value(store: &impl Store, sort: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(store.get(&key(sort)).await?.map(|item| item.value))
}

/// Everything in partition `p`.
async fn everything(store: &impl Store) -> Result<Vec<Item>, StoreError> {
    let mut items: Vec<Item> = Vec::new();
    loop {
        let after = items.last().map(|item| item.key.sort.clone());
        let page = store.query("p", "", after.as_deref(), 1_000).await?;
        items.extend(page.items);
        if !page.more {
            return Ok(items);
        }
    }
}
