//! Effects that are performed by a function of their own, by way of SQS.
//!
//! A message is the id of an effect and nothing else: what is to be done is in the outbox, and who
//! takes the message claims it there. So a message that arrives twice does no harm, one that is
//! lost is found by the sweep, and every failure here means the same: try again.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::connect::Connection;
use crate::failure::{Failure, WAIT};

/// Why a message is not in the queue for certain, by what the caller must do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QueueError {
    /// Wait, then do the same again.
    #[error("the queue asks to wait {retry_after:?}")]
    Throttled { retry_after: Duration },
    /// Try later; it may be there already.
    #[error("the queue cannot be reached: {why}")]
    Unavailable { why: String },
    /// A person must look: there is no such queue, or we may not send to it.
    #[error("the queue refuses the message: {why}")]
    Refused { why: String },
}

/// A queue of effect ids.
#[derive(Clone, Debug)]
pub struct EffectQueue {
    client: Client,
    url: String,
}

impl EffectQueue {
    /// The queue with this URL.
    pub fn new(connection: &Connection, url: impl Into<String>) -> Self {
        Self {
            client: connection.sqs(),
            url: url.into(),
        }
    }

    /// Puts the effect with this id, as [`greenroom_app::keys::effect`] takes it, into the queue.
    ///
    /// # Errors
    /// By what the caller must do.
    pub async fn send(&self, effect: &str) -> Result<(), QueueError> {
        let asked = self.client.send_message().queue_url(&self.url);
        let told = Box::pin(asked.message_body(effect).send()).await;
        told.map(drop).map_err(|error| of(Failure::of(error)))
    }

    /// How many messages wait to be taken, about. What somebody took and was killed at stays hidden
    /// for much longer than his claim lasts, and keeps nobody from sending its effect again.
    ///
    /// # Errors
    /// By what the caller must do.
    pub async fn waiting(&self) -> Result<usize, QueueError> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let asked = self.client.get_queue_attributes().queue_url(&self.url);
        let told = Box::pin(asked.attribute_names(name.clone()).send()).await;
        let told = told.map_err(|error| of(Failure::of(error)))?;
        let told = told.attributes.unwrap_or_default();
        let count = told.get(&name).and_then(|count| count.parse().ok());
        Ok(count.unwrap_or_default())
    }
}

fn of(failure: Failure) -> QueueError {
    match failure {
        Failure::Throttled { .. } => QueueError::Throttled { retry_after: WAIT },
        Failure::Refused { code, why } => QueueError::Refused {
            why: format!("{code}: {why}"),
        },
        failure => QueueError::Unavailable {
            why: failure.to_string(),
        },
    }
}
