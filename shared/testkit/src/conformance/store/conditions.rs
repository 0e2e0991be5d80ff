//! Versions, conditions, and all or nothing.

use std::sync::Arc;

use greenroom_app::ports::store::{Condition, Item, Key, Page, Store, Write};

use super::{
    check, delete, everything, found, key, must, page, put, refused_as_conflict, sorts, version,
};

pub async fn a_fresh_item_has_version_1_and_each_put_adds_one(store: Arc<impl Store>) {
    for n in 1..=5_u64 {
        let value = format!("value {n}");
        must(&*store, vec![put(key("a"), value.clone(), Condition::Any)]).await;
        let item = found(&*store, &key("a")).await;
        let expected = Item {
            key: key("a"),
            version: n,
            value: value.into_bytes(),
        };
        assert_eq!(item, Some(expected.clone()));
        let queried = page(&*store, "p", "a", None, 10).await;
        assert_eq!(queried.items, [expected], "a query says the same");
    }
}

pub async fn an_item_created_after_a_delete_starts_at_version_1(store: Arc<impl Store>) {
    must(&*store, vec![put(key("a"), "1", Condition::Any)]).await;
    must(&*store, vec![put(key("a"), "2", Condition::Any)]).await;
    must(&*store, vec![delete(key("a"), Condition::Version(2))]).await;
    assert_eq!(version(&*store, "a").await, None);
    must(&*store, vec![put(key("a"), "3", Condition::Absent)]).await;
    assert_eq!(version(&*store, "a").await, Some(1));
}

pub async fn what_was_never_put_is_not_there(store: Arc<impl Store>) {
    assert_eq!(found(&*store, &key("a")).await, None);
    assert_eq!(page(&*store, "p", "", None, 1).await, Page::default());
    must(&*store, vec![put(key("b"), "", Condition::Any)]).await;
    assert_eq!(found(&*store, &key("a")).await, None);
    let other = Key::new("q", "b");
    assert_eq!(found(&*store, &other).await, None);
}

pub async fn deleting_what_is_not_there_is_no_error(store: Arc<impl Store>) {
    must(&*store, vec![delete(key("a"), Condition::Any)]).await;
    must(&*store, vec![delete(key("a"), Condition::Absent)]).await;
    assert_eq!(version(&*store, "a").await, None);
}

pub async fn absent_holds_only_for_what_is_not_there(store: Arc<impl Store>) {
    must(&*store, vec![check(key("a"), Condition::Absent)]).await;
    must(&*store, vec![put(key("a"), "1", Condition::Absent)]).await;
    for write in [
        put(key("a"), "2", Condition::Absent),
        delete(key("a"), Condition::Absent),
        check(key("a"), Condition::Absent),
    ] {
        refused_as_conflict(&*store, vec![write], "a").await;
    }
    let item = found(&*store, &key("a")).await;
    assert_eq!(item.map(|item| item.value), Some(b"1".to_vec()));
}

pub async fn a_version_holds_only_for_exactly_that_version(store: Arc<impl Store>) {
    for wrong in [0, 1, u64::MAX] {
        let write = put(key("a"), "x", Condition::Version(wrong));
        refused_as_conflict(&*store, vec![write], "a").await;
    }
    must(&*store, vec![put(key("a"), "1", Condition::Absent)]).await;
    must(&*store, vec![put(key("a"), "2", Condition::Version(1))]).await;
    for wrong in [0, 1, 3, u64::MAX] {
        for write in [
            put(key("a"), "x", Condition::Version(wrong)),
            delete(key("a"), Condition::Version(wrong)),
            check(key("a"), Condition::Version(wrong)),
        ] {
            refused_as_conflict(&*store, vec![write], "a").await;
        }
    }
    assert_eq!(version(&*store, "a").await, Some(2));
    must(&*store, vec![check(key("a"), Condition::Version(2))]).await;
    must(&*store, vec![delete(key("a"), Condition::Version(2))]).await;
    assert_eq!(version(&*store, "a").await, None);
}

pub async fn a_check_guards_and_changes_nothing(store: Arc<impl Store>) {
    must(&*store, vec![put(key("guard"), "1", Condition::Any)]).await;
    let guarded = |n| {
        vec![
            check(key("guard"), Condition::Version(n)),
            put(key("b"), "x", Condition::Any),
        ]
    };
    must(&*store, guarded(1)).await;
    assert_eq!(version(&*store, "guard").await, Some(1));
    refused_as_conflict(&*store, guarded(2), "guard").await;
    assert_eq!(version(&*store, "b").await, Some(1));
    must(&*store, vec![check(key("nothing"), Condition::Any)]).await;
    assert_eq!(version(&*store, "nothing").await, None);
}

pub async fn a_conflict_names_the_first_key_that_failed(store: Arc<impl Store>) {
    let writes = vec![
        put(key("z"), "", Condition::Any),
        put(key("y"), "", Condition::Version(4)),
        put(key("a"), "", Condition::Version(4)),
    ];
    refused_as_conflict(&*store, writes, "y").await;
}

pub async fn one_failed_condition_undoes_the_whole_commit(store: Arc<impl Store>) {
    must(&*store, vec![put(key("old"), "1", Condition::Any)]).await;
    let mut writes: Vec<Write> = (0..20)
        .map(|n| put(key(&format!("new {n:02}")), "x", Condition::Absent))
        .collect();
    writes.push(delete(key("old"), Condition::Version(1)));
    writes.push(check(key("last"), Condition::Version(1)));
    refused_as_conflict(&*store, writes, "last").await;
    assert_eq!(
        sorts(&everything(&*store, "p", "", 100).await),
        ["old"],
        "nothing of a refused commit may stay"
    );
}

pub async fn a_commit_changes_many_partitions_at_once(store: Arc<impl Store>) {
    let keys: Vec<Key> = (0..10).map(|n| Key::new(format!("p{n}"), "s")).collect();
    let writes = keys
        .iter()
        .map(|key| put(key.clone(), "x", Condition::Absent))
        .collect();
    must(&*store, writes).await;
    for key in &keys {
        assert!(found(&*store, key).await.is_some(), "{key} is missing");
    }
}

pub async fn a_commit_of_nothing_succeeds(store: Arc<impl Store>) {
    must(&*store, Vec::new()).await;
}
