//! The fence's side of a pipeline: what an Admit action asks, and how it is answered.
//!
//! A job's event holds live credentials. Only its id and its parameters are ever taken from it,
//! and neither is written to a log.

use greenroom_app::ports::pipelines::{AdmissionRequest, PipelineError};
use greenroom_core::definition::DefinitionHash;
use greenroom_core::name::{Nonce, Revision};
use serde::Deserialize;

use aws_sdk_codepipeline::operation::put_job_failure_result::PutJobFailureResultError as FailureError;
use aws_sdk_codepipeline::operation::put_job_success_result::PutJobSuccessResultError as SuccessError;
use aws_sdk_codepipeline::types::{FailureDetails, FailureType};

use super::execution;
use super::failure::by_code;
use crate::connect::Connection;

/// Characters CodePipeline takes of a failure's message.
const MESSAGE_MAX: usize = 5_000;

/// What a rendered pipeline passes to the function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdmissionParameters {
    /// With what the pipeline was rendered from.
    pub request: AdmissionRequest,
}

/// Parameters no rendered pipeline passes on: somebody wrote the pipeline by hand.
#[derive(Debug, thiserror::Error)]
#[error("the pipeline's parameters are not Greenroom's: {why}; run `greenroom apply`")]
pub struct ParametersError {
    why: String,
}

#[derive(Deserialize)]
struct Raw {
    run: String,
    nonce: String,
    pipeline: String,
    execution: String,
    revision: String,
    definition: String,
}

impl AdmissionParameters {
    /// Reads an action's `UserParameters`.
    ///
    /// # Errors
    /// They are not what a rendered pipeline passes on. The message holds none of them.
    pub fn parse(text: &str) -> Result<Self, ParametersError> {
        let wrong = |why: &str| ParametersError {
            why: why.to_owned(),
        };
        let raw: Raw = serde_json::from_str(text).map_err(|error| {
            wrong(&format!(
                "{:?} at column {}",
                error.classify(),
                error.column()
            ))
        })?;
        let mut run = raw.run.split('/');
        let (Some(app), Some(stage), Some(generation), None) =
            (run.next(), run.next(), run.next(), run.next())
        else {
            return Err(wrong("`run` is not <app>/<stage>/<generation>"));
        };
        if app.parse::<u64>().is_err() || stage.is_empty() {
            return Err(wrong("`run` names no app or no stage"));
        }
        let generation = generation
            .parse()
            .map_err(|_| wrong("`run` has no generation"))?;
        let execution = execution::name(&raw.pipeline, &raw.execution);
        if execution::parts(&execution) != Some((raw.pipeline.as_str(), raw.execution.as_str())) {
            return Err(wrong("`pipeline` and `execution` name no execution"));
        }
        if raw.nonce.is_empty() || raw.revision.is_empty() {
            return Err(wrong("`nonce` or `revision` is empty"));
        }
        Ok(Self {
            request: AdmissionRequest {
                app: app.to_owned(),
                stage: stage.to_owned(),
                generation,
                nonce: Nonce::new(raw.nonce),
                execution,
                revision: Revision::new(raw.revision),
                definition: Some(DefinitionHash::new(raw.definition)),
            },
        })
    }
}

/// What the fence says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Admitted,
    /// This execution is not the one that was claimed; it ends.
    Refused {
        why: String,
    },
    /// Nobody could decide; it ends, and the run with it, as one of which nobody can tell.
    Undecided {
        why: String,
    },
}

/// Answers jobs. Calls only CodePipeline.
#[derive(Clone, Debug)]
pub struct Jobs {
    client: aws_sdk_codepipeline::Client,
}

impl Jobs {
    /// All that is needed; nothing is called yet.
    pub fn new(connection: &Connection) -> Self {
        Self {
            client: connection.codepipeline(),
        }
    }

    /// Answers a job. That it was answered before is no error: a function may be called twice.
    ///
    /// # Errors
    /// It could not be told; call again.
    pub async fn report(&self, job: &str, answer: &Answer) -> Result<(), PipelineError> {
        match answer {
            Answer::Admitted => self.succeed(job).await,
            Answer::Refused { why } => self.fail(job, FailureType::JobFailed, why).await,
            Answer::Undecided { why } => self.fail(job, FailureType::SystemUnavailable, why).await,
        }
    }

    async fn succeed(&self, job: &str) -> Result<(), PipelineError> {
        let told = self
            .client
            .put_job_success_result()
            .job_id(job)
            .send()
            .await;
        match told {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(
                    SuccessError::JobNotFoundException(_)
                    | SuccessError::InvalidJobStateException(_),
                ) => Ok(()),
                _ => Err(by_code(&error)),
            },
        }
    }

    async fn fail(&self, job: &str, kind: FailureType, why: &str) -> Result<(), PipelineError> {
        let details = FailureDetails::builder()
            .r#type(kind)
            .message(message(why))
            .build();
        let details = details.map_err(|error| PipelineError::Refused {
            why: error.to_string(),
        })?;
        let told = self
            .client
            .put_job_failure_result()
            .job_id(job)
            .failure_details(details)
            .send()
            .await;
        match told {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(
                    FailureError::JobNotFoundException(_)
                    | FailureError::InvalidJobStateException(_),
                ) => Ok(()),
                _ => Err(by_code(&error)),
            },
        }
    }
}

/// What CodePipeline takes: something, and not too much.
fn message(why: &str) -> String {
    match why.trim() {
        "" => "refused".to_owned(),
        why => why.chars().take(MESSAGE_MAX).collect(),
    }
}

#[cfg(test)]
mod tests;
