//! The job that CodePipeline hands to an Invoke action. It carries live credentials of the
//! artifact bucket, which are neither read nor logged.

use std::borrow::Cow;

use greenroom_app::ports::pipelines::AdmissionRequest;
use greenroom_aws::pipelines::admission::AdmissionParameters;
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
        let text = data.action_configuration.configuration.parameters;
        let parameters = AdmissionParameters::parse(text.as_deref().unwrap_or_default());
        Some(Self {
            id: id.into_owned(),
            asks: parameters
                .map(|parameters| parameters.request)
                .map_err(|error| error.to_string()),
        })
    }
}
