//! The two queues between the outbox and what takes long: a message is the id of an effect, and
//! nothing else. Whether the effect is still there, and due, the table knows.

use std::borrow::Cow;

use greenroom_core::effect::Effect;
use serde::Deserialize;

use crate::Failed;

/// Who performs what is not performed where it is found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Queue {
    /// Integration tests: minutes, and one at a time.
    Tests,
    /// Announcements: other people's servers.
    Alerts,
}

/// The queue an effect is performed from; `None` is at once, where it is found.
pub fn queue_of(effect: &Effect) -> Option<Queue> {
    match effect {
        Effect::RunSuite { .. } => Some(Queue::Tests),
        Effect::Announce { .. } => Some(Queue::Alerts),
        Effect::RequestBuild { .. }
        | Effect::StartBuild { .. }
        | Effect::StopBuild { .. }
        | Effect::StartExecution { .. }
        | Effect::StopExecution { .. }
        | Effect::ReadHead { .. }
        | Effect::Ask { .. }
        | Effect::AskAll { .. }
        | Effect::Redeploy { .. }
        | Effect::ReportStatus { .. }
        | Effect::ReadTeardownHead { .. }
        | Effect::StartTeardown { .. }
        | Effect::StartSwitch { .. }
        | Effect::HandOver { .. } => None,
    }
}

/// Nothing, or not everything, was queued; the same again is harmless.
#[derive(Debug, thiserror::Error)]
#[error("the queue does not take it: {why}")]
pub struct NotQueued {
    pub why: String,
}

/// Puts effects into queues.
pub trait Queues {
    /// How many messages wait in the queue, about; not those that somebody has taken.
    fn waiting(&self, of: Queue) -> impl Future<Output = Result<usize, NotQueued>>;

    /// All of `effects`, by their ids.
    fn send(&self, to: Queue, effects: &[String]) -> impl Future<Output = Result<(), NotQueued>>;
}

#[derive(Debug, Deserialize)]
struct Event<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<Raw<'a>>,
}

#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(rename = "messageId", borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    body: Cow<'a, str>,
}

/// A message of a queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// What names the message in the answer.
    pub id: String,
    /// The id of an effect.
    pub effect: String,
}

/// The messages of a queue's event.
///
/// # Errors
/// It is no event of a queue; the whole batch has to come again.
pub fn messages(event: &str) -> Result<Vec<Message>, Failed> {
    let event: Event<'_> = serde_json::from_str(event)?;
    let messages = event.records.into_iter().map(|record| Message {
        id: record.id.into_owned(),
        effect: record.body.into_owned(),
    });
    Ok(messages.collect())
}
