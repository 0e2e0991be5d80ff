//! Each minute: whatever is due, however it came to be so, whatever no webhook spoke of, and what people
//! did with pipelines.
//!
//! Nothing of the event is used. A tick that comes twice finds less to do; after ticks that never
//! came the next finds all of it. Claims of functions that were killed lapse by themselves: the
//! marker of a claimed effect stands where its claim ends.

use std::time::Duration;

use greenroom_app::App;
use greenroom_app::door::chain;
use greenroom_app::ports::Ports;
use greenroom_lambda::dispatch;
use greenroom_lambda::hints::follow;
use greenroom_lambda::queue::Queues;
use greenroom_lambda::{Failed, Hinting, Until};

/// Of a tick's time, kept for the heads of branches: much that is due must not keep them waiting.
const FOR_HEADS: Duration = Duration::from_secs(15);

/// Finds what is pending.
#[derive(Debug)]
pub struct Handler<P, Q> {
    app: App<Hinting<P>>,
    queues: Q,
}

impl<P: Ports, Q: Queues> Handler<P, Q> {
    pub fn new(app: App<Hinting<P>>, queues: Q) -> Self {
        Self { app, queues }
    }

    /// One tick.
    ///
    /// # Errors
    /// The table cannot be read; the next tick tries again.
    pub async fn handle(&self, until: Until) -> Result<(), Failed> {
        let swept = Box::pin(self.sweep(until.but(FOR_HEADS))).await;
        match until.allows(Box::pin(self.app.poll())).await {
            Some(Ok(found)) => tracing::info!(found, "heads that no webhook spoke of"),
            Some(Err(error)) => {
                tracing::warn!(error = %chain(&error), "the heads could not be polled");
            }
            None => tracing::warn!("there was not enough time to poll the heads"),
        }
        match until.allows(Box::pin(self.app.look_at_pipelines())).await {
            Some(Ok(changed)) => tracing::debug!(changed, "executions that changed"),
            Some(Err(error)) => {
                tracing::warn!(error = %chain(&error), "the pipelines could not be looked at");
            }
            None => tracing::warn!("there was not enough time to look at the pipelines"),
        }
        follow(&self.app, until).await;
        swept
    }

    async fn sweep(&self, until: Until) -> Result<(), Failed> {
        let due = match until.allows(Box::pin(self.app.due())).await {
            Some(Ok(due)) => due,
            Some(Err(error)) => {
                return Err(
                    format!("the sweep could not read the table: {}", chain(&error)).into(),
                );
            }
            None => return Err("the sweep had not enough time to read the table".into()),
        };
        let oldest = due.iter().map(|due| due.since).min();
        let now = self.app.ports.now();
        let late = oldest.map_or(0, |oldest| now.duration_since(oldest).as_secs());
        let found = due.len();
        let done = dispatch::due(&self.app, &self.queues, due, until).await;
        tracing::info!(found, done, late, "swept");
        follow(&self.app, until).await;
        Ok(())
    }
}
