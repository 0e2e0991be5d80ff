//! Order, prefixes and pages.

use std::sync::Arc;

use greenroom_app::ports::store::{Condition, Key, Store};

use super::{delete, everything, everything_after, key, must, page, put, sorts};

pub async fn items_are_in_the_order_of_their_bytes(store: Arc<impl Store>) {
    let mut all = [
        "a", "B", "é", "z", "Z", "10", "9", "a b", "a\u{0}", "aa", "\u{7f}", "ß", "€", "𝄞",
        "\u{ffff}", "~", "#",
    ];
    for sort in all {
        must(&*store, vec![put(key(sort), sort, Condition::Absent)]).await;
    }
    all.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    assert_eq!(sorts(&everything(&*store, "p", "", 100).await), all);
    assert_eq!(sorts(&everything(&*store, "p", "", 3).await), all);
}

pub async fn a_query_sees_its_partition_and_prefix_only(store: Arc<impl Store>) {
    for (partition, sort) in [
        ("o", "run#1"),
        ("p", "log#1"),
        ("p", "run"),
        ("p", "run#1"),
        ("p", "run#2"),
        ("p", "run$"),
        ("p#", "run#3"),
        ("pp", "run#4"),
        ("q", "run#5"),
    ] {
        let write = put(Key::new(partition, sort), sort, Condition::Absent);
        must(&*store, vec![write]).await;
    }
    let runs = everything(&*store, "p", "run#", 10).await;
    assert_eq!(sorts(&runs), ["run#1", "run#2"]);
    assert!(runs.iter().all(|item| item.key.partition == "p"));
    let all = everything(&*store, "p", "", 10).await;
    assert_eq!(sorts(&all), ["log#1", "run", "run#1", "run#2", "run$"]);
    assert!(everything(&*store, "p", "x", 10).await.is_empty());
    assert!(everything(&*store, "none", "", 10).await.is_empty());
}

pub async fn a_query_starts_after_the_place_named(store: Arc<impl Store>) {
    for sort in ["a", "b1", "b2", "b3", "c"] {
        must(&*store, vec![put(key(sort), sort, Condition::Absent)]).await;
    }
    for (prefix, after, expected) in [
        ("", "b1", &["b2", "b3", "c"][..]),
        ("", "b11", &["b2", "b3", "c"][..]),
        ("", "c", &[][..]),
        ("", "", &["a", "b1", "b2", "b3", "c"][..]),
        ("b", "b2", &["b3"][..]),
        ("b", "b", &["b1", "b2", "b3"][..]),
        ("b", "a", &["b1", "b2", "b3"][..]),
        ("b", "b3", &[][..]),
        ("b", "c", &[][..]),
    ] {
        let items = everything_after(&*store, "p", prefix, Some(after), 10).await;
        assert_eq!(sorts(&items), expected, "{prefix:?} after {after:?}");
    }
}

pub async fn pages_lead_through_everything_once(store: Arc<impl Store>) {
    let all: Vec<String> = (0..25).map(|n| format!("i{n:02}")).collect();
    for sort in &all {
        must(&*store, vec![put(key(sort), "x", Condition::Absent)]).await;
    }
    must(&*store, vec![put(key("j"), "x", Condition::Absent)]).await;
    for limit in [1, 2, 5, 24, 25, 26, usize::MAX] {
        let items = everything(&*store, "p", "i", limit).await;
        assert_eq!(sorts(&items), all, "in pages of {limit}");
    }
    let last = page(&*store, "p", "i", Some("i23"), 1).await;
    assert!(!last.more, "nothing comes after the last item");
}

pub async fn items_put_between_two_pages_do_not_shift_them(store: Arc<impl Store>) {
    for sort in ["b", "d", "f", "h"] {
        must(&*store, vec![put(key(sort), "x", Condition::Absent)]).await;
    }
    let first = page(&*store, "p", "", None, 1).await;
    assert_eq!((sorts(&first.items), first.more), (vec!["b"], true));
    let writes = vec![
        put(key("a"), "x", Condition::Absent),
        put(key("e"), "x", Condition::Absent),
        delete(key("b"), Condition::Any),
        delete(key("f"), Condition::Any),
    ];
    must(&*store, writes).await;
    let rest = everything_after(&*store, "p", "", Some("b"), 1).await;
    assert_eq!(sorts(&rest), ["d", "e", "h"]);
}
