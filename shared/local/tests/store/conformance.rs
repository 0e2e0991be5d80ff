use std::sync::Arc;

use greenroom_local::store::EmbeddedStore;
use greenroom_testkit::conformance::store_model::a_store_agrees_with_its_model;
use tempfile::TempDir;

async fn open() -> (Arc<EmbeddedStore>, TempDir) {
    let (store, folder) = fresh();
    (Arc::new(store), folder)
}

greenroom_testkit::store_conformance!(open);

fn fresh() -> (EmbeddedStore, TempDir) {
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => panic!("no folder to test in: {error}"),
    };
    match super::open(&folder) {
        Ok(store) => (store, folder),
        Err(error) => panic!("no store to test: {error:?}"),
    }
}

#[test]
fn random_operations_agree_with_the_model() {
    let folders = std::cell::RefCell::new(Vec::new());
    a_store_agrees_with_its_model(64, async || {
        let (store, folder) = fresh();
        folders.borrow_mut().push(folder);
        store
    });
}
