//! One commit on its way, and what DynamoDB answers.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use greenroom_app::ports::store::{Condition, StoreError, Write};
use greenroom_app::records::kept_until;

use super::item::{self, MARK, PARTITION, TTL, VALUE, VERSION};
use super::resolve::Mark;
use super::transaction::Transaction;
use super::{DynamoStore, refused};
use crate::failure::Failure;

/// What one try came to.
pub(super) enum Answer {
    Done,
    /// A no that another try does not change.
    Refused(StoreError),
    /// Another commit holds an item; a moment later it does not.
    Busy,
    Throttled,
    NotSent(Failure),
    Unknown(Failure),
}

/// A commit that is sent again unchanged.
pub(super) enum Request {
    One(Box<One>),
    Transaction(Transaction),
}

/// A put or delete that is alone.
pub(super) struct One {
    pub write: Write,
    pub mark: Mark,
}

impl Request {
    pub fn one(write: Write) -> Result<Self, StoreError> {
        let mark = random()?;
        Ok(Self::One(Box::new(One { write, mark })))
    }

    pub fn together(table: &str, writes: Vec<Write>) -> Result<Self, StoreError> {
        Ok(Self::Transaction(Transaction::new(table, writes)?))
    }

    /// True when it has one effect however often it is sent.
    pub fn has_token(&self) -> bool {
        matches!(self, Self::Transaction(_))
    }

    pub async fn send(&self, store: &DynamoStore) -> Answer {
        match self {
            Self::One(one) => one.send(store).await,
            Self::Transaction(transaction) => match transaction.send(store).await {
                Ok(()) => Answer::Done,
                Err(error) => cancelled(transaction, error),
            },
        }
    }
}

impl One {
    async fn send(&self, store: &DynamoStore) -> Answer {
        match &self.write {
            Write::Put {
                value, condition, ..
            } => match written(*condition) {
                Some(version) => self.put(store, value, version, *condition).await,
                None => self.update(store, value).await,
            },
            Write::Delete { key, condition } => {
                let guard = Guard::of(*condition);
                let asked = store
                    .writes
                    .delete_item()
                    .table_name(&store.table)
                    .set_key(Some(item::key(key)))
                    .set_condition_expression(guard.expression)
                    .set_expression_attribute_values(guard.values);
                self.answer(asked.send().await)
            }
            Write::Check { .. } => Answer::Refused(StoreError::Invalid {
                why: "a check alone is a read".to_owned(),
            }),
        }
    }

    /// The version after this one is known, so the whole item is.
    async fn put(
        &self,
        store: &DynamoStore,
        value: &[u8],
        version: u64,
        condition: Condition,
    ) -> Answer {
        let guard = Guard::of(condition);
        let mut whole = whole(&self.write, value, version);
        whole.insert(MARK.to_owned(), item::bytes(self.mark.to_vec()));
        let asked = store
            .writes
            .put_item()
            .table_name(&store.table)
            .set_item(Some(whole))
            .set_condition_expression(guard.expression)
            .set_expression_attribute_values(guard.values);
        self.answer(asked.send().await)
    }

    async fn update(&self, store: &DynamoStore, value: &[u8]) -> Answer {
        let asked = store
            .writes
            .update_item()
            .table_name(&store.table)
            .set_key(Some(item::key(self.write.key())))
            .update_expression(format!("{ONE_MORE}, {MARK} = :mark"))
            .set_expression_attribute_values(Some(one_more(value)))
            .expression_attribute_values(":mark", item::bytes(self.mark.to_vec()));
        self.answer(asked.send().await)
    }

    fn answer<T, E>(&self, answer: Result<T, SdkError<E, HttpResponse>>) -> Answer
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        match answer {
            Ok(_) => Answer::Done,
            Err(error) => match Failure::of(error) {
                Failure::Refused { code, .. } if code == "ConditionalCheckFailedException" => {
                    Answer::Refused(StoreError::Conflict {
                        key: self.write.key().clone(),
                    })
                }
                failure => other(failure),
            },
        }
    }
}

/// Why a transaction was not carried out. The reasons are in the order of its writes; a condition
/// that failed goes before all else, because it stays so.
fn cancelled(
    transaction: &Transaction,
    error: SdkError<TransactWriteItemsError, HttpResponse>,
) -> Answer {
    let reasons: Vec<(String, String)> = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled
            .cancellation_reasons()
            .iter()
            .map(|reason| {
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                (text(reason.code()), text(reason.message()))
            })
            .collect(),
        _ => return other(Failure::of(error)),
    };
    let first = |codes: &[&str]| {
        reasons
            .iter()
            .position(|(code, _)| codes.contains(&code.as_str()))
    };
    if let Some(n) = first(&["ConditionalCheckFailed"]) {
        return Answer::Refused(match transaction.keys().get(n) {
            Some(key) => StoreError::Conflict { key: key.clone() },
            None => StoreError::Corrupt {
                what: "DynamoDB's answer to a transaction".to_owned(),
                why: format!("it has a reason for write {n}, which there is not"),
            },
        });
    }
    if let Some(n) = first(&["ValidationError", "ItemCollectionSizeLimitExceeded"]) {
        let why = reasons[n].1.clone();
        return Answer::Refused(StoreError::Invalid { why });
    }
    if first(&["ThrottlingError", "ProvisionedThroughputExceeded"]).is_some() {
        return Answer::Throttled;
    }
    if first(&["TransactionConflict", "DuplicateItem"]).is_some() {
        return Answer::Busy;
    }
    other(Failure::of(error))
}

