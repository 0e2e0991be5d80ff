//! A network between the store and its table that does what networks do.

use greenroom_app::ports::store::{Condition, Item, Key, Store, StoreError, Write};
use greenroom_aws::connect::{Connection, Patience};
use greenroom_aws::store::DynamoStore;
use greenroom_emulators::ministack::MiniStack;
use greenroom_emulators::proxy::{Fault, FaultProxy};
use std::time::Duration;

use crate::table;

/// A store behind a proxy, and one beside it that sees the same table.
struct Site {
    /// Of DynamoDB, without the proxy.
    url: String,
    name: String,
    store: DynamoStore,
    beside: DynamoStore,
    proxy: FaultProxy,
}

impl Site {
    async fn open(url: &str) -> Self {
        let proxy = FaultProxy::start(url).await.expect("there is a port");
        let beside = table::connection(url);
        let name = table::create(&beside.dynamodb()).await;
        Self {
            url: url.to_owned(),
            store: DynamoStore::new(&impatient(&proxy), &name),
            beside: DynamoStore::new(&beside, &name),
            proxy,
            name,
        }
    }

    async fn at(&self, sort: &str) -> Option<(u64, Vec<u8>)> {
        let found = self.beside.get(&key(sort)).await.expect("it can be read");
        found.map(|Item { version, value, .. }| (version, value))
    }
}

/// All on one server, since it takes longer to start than they take.
macro_rules! one_after_the_other {
    ($($name:ident)+) => {
        #[tokio::test]
        async fn what_networks_do_is_told_apart() {
            let stack = MiniStack::start().await.expect("MiniStack starts");
            let mut broken = Vec::new();
            $(
                let site = Site::open(stack.url()).await;
                if let Err(error) = tokio::spawn($name(site)).await {
                    broken.push(format!("{}: {error}", stringify!($name)));
                }
            )+
            assert!(broken.is_empty(), "{broken:#?}");
        }
    };
}

one_after_the_other! {
    a_put_whose_answer_was_lost_is_recognised
    a_put_that_was_lost_is_sent_again_only_under_a_version
    a_lost_delete_is_known_only_when_nothing_was_asked_of_the_item
    a_transaction_has_one_effect_however_its_answers_are_lost
    what_is_never_answered_is_ambiguous
    a_lost_answer_does_not_hide_that_others_were_first
    a_throttled_call_says_so_and_had_no_effect
    a_commit_without_a_connection_certainly_did_not_happen
    what_must_be_mended_by_a_person_says_what_it_is
    what_others_wrote_is_corrupt_and_is_not_read_as_ours
    one_write_costs_one_unit_and_more_cost_two_each
}

/// Long enough for an answer of a busy machine, short enough for one that never comes.
fn impatient(proxy: &FaultProxy) -> Connection {
    let patience = Patience {
        read: Duration::from_millis(1_500),
        ..Patience::default()
    };
    table::connection_with(&proxy.url(), patience)
}

fn key(sort: &str) -> Key {
    Key::new("p", sort)
}

fn put(sort: &str, value: &str, condition: Condition) -> Write {
    Write::Put {
        key: key(sort),
        value: value.into(),
        condition,
    }
}

fn delete(sort: &str, condition: Condition) -> Write {
    Write::Delete {
        key: key(sort),
        condition,
    }
}

fn two(value: &str, condition: Condition) -> Vec<Write> {
    vec![put("a", value, condition), put("b", value, condition)]
}

fn is_ambiguous(answer: &Result<(), StoreError>) -> bool {
    matches!(
        answer,
        Err(StoreError::Unavailable {
            ambiguous: true,
            ..
        })
    )
}

async fn a_put_whose_answer_was_lost_is_recognised(site: Site) {
    let lost = [Fault::LoseAnswer, Fault::HideAnswer];
    for (n, fault) in lost.into_iter().enumerate() {
        let sort = format!("{n}");
        site.proxy.once("PutItem", fault.clone());
        let created = site
            .store
            .commit(vec![put(&sort, "one", Condition::Absent)])
            .await;
        assert!(created.is_ok(), "{created:?}");
        site.proxy.once("PutItem", fault.clone());
        let swapped = site
            .store
            .commit(vec![put(&sort, "two", Condition::Version(1))])
            .await;
        assert!(swapped.is_ok(), "{swapped:?}");
        site.proxy.once("UpdateItem", fault);
        let written = site
            .store
            .commit(vec![put(&sort, "three", Condition::Any)])
            .await;
        assert!(written.is_ok(), "{written:?}");
        assert_eq!(site.at(&sort).await, Some((3, b"three".to_vec())));
    }
    // Each was sent once, looked up, and left alone.
    let sent = ["PutItem", "UpdateItem", "GetItem"].map(|name| site.proxy.count(name).calls);
    assert_eq!(sent, [4, 2, 6]);
}

