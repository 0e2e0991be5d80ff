//! The table in DynamoDB.
//!
//! One table: `pk` and `sk` are the key, `v` the version and `d` the value. A commit of one write
//! is one conditional write; more are a transaction, which costs double. All reads are consistent.
//!
//! Who asks DynamoDB twice must know what the first time did, so the SDK's own repetition is off
//! for writes. A transaction is repeated under its token, with one effect. A single write has no
//! token: it is looked up, and repeated only where what is found proves that it had no effect.

mod item;
mod query;
mod request;
mod resolve;
mod transaction;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use greenroom_app::ports::store::{
    Condition, Item, Key, Page, Store, StoreError, Write, check_commit, check_key, check_query,
};

use crate::connect::Connection;
use crate::failure::{Failure, WAIT};
use request::{Answer, Request};
use resolve::{Seen, Verdict};

/// Tries of one commit in all, when it collides with others or its answer is lost.
const TRIES: u32 = 6;
/// Tries of one commit when there is no connection.
const CONNECTS: u32 = 2;
/// The longest first wait between two tries; it doubles with each.
const PAUSE: Duration = Duration::from_millis(16);

/// The store of an installation on AWS.
#[derive(Clone, Debug)]
pub struct DynamoStore {
    reads: Client,
    writes: Client,
    table: String,
}

impl DynamoStore {
    /// The store in `table`, which must be there.
    pub fn new(connection: &Connection, table: impl Into<String>) -> Self {
        let reads = connection.dynamodb();
        let once = reads
            .config()
            .to_builder()
            .retry_config(RetryConfig::disabled());
        Self {
            writes: Client::from_conf(once.build()),
            reads,
            table: table.into(),
        }
    }

    /// The attributes of `key`'s item that are asked for; all when `only` is `None`.
    async fn read(
        &self,
        key: &Key,
        only: Option<&str>,
    ) -> Result<Option<item::Attributes>, StoreError> {
        let asked = self
            .reads
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item::key(key)))
            .set_projection_expression(only.map(str::to_owned))
            .consistent_read(true);
        match Box::pin(asked.send()).await {
            Ok(answer) => Ok(answer.item),
            Err(error) => Err(read_error(error)),
        }
    }

    async fn seen(&self, key: &Key) -> Result<Option<Seen>, StoreError> {
        let found = self.read(key, Some(item::SEEN)).await?;
        found.map(|found| item::seen(key, &found)).transpose()
    }

    /// A read sees a moment between the call and its answer, and so would a transaction; a read
    /// costs a quarter of one.
    async fn check(&self, key: &Key, condition: Condition) -> Result<(), StoreError> {
        let found = self.seen(key).await?.map(|seen| seen.version);
        if condition.holds(found) {
            Ok(())
        } else {
            Err(StoreError::Conflict { key: key.clone() })
        }
    }

    /// Sends `request` until what became of it is known, or patience ends.
    async fn insist(&self, request: &Request) -> Result<(), StoreError> {
        // Set once a try may have had an effect.
        let mut unsure: Option<Failure> = None;
        let mut last = Answer::Busy;
        let mut connects = 0;
        for n in 0..TRIES {
            if n > 0 {
                tokio::time::sleep(pause(n)).await;
            }
            last = Box::pin(request.send(self)).await;
            match last {
                Answer::Done => return Ok(()),
                Answer::Refused(error) if unsure.is_none() => return Err(error),
                // Had an earlier try succeeded, so would this one have.
                Answer::Refused(error @ StoreError::Conflict { .. }) if request.has_token() => {
                    return Err(error);
                }
                Answer::Refused(StoreError::Conflict { .. }) | Answer::Unknown(_) => {
                    if let Answer::Unknown(failure) = last {
                        unsure = Some(failure);
                        last = Answer::Busy;
                    }
                    match self.verdict(request).await {
                        Verdict::Happened => return Ok(()),
                        Verdict::DidNot(key) => return Err(StoreError::Conflict { key }),
                        Verdict::NotYet => {}
                        Verdict::Open => break,
                    }
                }
                Answer::NotSent(_) => {
                    connects += 1;
                    if connects == CONNECTS {
                        break;
                    }
                }
                Answer::Busy => {}
                Answer::Throttled | Answer::Refused(_) => break,
            }
        }
        Err(match (unsure, last) {
            (Some(failure), _) => unavailable(failure, true),
            (None, Answer::NotSent(failure)) => unavailable(failure, false),
            (None, _) => StoreError::Throttled { retry_after: WAIT },
        })
    }

    /// What can be said of a try whose answer was lost.
    async fn verdict(&self, request: &Request) -> Verdict {
        match request {
            // Sent again it has one effect, and answers as the first time.
            Request::Transaction(_) => Verdict::NotYet,
            Request::One(one) => match self.seen(one.write.key()).await {
                Ok(seen) => resolve::verdict(&one.write, &one.mark, seen.as_ref()),
                Err(_) => Verdict::Open,
            },
        }
    }
}

