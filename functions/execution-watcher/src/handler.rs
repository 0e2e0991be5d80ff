//! Something is said to have happened to an execution: it is read, and what it says is a fact.
//!
//! Of the event only the execution's name is used, to know where to look. Events come twice, late,
//! out of order or never; none of that matters to somebody who looks for themselves.

use std::borrow::Cow;

use greenroom_app::App;
use greenroom_app::door::chain;
use greenroom_app::ports::Ports;
use greenroom_app::work::Work;
use greenroom_core::name::ExecutionId;
use greenroom_lambda::hints::follow;
use greenroom_lambda::{Failed, Hinting, Until};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    detail: Detail<'a>,
}

/// Everything else is passed over: numbers come as floats or as text, fields come and go.
#[derive(Debug, Deserialize)]
struct Detail<'a> {
    #[serde(borrow)]
    pipeline: Cow<'a, str>,
    #[serde(rename = "execution-id", borrow)]
    execution: Cow<'a, str>,
}

/// Looks at executions.
#[derive(Debug)]
pub struct Handler<P> {
    app: App<Hinting<P>>,
}

impl<P: Ports> Handler<P> {
    pub fn new(app: App<Hinting<P>>) -> Self {
        Self { app }
    }

    /// Takes one event of CodePipeline. One of an execution that is not ours changes nothing.
    ///
    /// # Errors
    /// The execution, or the table, cannot be read now; the platform brings the event again.
    pub async fn handle(&self, event: &str, until: Until) -> Result<(), Failed> {
        let event: Event<'_> = match serde_json::from_str(event) {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(%error, "an event that names no execution is passed over");
                return Ok(());
            }
        };
        let Detail {
            pipeline,
            execution,
        } = event.detail;
        let id = ExecutionId::new(format!("{pipeline}/{execution}"));
        tracing::info!(execution = %id, "to be looked at");
        let work = Work::Execution(id);
        match until.allows(Box::pin(self.app.perform_work(&work))).await {
            Some(Ok(())) => drop(follow(&self.app, until).await),
            Some(Err(error)) if error.is_retryable() => return Err(chain(&error).into()),
            Some(Err(error)) => tracing::error!(error = %chain(&error), "it cannot be looked at"),
            None => return Err("there was not enough time to look at it".into()),
        }
        Ok(())
    }
}
