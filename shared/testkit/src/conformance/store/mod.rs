//! The contract of the store port, one function for each promise.
//!
//! Every function wants a store of its own, empty. [`store_conformance!`](crate::store_conformance)
//! makes a test of each. A function panics where the store breaks its word.

use greenroom_app::ports::store::{Condition, Item, Key, Page, Store, StoreError, Write};

mod conditions;
mod limits;
mod queries;
mod races;

pub use conditions::*;
pub use limits::*;
pub use queries::*;
pub use races::*;

/// Makes one test of each promise. `$open` is an async function that gives an empty store in an
/// [`Arc`](std::sync::Arc) and something to keep until the test is over, such as its folder.
///
/// Where an empty store needs a server that takes seconds to start, `$open, together as $all`
/// makes one function of them: `async fn $all(&Server)` calls `$open(&Server)` for each promise
/// and gives the names of those that were broken, each with how.
#[macro_export]
macro_rules! store_conformance {
    ($open:path) => {
        $crate::store_conformance! { @promises each $open }
    };
    ($open:path, together as $all:ident over $server:ty) => {
        $crate::store_conformance! { @promises (together $all, $server) $open }
    };
    (@promises $how:tt $open:path) => {
        $crate::store_conformance! { @$how $open,
            a_fresh_item_has_version_1_and_each_put_adds_one
            an_item_created_after_a_delete_starts_at_version_1
            what_was_never_put_is_not_there
            deleting_what_is_not_there_is_no_error
            absent_holds_only_for_what_is_not_there
            a_version_holds_only_for_exactly_that_version
            a_check_guards_and_changes_nothing
            a_conflict_names_the_first_key_that_failed
            one_failed_condition_undoes_the_whole_commit
            a_commit_changes_many_partitions_at_once
            a_commit_of_nothing_succeeds
            items_are_in_the_order_of_their_bytes
            a_query_sees_its_partition_and_prefix_only
            a_query_starts_after_the_place_named
            pages_lead_through_everything_once
            items_put_between_two_pages_do_not_shift_them
            a_value_at_the_limit_is_kept_and_one_above_is_refused
            fifty_writes_are_one_commit_and_fifty_one_are_refused
            a_commit_with_too_many_bytes_is_refused
            a_key_named_twice_is_refused
            keys_that_break_the_limits_are_refused
            a_query_with_limit_0_is_refused
            odd_keys_are_kept_apart
            racing_increments_lose_nothing
            racing_creators_have_one_winner
            racing_swaps_of_two_items_stay_whole
        }
    };
    (@(together $all:ident, $server:ty) $open:path, $($promise:ident)+) => {
        async fn $all(server: &$server) -> Vec<(&'static str, String)> {
            let mut broken = Vec::new();
            $(
                let (store, kept) = $open(server).await;
                let promise = $crate::conformance::store::$promise(store);
                if let Err(error) = tokio::spawn(promise).await {
                    broken.push((stringify!($promise), error.to_string()));
                }
                drop(kept);
            )+
            broken
        }
    };
    (@each $open:path, $($promise:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let (store, _kept) = $open().await;
                $crate::conformance::store::$promise(store).await;
            }
        )+
    };
}

fn key(sort: &str) -> Key {
    Key::new("p", sort)
}

fn put(key: Key, value: impl Into<Vec<u8>>, condition: Condition) -> Write {
    Write::Put {
        key,
        value: value.into(),
        condition,
    }
}

fn delete(key: Key, condition: Condition) -> Write {
    Write::Delete { key, condition }
}

fn check(key: Key, condition: Condition) -> Write {
    Write::Check { key, condition }
}

async fn must(store: &impl Store, writes: Vec<Write>) {
    if let Err(error) = store.commit(writes).await {
        panic!("the commit was refused: {error:?}");
    }
}

async fn found(store: &impl Store, key: &Key) -> Option<Item> {
    match store.get(key).await {
        Ok(found) => found,
        Err(error) => panic!("{key} cannot be read: {error:?}"),
    }
}

async fn version(store: &impl Store, sort: &str) -> Option<u64> {
    found(store, &key(sort)).await.map(|item| item.version)
}

async fn page(
    store: &impl Store,
    partition: &str,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Page {
    match store.query(partition, prefix, after, limit).await {
        Ok(page) => {
            assert!(page.items.len() <= limit, "more items than asked for");
            assert!(
                !page.more || !page.items.is_empty(),
                "more, but nothing yet"
            );
            page
        }
        Err(error) => panic!("{partition} cannot be queried: {error:?}"),
    }
}

/// Everything under `prefix`, in pages of `limit`.
async fn everything(store: &impl Store, partition: &str, prefix: &str, limit: usize) -> Vec<Item> {
    everything_after(store, partition, prefix, None, limit).await
}

/// Everything under `prefix` that comes after `start`, in pages of `limit`.
async fn everything_after(
    store: &impl Store,
    partition: &str,
    prefix: &str,
    start: Option<&str>,
    limit: usize,
) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut after = start.map(str::to_owned);
    loop {
        let page = page(store, partition, prefix, after.as_deref(), limit).await;
        items.extend(page.items);
        if !page.more {
            return items;
        }
        after = items.last().map(|item| item.key.sort.clone());
    }
}

fn sorts(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.key.sort.as_str()).collect()
}

async fn refused_as_conflict(store: &impl Store, writes: Vec<Write>, on: &str) {
    match store.commit(writes).await {
        Err(StoreError::Conflict { key: conflict }) => assert_eq!(conflict, key(on)),
        other => panic!("expected a conflict on {on}, got {other:?}"),
    }
}

fn invalid<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(
        matches!(answer, Err(StoreError::Invalid { .. })),
        "expected a refusal as invalid, got {answer:?}"
    );
}
