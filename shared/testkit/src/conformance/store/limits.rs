//! What is kept at the limits, and refused beyond them.

use std::sync::Arc;

use greenroom_app::ports::store::{
    COMMIT_BYTES_MAX, COMMIT_MAX, Condition, Item, Key, PARTITION_MAX, SORT_MAX, Store, VALUE_MAX,
    Write,
};

use super::{check, delete, everything, found, invalid, key, must, put, version};

pub async fn a_value_at_the_limit_is_kept_and_one_above_is_refused(store: Arc<impl Store>) {
    let largest: Vec<u8> = (0..VALUE_MAX).map(|n| (n % 251) as u8).collect();
    for n in 0..8 {
        let sort = format!("large {n}");
        must(
            &*store,
            vec![put(key(&sort), largest.clone(), Condition::Any)],
        )
        .await;
    }
    let items = everything(&*store, "p", "", 100).await;
    assert_eq!(items.len(), 8);
    assert!(items.iter().all(|item| item.value == largest));
    let above = vec![0; VALUE_MAX + 1];
    invalid(
        store
            .commit(vec![put(key("above"), above, Condition::Any)])
            .await,
    );
    assert_eq!(version(&*store, "above").await, None);
    must(&*store, vec![put(key("empty"), "", Condition::Any)]).await;
    let empty = found(&*store, &key("empty")).await;
    assert_eq!(empty.map(|item| item.value), Some(Vec::new()));
}

pub async fn fifty_writes_are_one_commit_and_fifty_one_are_refused(store: Arc<impl Store>) {
    let writes = |count: usize| -> Vec<Write> {
        (0..count)
            .map(|n| put(key(&format!("{n:02}")), "x", Condition::Absent))
            .collect()
    };
    invalid(store.commit(writes(COMMIT_MAX + 1)).await);
    assert!(everything(&*store, "p", "", 100).await.is_empty());
    must(&*store, writes(COMMIT_MAX)).await;
    assert_eq!(everything(&*store, "p", "", 100).await.len(), COMMIT_MAX);
}

pub async fn a_commit_with_too_many_bytes_is_refused(store: Arc<impl Store>) {
    let writes = |count: usize| -> Vec<Write> {
        (0..count)
            .map(|n| put(key(&format!("{n:02}")), vec![7; VALUE_MAX], Condition::Any))
            .collect()
    };
    let fits = COMMIT_BYTES_MAX / (VALUE_MAX + 3);
    invalid(store.commit(writes(fits + 1)).await);
    assert!(everything(&*store, "p", "", 100).await.is_empty());
    must(&*store, writes(fits)).await;
    assert_eq!(everything(&*store, "p", "", 100).await.len(), fits);
}

pub async fn a_key_named_twice_is_refused(store: Arc<impl Store>) {
    for second in [
        put(key("a"), "2", Condition::Any),
        delete(key("a"), Condition::Any),
        check(key("a"), Condition::Any),
    ] {
        let writes = vec![put(key("a"), "1", Condition::Any), second];
        invalid(store.commit(writes).await);
    }
    assert_eq!(version(&*store, "a").await, None);
}

pub async fn keys_that_break_the_limits_are_refused(store: Arc<impl Store>) {
    for bad in [
        Key::new("", "s"),
        Key::new("p", ""),
        Key::new("p".repeat(PARTITION_MAX + 1), "s"),
        Key::new("p", "s".repeat(SORT_MAX + 1)),
        Key::new("p", "é".repeat(SORT_MAX / 2 + 1)),
    ] {
        invalid(store.get(&bad).await);
        invalid(
            store
                .commit(vec![put(bad.clone(), "x", Condition::Any)])
                .await,
        );
        invalid(
            store
                .commit(vec![delete(bad.clone(), Condition::Any)])
                .await,
        );
        invalid(store.commit(vec![check(bad, Condition::Any)]).await);
    }
    invalid(store.query("", "", None, 1).await);
    let longest = Key::new("p".repeat(PARTITION_MAX), "s".repeat(SORT_MAX));
    must(&*store, vec![put(longest.clone(), "x", Condition::Absent)]).await;
    assert!(found(&*store, &longest).await.is_some());
    let items = everything(&*store, &longest.partition, &longest.sort, 2).await;
    assert_eq!(items.len(), 1);
}

pub async fn a_query_with_limit_0_is_refused(store: Arc<impl Store>) {
    invalid(store.query("p", "", None, 0).await);
}

pub async fn odd_keys_are_kept_apart(store: Arc<impl Store>) {
    let odd = [
        ("a", "bc"),
        ("ab", "c"),
        ("a\u{0}", "b"),
        ("a", "\u{0}b"),
        ("a / b", "c"),
        ("a", "b / c"),
        ("é", "x"),
        ("e\u{301}", "x"),
        ("../..", "$(rm -rf ~)"),
        ("\u{feff}", " "),
        ("🎭", "🎭🎭"),
        ("A", "BC"),
    ];
    for (partition, sort) in odd {
        let value = format!("{partition}|{sort}");
        let write = put(Key::new(partition, sort), value, Condition::Absent);
        must(&*store, vec![write]).await;
    }
    for (partition, sort) in odd {
        let key = Key::new(partition, sort);
        let item = found(&*store, &key).await;
        let expected = Item {
            value: format!("{partition}|{sort}").into_bytes(),
            version: 1,
            key,
        };
        assert_eq!(item, Some(expected));
    }
}
