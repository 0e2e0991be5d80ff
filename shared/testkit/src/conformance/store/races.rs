//! Many tasks at the same items.

use std::sync::Arc;

use greenroom_app::ports::store::{Condition, Item, Key, Store, StoreError, Write};
use tokio::task::JoinSet;

use super::{found, key, must, put};

/// Reads a number, adds one and swaps, again and again until the swap succeeds.
async fn increment(store: &impl Store, key: &Key) {
    loop {
        let item = found(store, key).await;
        let condition = item
            .as_ref()
            .map_or(Condition::Absent, |item| Condition::Version(item.version));
        let number = item.map_or(0, |item| number(&item.value));
        let next = (number + 1).to_string();
        match store.commit(vec![put(key.clone(), next, condition)]).await {
            Ok(()) => return,
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => panic!("an increment failed: {error:?}"),
        }
    }
}

fn number(value: &[u8]) -> u64 {
    match std::str::from_utf8(value).map(str::parse) {
        Ok(Ok(number)) => number,
        _ => panic!("{value:?} is not the number that was put"),
    }
}

pub async fn racing_increments_lose_nothing(store: Arc<impl Store>) {
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for _ in 0..50 {
                increment(&*store, &key("counter")).await;
            }
        });
    }
    tasks.join_all().await;
    let item = found(&*store, &key("counter")).await;
    let counted = item.map(|item| (number(&item.value), item.version));
    assert_eq!(counted, Some((400, 400)));
}

pub async fn racing_creators_have_one_winner(store: Arc<impl Store>) {
    for round in 0..20 {
        let mut tasks = JoinSet::new();
        for creator in 0..8_u8 {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                let write = put(key(&format!("{round}")), [creator], Condition::Absent);
                match store.commit(vec![write]).await {
                    Ok(()) => Some(creator),
                    Err(StoreError::Conflict { .. }) => None,
                    Err(error) => panic!("a creation failed: {error:?}"),
                }
            });
        }
        let winners: Vec<u8> = tasks.join_all().await.into_iter().flatten().collect();
        let item = found(&*store, &key(&format!("{round}"))).await;
        assert_eq!(item.map(|item| item.value), Some(winners.clone()));
        assert_eq!(winners.len(), 1, "round {round}");
    }
}

pub async fn racing_swaps_of_two_items_stay_whole(store: Arc<impl Store>) {
    let pair = [Key::new("left", "x"), Key::new("right", "x")];
    let both = |value: &str, conditions: [Condition; 2]| -> Vec<Write> {
        std::iter::zip(&pair, conditions)
            .map(|(key, condition)| put(key.clone(), value, condition))
            .collect()
    };
    must(&*store, both("start", [Condition::Absent; 2])).await;
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let store = Arc::clone(&store);
        let pair = pair.clone();
        tasks.spawn(async move {
            let mut done = 0_u64;
            while done < 25 {
                let mut writes = Vec::new();
                for key in &pair {
                    let version = found(&*store, key).await.map_or(0, |item| item.version);
                    let value = format!("{task} {done}");
                    writes.push(put(key.clone(), value, Condition::Version(version)));
                }
                match store.commit(writes).await {
                    Ok(()) => done += 1,
                    Err(StoreError::Conflict { .. }) => {}
                    Err(error) => panic!("a swap failed: {error:?}"),
                }
            }
        });
    }
    tasks.join_all().await;
    let left = found(&*store, &pair[0]).await;
    let right = found(&*store, &pair[1]).await;
    let seen = |item: Option<Item>| item.map(|item| (item.version, item.value));
    let (left, right) = (seen(left), seen(right));
    assert_eq!(left, right, "both items were always swapped together");
    assert_eq!(left.map(|(version, _)| version), Some(101));
}
