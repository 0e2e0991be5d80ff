//! The outbox: what was decided is done. Tests and announcements are queued, the rest is done here.

use greenroom_app::App;
use greenroom_app::ports::Ports;
use greenroom_lambda::batch::Batch;
use greenroom_lambda::dispatch;
use greenroom_lambda::hints::follow;
use greenroom_lambda::queue::Queues;
use greenroom_lambda::stream::effects;
use greenroom_lambda::{Failed, Hinting, Until};

/// Performs or queues effects.
#[derive(Debug)]
pub struct Handler<P, Q> {
    app: App<Hinting<P>>,
    queues: Q,
}

impl<P: Ports, Q: Queues> Handler<P, Q> {
    pub fn new(app: App<Hinting<P>>, queues: Q) -> Self {
        Self { app, queues }
    }

    /// Takes a batch of the table's stream. An effect that does not succeed keeps its own ladder;
    /// only what failed for want of the table or a queue comes again.
    ///
    /// # Errors
    /// It is no batch of the stream.
    pub async fn handle(&self, event: &str, until: Until) -> Result<Batch, Failed> {
        let records = effects(event)?;
        tracing::info!(effects = records.len(), "to be performed or queued");
        let ids = records.iter().map(|record| record.of.clone()).collect();
        let again = dispatch::effects(&self.app, &self.queues, ids, until).await;
        follow(&self.app, until).await;
        let again = records
            .into_iter()
            .filter(|record| again.contains(&record.of));
        Ok(again.map(|record| record.sequence).collect())
    }
}
