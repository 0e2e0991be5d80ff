//! From the inbox to a stage: each delivery that was put into the table is decided, whatever
//! becomes of its neighbours.

use greenroom_app::App;
use greenroom_app::ports::Ports;
use greenroom_lambda::batch::Batch;
use greenroom_lambda::each::{Ended, each};
use greenroom_lambda::hints::follow;
use greenroom_lambda::stream::deliveries;
use greenroom_lambda::{Failed, Hinting, Until};

/// Decides deliveries.
#[derive(Debug)]
pub struct Handler<P> {
    app: App<Hinting<P>>,
}

impl<P: Ports> Handler<P> {
    pub fn new(app: App<Hinting<P>>) -> Self {
        Self { app }
    }

    /// Takes a batch of the table's stream. What can never be decided the app parks and announces;
    /// only what failed for want of the table comes again.
    ///
    /// # Errors
    /// It is no batch of the stream.
    pub async fn handle(&self, event: &str, until: Until) -> Result<Batch, Failed> {
        let records = deliveries(event)?;
        tracing::info!(deliveries = records.len(), "to be decided");
        let ended = each(records, until, |record| {
            let id = record.of.clone();
            let name = format!("delivery {id}");
            (name, async move { Box::pin(self.app.decide(&id)).await })
        })
        .await;
        follow(&self.app, until).await;
        let again = ended
            .into_iter()
            .filter(|(_, ended)| *ended == Ended::Again);
        Ok(again.map(|(record, _)| record.sequence).collect())
    }
}
