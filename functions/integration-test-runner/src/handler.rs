//! Integration tests: one attempt at a suite for each message, within the time there is.

use std::sync::Arc;

use greenroom_app::App;
use greenroom_app::ports::Ports;
use greenroom_lambda::batch::Batch;
use greenroom_lambda::dispatch;
use greenroom_lambda::hints::follow;
use greenroom_lambda::queue::{Queue, messages};
use greenroom_lambda::{Failed, Hinting, Until};

use crate::within::Deadline;

/// Runs attempts.
#[derive(Debug)]
pub struct Handler<P> {
    app: App<Hinting<P>>,
    deadline: Arc<Deadline>,
}

impl<P: Ports> Handler<P> {
    /// `deadline` is the one that the suites keep to.
    pub fn new(app: App<Hinting<P>>, deadline: Arc<Deadline>) -> Self {
        Self { app, deadline }
    }

    /// Takes a batch of the queue `tests`. A message whose effect is gone, or not due, is done:
    /// the effect's own ladder says when it is tried again.
    ///
    /// # Errors
    /// It is no batch of a queue.
    pub async fn handle(&self, event: &str, until: Until) -> Result<Batch, Failed> {
        self.deadline.set(until);
        self.app.ports.last(until);
        let messages = messages(event)?;
        tracing::info!(messages = messages.len(), "suites to be run");
        let again = dispatch::messages(&self.app, Queue::Tests, messages, until).await;
        follow(&self.app, until).await;
        Ok(again)
    }
}
