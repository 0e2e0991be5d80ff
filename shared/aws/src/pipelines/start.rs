//! Starting: a pipeline's name, the commit, and everything else in variables.

use aws_sdk_codepipeline::operation::start_pipeline_execution::StartPipelineExecutionError as Error;
use aws_sdk_codepipeline::types::{PipelineVariable, SourceRevisionOverride, SourceRevisionType};
use greenroom_app::ports::pipelines::{PipelineError, Purpose, StartRequest};
use greenroom_core::definition::{NOTHING, start_variables};
use greenroom_core::name::ExecutionId;
use sha2::{Digest as _, Sha256};

use super::CodePipelines;
use super::execution;
use super::failure::{by_code, once, told};

/// The action whose commit a start names.
const SOURCE: &str = "Source";

impl CodePipelines {
    pub(super) async fn start_execution(
        &self,
        request: &StartRequest,
    ) -> Result<ExecutionId, PipelineError> {
        let pipeline = &request.definition.name;
        if pipeline.is_empty() {
            let why =
                "the start names no pipeline: an older version wrote it down. Retry the stage"
                    .to_owned();
            return Err(PipelineError::Refused { why });
        }
        let variables = variables(request)
            .into_iter()
            .map(|(name, value)| PipelineVariable::builder().name(name).value(value).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| incomplete(&error))?;
        let revision = SourceRevisionOverride::builder()
            .action_name(SOURCE)
            .revision_type(SourceRevisionType::CommitId)
            .revision_value(request.revision.as_str())
            .build()
            .map_err(|error| incomplete(&error))?;
        let started = self
            .pipelines
            .start_pipeline_execution()
            .name(pipeline)
            .client_request_token(token(&request.token))
            .set_variables(Some(variables))
            .source_revisions(revision)
            .customize()
            .config_override(once())
            .send()
            .await;
        let started = started.map_err(|error| match error.as_service_error() {
            Some(Error::PipelineNotFoundException(_)) => PipelineError::Refused {
                why: format!(
                    "AWS has no pipeline {pipeline}; run `greenroom apply`, then retry the stage"
                ),
            },
            Some(Error::ConcurrentPipelineExecutionsLimitExceededException(_)) => {
                PipelineError::Unavailable {
                    why: format!(
                        "{pipeline} has as many executions under way as AWS allows: {}",
                        told(&error)
                    ),
                }
            }
            _ => by_code(&error),
        })?;
        match started.pipeline_execution_id {
            Some(id) => Ok(execution::name(pipeline, &id)),
            // The same token asks again.
            None => Err(PipelineError::Unavailable {
                why: "AWS's answer has no execution id".to_owned(),
            }),
        }
    }
}

fn incomplete(error: &aws_sdk_codepipeline::error::BuildError) -> PipelineError {
    PipelineError::Refused {
        why: error.to_string(),
    }
}

/// As long as AWS allows, of its alphabet, and the same for the same token.
fn token(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// The variables that the rendered pipelines declare. None is empty: CodePipeline refuses that.
fn variables(request: &StartRequest) -> Vec<(&'static str, String)> {
    let revision = ("GREENROOM_REVISION", request.revision.to_string());
    match &request.purpose {
        Purpose::Build => vec![revision, ("GREENROOM_TOKEN", request.token.clone())],
        Purpose::Deploy {
            stage,
            run,
            nonce,
            artifact,
            ..
        } => {
            let digest = artifact.as_ref().map_or(NOTHING, |digest| digest.as_str());
            let mut all = vec![
                revision,
                ("GREENROOM_RUN", run.clone()),
                ("GREENROOM_NONCE", nonce.to_string()),
                ("GREENROOM_DIGEST", digest.to_owned()),
                ("GREENROOM_STAGE", stage.clone()),
            ];
            let others = start_variables(&request.values).into_iter();
            all.extend(others.filter(|(name, _)| *name != "GREENROOM_STAGE"));
            all
        }
    }
}
