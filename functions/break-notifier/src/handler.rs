//! Announcements: one try at telling a channel for each message. Whether it is tried again, and
//! when, the effect's own ladder says.

use greenroom_app::App;
use greenroom_app::ports::Ports;
use greenroom_lambda::batch::Batch;
use greenroom_lambda::dispatch;
use greenroom_lambda::hints::follow;
use greenroom_lambda::queue::{Queue, messages};
use greenroom_lambda::{Failed, Hinting, Until};

/// Tells channels.
#[derive(Debug)]
pub struct Handler<P> {
    app: App<Hinting<P>>,
}

impl<P: Ports> Handler<P> {
    pub fn new(app: App<Hinting<P>>) -> Self {
        Self { app }
    }

    /// Takes a batch of the queue `alerts`.
    ///
    /// # Errors
    /// It is no batch of a queue.
    pub async fn handle(&self, event: &str, until: Until) -> Result<Batch, Failed> {
        self.app.ports.last(until);
        let messages = messages(event)?;
        tracing::info!(messages = messages.len(), "announcements to be made");
        let again = dispatch::messages(&self.app, Queue::Alerts, messages, until).await;
        follow(&self.app, until).await;
        Ok(again)
    }
}
