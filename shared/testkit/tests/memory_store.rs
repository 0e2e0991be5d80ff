//! The memory store keeps the contract of the store port.

use std::sync::Arc;

use greenroom_testkit::conformance::store_model::a_store_agrees_with_its_model;
use greenroom_testkit::memory_store::MemoryStore;

mod whole_pages {
    use super::*;

    async fn open() -> (Arc<MemoryStore>, ()) {
        (Arc::new(MemoryStore::new()), ())
    }

    greenroom_testkit::store_conformance!(open);
}

mod pages_of_one {
    use super::*;

    async fn open() -> (Arc<MemoryStore>, ()) {
        (Arc::new(MemoryStore::with_page_max(1)), ())
    }

    greenroom_testkit::store_conformance!(open);
}

#[test]
fn random_operations_agree_with_the_model() {
    a_store_agrees_with_its_model(1_000, async || MemoryStore::new());
}
