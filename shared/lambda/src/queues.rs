//! The queues of tests and alerts on SQS.

use futures_util::{StreamExt, TryStreamExt, stream};
use greenroom_aws::connect::Connection;
use greenroom_aws::queue::{EffectQueue, QueueError};

use crate::each::AT_ONCE;
use crate::queue::{NotQueued, Queue, Queues};

/// Both queues.
#[derive(Clone, Debug)]
pub struct SqsQueues {
    tests: EffectQueue,
    alerts: EffectQueue,
}

impl SqsQueues {
    /// The queues with these URLs.
    pub fn new(connection: &Connection, tests: String, alerts: String) -> Self {
        Self {
            tests: EffectQueue::new(connection, tests),
            alerts: EffectQueue::new(connection, alerts),
        }
    }

    fn queue(&self, of: Queue) -> &EffectQueue {
        match of {
            Queue::Tests => &self.tests,
            Queue::Alerts => &self.alerts,
        }
    }
}

impl Queues for SqsQueues {
    async fn waiting(&self, of: Queue) -> Result<usize, NotQueued> {
        self.queue(of).waiting().await.map_err(refused)
    }

    async fn send(&self, to: Queue, effects: &[String]) -> Result<(), NotQueued> {
        let queue = self.queue(to);
        stream::iter(effects)
            .map(|effect| queue.send(effect))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
            .map_err(refused)
    }
}

fn refused(error: QueueError) -> NotQueued {
    NotQueued {
        why: error.to_string(),
    }
}
