//! Random operations on a store and on a model of it, which must agree.
//!
//! The model is deliberately stupid: a list searched from end to end. Few keys, so that operations
//! meet; versions near those that exist, so that conditions hold about as often as they fail.

use std::future::Future;

use greenroom_app::ports::store::{Condition, Item, Key, Store, StoreError, Write};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[derive(Clone, Debug)]
enum Operation {
    Commit(Vec<Write>),
    Get(Key),
    Query {
        partition: String,
        prefix: String,
        after: Option<String>,
        limit: usize,
    },
}

/// Runs `cases` random scripts, each on a fresh store from `open` and on a current-thread runtime.
/// Panics with the smallest script that shows a difference.
pub fn a_store_agrees_with_its_model<S, F, O>(cases: u32, open: O)
where
    S: Store,
    O: Fn() -> F,
    F: Future<Output = S>,
{
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => panic!("no runtime: {error}"),
    };
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&vec(operation(), 1..40), |script| {
        runtime.block_on(async { run(&open().await, script).await })
    });
    if let Err(failure) = outcome {
        panic!("the store and its model disagree: {failure}");
    }
}

fn part() -> impl Strategy<Value = String> {
    prop::sample::select(&["a", "ab", "b", "a#", "é", "", "\u{0}"][..]).prop_map(str::to_owned)
}

fn key() -> impl Strategy<Value = Key> {
    (prop::sample::select(&["p", "pp", ""][..]), part()).prop_map(|(p, s)| Key::new(p, s))
}

fn write() -> impl Strategy<Value = Write> {
    let condition = prop_oneof![
        3 => Just(Condition::Any),
        1 => Just(Condition::Absent),
        2 => (0_u64..4).prop_map(Condition::Version),
    ];
    (key(), condition, 0..5, vec(any::<u8>(), 0..20)).prop_map(|(key, condition, kind, value)| {
        match kind {
            0 => Write::Delete { key, condition },
            1 => Write::Check { key, condition },
            _ => Write::Put {
                key,
                value,
                condition,
            },
        }
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let query = (part(), prop::option::of(part()), 0..4_usize);
    prop_oneof![
        5 => vec(write(), 0..4).prop_map(Operation::Commit),
        1 => key().prop_map(Operation::Get),
        2 => query.prop_map(|(prefix, after, limit)| Operation::Query {
            partition: "p".to_owned(),
            prefix,
            after,
            limit,
        }),
    ]
}

async fn run(store: &impl Store, script: Vec<Operation>) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    for operation in script {
        match operation {
            Operation::Commit(writes) => {
                let expected = model.commit(&writes);
                let answer = store.commit(writes).await;
                prop_assert_eq!(outcome(answer), expected);
            }
            Operation::Get(key) => {
                let expected = if bad(&key) {
                    Err("invalid".to_owned())
                } else {
                    Ok(model.get(&key).cloned())
                };
                prop_assert_eq!(outcome(store.get(&key).await), expected);
            }
            Operation::Query {
                partition,
                prefix,
                after,
                limit,
            } => {
                let answer = store
                    .query(&partition, &prefix, after.as_deref(), limit)
                    .await;
                let answer = outcome(answer).map(|page| (page.items, page.more));
                let expected = if limit == 0 {
                    Err("invalid".to_owned())
                } else {
                    Ok(model.query(&partition, &prefix, after.as_deref(), limit))
                };
                prop_assert_eq!(answer, expected);
            }
        }
    }
    Ok(())
}

fn outcome<T>(answer: Result<T, StoreError>) -> Result<T, String> {
    answer.map_err(|error| match error {
        StoreError::Conflict { key } => format!("conflict on {key}"),
        StoreError::Invalid { .. } => "invalid".to_owned(),
        other => format!("{other:?}"),
    })
}

fn bad(key: &Key) -> bool {
    key.partition.is_empty() || key.sort.is_empty()
}

#[derive(Default)]
struct Model {
    items: Vec<Item>,
}

impl Model {
    fn get(&self, key: &Key) -> Option<&Item> {
        self.items.iter().find(|item| item.key == *key)
    }

    fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> (Vec<Item>, bool) {
        let mut items: Vec<Item> = self
            .items
            .iter()
            .filter(|item| item.key.partition == partition && item.key.sort.starts_with(prefix))
            .filter(|item| after.is_none_or(|after| item.key.sort.as_str() > after))
            .cloned()
            .collect();
        items.sort_by(|a, b| a.key.sort.as_bytes().cmp(b.key.sort.as_bytes()));
        let more = items.len() > limit;
        items.truncate(limit);
        (items, more)
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), String> {
        for (n, write) in writes.iter().enumerate() {
            let again = writes[..n].iter().any(|other| other.key() == write.key());
            if again || bad(write.key()) {
                return Err("invalid".to_owned());
            }
        }
        for write in writes {
            let (Write::Put { key, condition, .. }
            | Write::Delete { key, condition }
            | Write::Check { key, condition }) = write;
            let version = self.get(key).map(|item| item.version);
            let holds = match condition {
                Condition::Any => true,
                Condition::Absent => version.is_none(),
                Condition::Version(wanted) => version == Some(*wanted),
            };
            if !holds {
                return Err(format!("conflict on {key}"));
            }
        }
        for write in writes {
            let version = self.get(write.key()).map_or(0, |item| item.version);
            if !matches!(write, Write::Check { .. }) {
                self.items.retain(|item| item.key != *write.key());
            }
            if let Write::Put { key, value, .. } = write {
                self.items.push(Item {
                    key: key.clone(),
                    version: version + 1,
                    value: value.clone(),
                });
            }
        }
        Ok(())
    }
}
