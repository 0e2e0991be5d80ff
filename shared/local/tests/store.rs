//! The store on disk keeps the contract of the store port.

use std::sync::Arc;

use greenroom_local::store::{EmbeddedStore, OpenError};
use greenroom_testkit::conformance::store_model::a_store_agrees_with_its_model;
use tempfile::TempDir;

mod conformance {
    use super::*;

    async fn open() -> (Arc<EmbeddedStore>, TempDir) {
        match fresh() {
            Ok((store, folder)) => (Arc::new(store), folder),
            Err(error) => panic!("no store to test: {error:?}"),
        }
    }

    greenroom_testkit::store_conformance!(open);
}

fn fresh() -> Result<(EmbeddedStore, TempDir), OpenError> {
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => panic!("no folder to test in: {error}"),
    };
    let store = EmbeddedStore::open(&folder.path().join("store.redb"))?;
    Ok((store, folder))
}

#[test]
fn random_operations_agree_with_the_model() {
    let folders = std::cell::RefCell::new(Vec::new());
    a_store_agrees_with_its_model(64, async || match fresh() {
        Ok((store, folder)) => {
            folders.borrow_mut().push(folder);
            store
        }
        Err(error) => panic!("no store to test: {error:?}"),
    });
}