async fn a_put_that_was_lost_is_sent_again_only_under_a_version(site: Site) {
    let first = site
        .store
        .commit(vec![put("a", "one", Condition::Absent)])
        .await;
    assert!(first.is_ok(), "{first:?}");
    site.proxy.once("PutItem", Fault::LoseRequest);
    let swapped = site
        .store
        .commit(vec![put("a", "two", Condition::Version(1))])
        .await;
    assert!(swapped.is_ok(), "{swapped:?}");
    assert_eq!(site.at("a").await, Some((2, b"two".to_vec())));
    site.proxy.once("PutItem", Fault::LoseRequest);
    let created = site
        .store
        .commit(vec![put("b", "one", Condition::Absent)])
        .await;
    assert!(is_ambiguous(&created), "{created:?}");
    site.proxy.once("UpdateItem", Fault::LoseRequest);
    let written = site
        .store
        .commit(vec![put("c", "one", Condition::Any)])
        .await;
    assert!(is_ambiguous(&written), "{written:?}");
    assert_eq!((site.at("b").await, site.at("c").await), (None, None));
}

async fn a_lost_delete_is_known_only_when_nothing_was_asked_of_the_item(site: Site) {
    let both = site.store.commit(two("one", Condition::Absent)).await;
    assert!(both.is_ok(), "{both:?}");
    site.proxy.once("DeleteItem", Fault::LoseAnswer);
    let any = site.store.commit(vec![delete("a", Condition::Any)]).await;
    assert!(any.is_ok(), "{any:?}");
    site.proxy.once("DeleteItem", Fault::LoseAnswer);
    let guarded = site
        .store
        .commit(vec![delete("b", Condition::Version(1))])
        .await;
    assert!(is_ambiguous(&guarded), "{guarded:?}");
    assert_eq!((site.at("a").await, site.at("b").await), (None, None));
}

async fn a_transaction_has_one_effect_however_its_answers_are_lost(site: Site) {
    for fault in [Fault::LoseAnswer, Fault::HideAnswer, Fault::LoseRequest] {
        site.proxy.once("TransactWriteItems", fault);
    }
    let both = site.store.commit(two("one", Condition::Absent)).await;
    assert!(both.is_ok(), "{both:?}");
    assert_eq!(site.at("a").await, Some((1, b"one".to_vec())));
    assert_eq!(site.proxy.count("TransactWriteItems").calls, 4);
    // Counted up, it would show a second effect.
    site.proxy.once("TransactWriteItems", Fault::LoseAnswer);
    let both = site.store.commit(two("two", Condition::Any)).await;
    assert!(both.is_ok(), "{both:?}");
    assert_eq!(site.at("b").await, Some((2, b"two".to_vec())));
}

async fn what_is_never_answered_is_ambiguous(site: Site) {
    site.proxy.always("TransactWriteItems", Fault::LoseAnswer);
    let lost = site.store.commit(two("one", Condition::Absent)).await;
    assert!(is_ambiguous(&lost), "{lost:?}");
    site.proxy.calm();
    site.proxy.once("PutItem", Fault::Hang);
    let hung = site
        .store
        .commit(vec![put("c", "one", Condition::Absent)])
        .await;
    assert!(is_ambiguous(&hung), "{hung:?}");
    site.proxy.always("GetItem", Fault::LoseAnswer);
    let read = site.store.get(&key("a")).await;
    assert!(
        matches!(
            read,
            Err(StoreError::Unavailable {
                ambiguous: false,
                ..
            })
        ),
        "{read:?}"
    );
}

async fn a_lost_answer_does_not_hide_that_others_were_first(site: Site) {
    let first = site
        .beside
        .commit(vec![put("a", "theirs", Condition::Absent)])
        .await;
    assert!(first.is_ok(), "{first:?}");
    site.proxy.once("PutItem", Fault::HideAnswer);
    let ours = site
        .store
        .commit(vec![put("a", "theirs", Condition::Absent)])
        .await;
    assert!(
        matches!(ours, Err(StoreError::Conflict { .. })),
        "the same value is not ours: {ours:?}"
    );
    site.proxy.once("TransactWriteItems", Fault::HideAnswer);
    let both = site.store.commit(two("ours", Condition::Absent)).await;
    assert!(matches!(both, Err(StoreError::Conflict { .. })), "{both:?}");
    assert_eq!(site.at("b").await, None);
}

async fn a_throttled_call_says_so_and_had_no_effect(site: Site) {
    site.proxy.always("*", Fault::Throttle);
    let one = site
        .store
        .commit(vec![put("a", "one", Condition::Absent)])
        .await;
    let both = site.store.commit(two("one", Condition::Absent)).await;
    let read = site.store.get(&key("a")).await.map(|_| ());
    let slice = site.store.query("p", "", None, 1).await.map(|_| ());
    for answer in [one, both, read, slice] {
        assert!(
            matches!(answer, Err(StoreError::Throttled { .. })),
            "{answer:?}"
        );
    }
    site.proxy.calm();
    assert_eq!(site.at("a").await, None);
    // Throttled in the middle of doubt, the doubt stays.
    site.proxy.once("TransactWriteItems", Fault::LoseAnswer);
    site.proxy.once("TransactWriteItems", Fault::Throttle);
    let doubt = site.store.commit(two("one", Condition::Absent)).await;
    assert!(is_ambiguous(&doubt), "{doubt:?}");
}