fn other(failure: Failure) -> Answer {
    match failure {
        Failure::NotSent { .. } => Answer::NotSent(failure),
        Failure::Throttled { .. } => Answer::Throttled,
        Failure::Unknown { .. } => Answer::Unknown(failure),
        Failure::Refused { code, why } => match code.as_str() {
            "TransactionConflictException"
            | "TransactionInProgressException"
            | "ReplicatedWriteConflictException" => Answer::Busy,
            code => Answer::Refused(refused(code, why)),
        },
    }
}

/// The version a put writes when its condition holds; `None` when only DynamoDB knows.
pub(super) fn written(condition: Condition) -> Option<u64> {
    match condition {
        Condition::Any => None,
        Condition::Absent => Some(1),
        Condition::Version(before) => Some(before.saturating_add(1)),
    }
}

/// All of an item but its mark.
pub(super) fn whole(write: &Write, value: &[u8], version: u64) -> item::Attributes {
    let mut whole = item::key(write.key());
    whole.insert(VERSION.to_owned(), item::number(version));
    whole.insert(VALUE.to_owned(), item::value(value));
    let until = kept_until(write.key(), value);
    if let Some(until) = until.and_then(|until| u64::try_from(until.as_second()).ok()) {
        whole.insert(TTL.to_owned(), item::number(until));
    }
    whole
}

/// Sets the value and counts the version up, whatever it was.
pub(super) const ONE_MORE: &str = "SET v = if_not_exists(v, :none) + :one, d = :value";

/// What [`ONE_MORE`] names.
pub(super) fn one_more(value: &[u8]) -> item::Attributes {
    item::Attributes::from([
        (":none".to_owned(), item::number(0)),
        (":one".to_owned(), item::number(1)),
        (":value".to_owned(), item::value(value)),
    ])
}

/// A condition in DynamoDB's words.
pub(super) struct Guard {
    pub expression: Option<String>,
    pub values: Option<item::Attributes>,
}

impl Guard {
    pub fn of(condition: Condition) -> Self {
        match condition {
            Condition::Any => Self {
                expression: None,
                values: None,
            },
            Condition::Absent => Self {
                expression: Some(format!("attribute_not_exists({PARTITION})")),
                values: None,
            },
            Condition::Version(version) => Self {
                expression: Some(format!("{VERSION} = :before")),
                values: Some([(":before".to_owned(), item::number(version))].into()),
            },
        }
    }
}

/// Random bytes; a machine without any cannot sign requests either.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Unavailable {
        why: format!("the machine has no randomness: {error}"),
        ambiguous: false,
        source: None,
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use greenroom_app::ports::store::Key;
    use greenroom_app::records::{Delivery, DeliveryStatus};
    use greenroom_core::name::{DeliveryId, RefName, RepoName, RepositoryId};
    use greenroom_github::SourceEvent;
    use greenroom_github::event::{Push, What};
    use jiff::Timestamp;

    use super::*;

    fn delivery(status: DeliveryStatus) -> Vec<u8> {
        let delivery = Delivery {
            id: DeliveryId::new("1"),
            received_at: Timestamp::UNIX_EPOCH,
            event: SourceEvent {
                repository: RepositoryId(1),
                repository_name: RepoName::new("acme/orders"),
                default_branch: RefName::new("refs/heads/main"),
                what: What::Push(Push {
                    reference: RefName::new("refs/heads/main"),
                    before: None,
                    after: None,
                    forced: false,
                    created: false,
                }),
                actor: None,
                subject: None,
                sender_is_bot: false,
            },
            polled: false,
            status,
            due: None,
            tries: 0,
        };
        serde_json::to_vec(&delivery).expect("it can be written")
    }

    #[test]
    fn an_item_ends_by_itself_only_where_it_is_over() {
        let ends = |partition: &str, value: &[u8]| {
            let write = Write::Put {
                key: Key::new(partition, "state"),
                value: value.to_vec(),
                condition: Condition::Absent,
            };
            whole(&write, value, 1).remove(TTL)
        };
        let over = delivery(DeliveryStatus::Ignored {
            why: "a ping".to_owned(),
        });
        let ninety_days = AttributeValue::N((90 * 24 * 3600).to_string());
        assert_eq!(ends("delivery#1", &over), Some(ninety_days));
        assert_eq!(ends("app#7", &over), None);
        assert_eq!(ends("delivery#1", b"{}"), None);
        let undecided = delivery(DeliveryStatus::Received);
        assert_eq!(ends("delivery#1", &undecided), None);
    }
}
