//! Writes that happen together.

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use greenroom_app::ports::store::{Key, StoreError, Write};

use super::request::{Guard, ONE_MORE, one_more, random, whole, written};
use super::{DynamoStore, item};

/// A transaction under a token of its own: within ten minutes it has one effect, however often it
/// is sent.
pub(super) struct Transaction {
    keys: Vec<Key>,
    items: Vec<TransactWriteItem>,
    token: String,
}

impl Transaction {
    pub fn new(table: &str, writes: Vec<Write>) -> Result<Self, StoreError> {
        let token: [u8; 16] = random()?;
        let items: Result<_, BuildError> = writes.iter().map(|write| part(table, write)).collect();
        let items = items.map_err(|error| StoreError::Invalid {
            why: error.to_string(),
        })?;
        Ok(Self {
            keys: writes.iter().map(|write| write.key().clone()).collect(),
            items,
            token: token.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// Of its writes, in their order.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    pub async fn send(
        &self,
        store: &DynamoStore,
    ) -> Result<(), SdkError<TransactWriteItemsError, HttpResponse>> {
        let asked = store
            .writes
            .transact_write_items()
            .set_transact_items(Some(self.items.clone()))
            .client_request_token(&self.token);
        asked.send().await.map(|_| ())
    }
}

fn part(table: &str, write: &Write) -> Result<TransactWriteItem, BuildError> {
    let guard = Guard::of(write.condition());
    let item = TransactWriteItem::builder();
    Ok(match write {
        Write::Put {
            value, condition, ..
        } => match written(*condition) {
            Some(version) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(whole(write, value, version)))
                    .set_condition_expression(guard.expression)
                    .set_expression_attribute_values(guard.values)
                    .build()?,
            ),
            None => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(item::key(write.key())))
                    .update_expression(ONE_MORE)
                    .set_expression_attribute_values(Some(one_more(value)))
                    .build()?,
            ),
        },
        Write::Delete { key, .. } => item.delete(
            Delete::builder()
                .table_name(table)
                .set_key(Some(item::key(key)))
                .set_condition_expression(guard.expression)
                .set_expression_attribute_values(guard.values)
                .build()?,
        ),
        Write::Check { key, .. } => item.condition_check(
            ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(item::key(key)))
                .set_condition_expression(guard.expression)
                .set_expression_attribute_values(guard.values)
                .build()?,
        ),
    }
    .build())
}