async fn a_commit_without_a_connection_certainly_did_not_happen(mut site: Site) {
    let before = site
        .store
        .commit(vec![put("a", "one", Condition::Absent)])
        .await;
    assert!(before.is_ok(), "{before:?}");
    site.proxy.down().await;
    for writes in [
        vec![put("a", "two", Condition::Version(1))],
        vec![delete("a", Condition::Any)],
        two("two", Condition::Any),
    ] {
        let down = site.store.commit(writes).await;
        assert!(
            matches!(
                down,
                Err(StoreError::Unavailable {
                    ambiguous: false,
                    ..
                })
            ),
            "{down:?}"
        );
    }
    site.proxy.up().await.expect("the port is still ours");
    let after = site
        .store
        .commit(vec![put("a", "two", Condition::Version(1))])
        .await;
    assert!(after.is_ok(), "{after:?}");
}

async fn what_must_be_mended_by_a_person_says_what_it_is(site: Site) {
    let connection = table::connection(&site.url);
    let nowhere = DynamoStore::new(&connection, "no-such-table");
    let read = nowhere.get(&key("a")).await.map(|_| ());
    let one = nowhere.commit(vec![put("a", "one", Condition::Any)]).await;
    let both = nowhere.commit(two("one", Condition::Any)).await;
    for answer in [read, one, both] {
        match answer {
            Err(StoreError::Unavailable {
                why,
                ambiguous: false,
                ..
            }) => {
                assert!(why.starts_with("ResourceNotFoundException"), "{why}");
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn what_others_wrote_is_corrupt_and_is_not_read_as_ours(site: Site) {
    use aws_sdk_dynamodb::types::AttributeValue::{N, S};
    let client = table::connection(&site.url).dynamodb();
    for (sort, attribute, value) in [
        ("no value", "v", N("1".to_owned())),
        ("a text", "v", S("1".to_owned())),
        ("version 0", "v", N("0".to_owned())),
        ("half a version", "v", N("1.5".to_owned())),
    ] {
        let put = client
            .put_item()
            .table_name(&site.name)
            .item(attribute, value);
        let put = put
            .item("pk", S("p".to_owned()))
            .item("sk", S(sort.to_owned()));
        put.send().await.expect("DynamoDB takes it");
        let read = site.store.get(&key(sort)).await.map(|_| ());
        let slice = site.store.query("p", sort, None, 1).await.map(|_| ());
        for answer in [read, slice] {
            match answer {
                Err(StoreError::Corrupt { what, .. }) => assert!(what.contains(sort), "{what}"),
                other => panic!("{sort}: {other:?}"),
            }
        }
    }
}

/// What docs/cost.md counts with: calls and units of each kind of commit, of values below 1 KB.
async fn one_write_costs_one_unit_and_more_cost_two_each(site: Site) {
    let spent = async |writes: Vec<Write>| {
        site.proxy.forget_counts();
        let answer = site.store.commit(writes).await;
        assert!(answer.is_ok(), "{answer:?}");
        let counts = site.proxy.counts();
        let calls: u64 = counts.values().map(|count| count.calls).sum();
        let read: f64 = counts.values().map(|count| count.units.read).sum();
        let write: f64 = counts.values().map(|count| count.units.write).sum();
        (calls, read, write)
    };
    let value = "x".repeat(900);
    assert_eq!(
        spent(vec![put("a", &value, Condition::Absent)]).await,
        (1, 0.0, 1.0)
    );
    assert_eq!(
        spent(vec![put("a", &value, Condition::Version(1))]).await,
        (1, 0.0, 1.0)
    );
    assert_eq!(
        spent(vec![put("a", &value, Condition::Any)]).await,
        (1, 0.0, 1.0)
    );
    let check = |version| Write::Check {
        key: key("a"),
        condition: Condition::Version(version),
    };
    assert_eq!(spent(vec![check(3)]).await, (1, 1.0, 0.0));
    assert_eq!(
        spent(vec![check(3), put("b", &value, Condition::Absent)]).await,
        (1, 0.0, 4.0)
    );
    assert_eq!(spent(two(&value, Condition::Any)).await, (1, 0.0, 4.0));
    assert_eq!(
        spent(vec![delete("a", Condition::Any)]).await,
        (1, 0.0, 1.0)
    );
    assert_eq!(spent(Vec::new()).await, (0, 0.0, 0.0));
    let large = "x".repeat(2_500);
    assert_eq!(
        spent(vec![put("c", &large, Condition::Any)]).await,
        (1, 0.0, 3.0)
    );
    assert_eq!(
        spent(vec![delete("c", Condition::Any)]).await,
        (1, 0.0, 3.0)
    );
}