impl Store for DynamoStore {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        check_key(key)?;
        let found = self.read(key, None).await?;
        found.map(item::whole).transpose()
    }

    async fn query(
        &self,
        partition: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        check_query(partition, limit)?;
        query::page(self, partition, prefix, after, limit).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        check_commit(&writes)?;
        let mut writes: Vec<Write> = writes.into_iter().filter_map(needed).collect();
        match writes.len() {
            0 => Ok(()),
            1 => match writes.remove(0) {
                Write::Check { key, condition } => self.check(&key, condition).await,
                write => self.insist(&Request::one(write)?).await,
            },
            _ => self.insist(&Request::together(&self.table, writes)?).await,
        }
    }
}

/// The write with nothing in it that DynamoDB need not be asked: a check of nothing is left out,
/// and to delete what must not be there is to check that it is not.
fn needed(write: Write) -> Option<Write> {
    match write {
        Write::Check {
            condition: Condition::Any,
            ..
        } => None,
        Write::Delete {
            key,
            condition: Condition::Absent,
        } => Some(Write::Check {
            key,
            condition: Condition::Absent,
        }),
        write => Some(write),
    }
}

fn unavailable(failure: Failure, ambiguous: bool) -> StoreError {
    let why = failure.to_string();
    let source = match failure {
        Failure::NotSent { source, .. } | Failure::Unknown { source, .. } => Some(source),
        Failure::Throttled { .. } | Failure::Refused { .. } => None,
    };
    StoreError::Unavailable {
        why,
        ambiguous,
        source,
    }
}

/// A call with no effect that matters.
fn read_error<E>(error: SdkError<E, HttpResponse>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match Failure::of(error) {
        Failure::Throttled { .. } => StoreError::Throttled { retry_after: WAIT },
        Failure::Refused { code, why } => refused(&code, why),
        failure => unavailable(failure, false),
    }
}

/// A no that more tries do not change. What is missing is a permission or the table itself, and a
/// person may bring it; what is invalid never becomes valid.
fn refused(code: &str, why: String) -> StoreError {
    match code {
        "ValidationException"
        | "SerializationException"
        | "IdempotentParameterMismatchException"
        | "ItemCollectionSizeLimitExceededException" => StoreError::Invalid { why },
        _ => StoreError::Unavailable {
            why: format!("{code}: {why}"),
            ambiguous: false,
            source: None,
        },
    }
}

/// Random, so that those who collided do not meet again; at most [`PAUSE`], doubled with each try.
fn pause(n: u32) -> Duration {
    let mut byte = [0_u8; 1];
    // Without randomness all wait the longest.
    if getrandom::fill(&mut byte).is_err() {
        byte = [u8::MAX];
    }
    PAUSE * 2_u32.pow(n.saturating_sub(1)) * u32::from(byte[0]) / u32::from(u8::MAX)
}
