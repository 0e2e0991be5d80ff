//! The job that CodePipeline hands to an Invoke action. It carries live credentials of the
//! artifact bucket, which are neither read nor logged.

use std::borrow::Cow;

use greenroom_app::ports::pipelines::AdmissionRequest;
use greenroom_core::name::{ExecutionId, Nonce, Revision};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Event<'a> {
    #[serde(rename = "CodePipeline.job", borrow)]
    job: Raw<'a>,
}

#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(default)]
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data {
    action_configuration: Action,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Action {
    configuration: Configuration,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Configuration {
    #[serde(rename = "UserParameters")]
    parameters: Option<String>,
}

/// What a rendered pipeline passes on.
#[derive(Debug, Deserialize)]
struct Parameters {
    run: String,
    nonce: String,
    pipeline: String,
    execution: String,
    revision: String,
}

/// A job, and what its execution says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    pub id: String,
    /// Or why that cannot be told.
    pub asks: Result<AdmissionRequest, String>,
}

impl Job {
    /// The job of `event`; `None` if there is none, so that nobody waits for an answer.
    pub fn parse(event: &str) -> Option<Self> {
        let event: Event<'_> = serde_json::from_str(event).ok()?;
        let Raw { id, data } = event.job;
        let parameters = data.action_configuration.configuration.parameters;
        Some(Self {
            id: id.into_owned(),
            asks: asks(parameters.as_deref()),
        })
    }
}

fn asks(parameters: Option<&str>) -> Result<AdmissionRequest, String> {
    let text = parameters.ok_or("the action has no UserParameters")?;
    // The text itself is not repeated: it holds the nonce.
    let said: Parameters = serde_json::from_str(text)
        .map_err(|error| format!("the action's UserParameters cannot be read: {error}"))?;
    let of_run = || {
        let (app, rest) = said.run.split_once('/')?;
        let (stage, generation) = rest.rsplit_once('/')?;
        Some((app, stage, generation.parse().ok()?))
    };
    let (app, stage, generation) =
        of_run().ok_or("the pipeline was not started by Greenroom: GREENROOM_RUN names no run")?;
    Ok(AdmissionRequest {
        app: app.to_owned(),
        stage: stage.to_owned(),
        generation,
        nonce: Nonce::new(said.nonce),
        execution: ExecutionId::new(format!("{}/{}", said.pipeline, said.execution)),
        revision: Revision::new(said.revision),
    })
}
