//! Pipelines on CodePipeline: started by name with everything they need in variables, read by
//! asking, never by believing an event.
//!
//! An execution of ours is `<pipeline>/<execution id>`. What a build says of itself comes by the
//! variables its buildspec exports: `GREENROOM_STEP`, the step that ran last, and
//! `GREENROOM_FAILURE`, empty or why it ended.

pub mod admission;
mod build;
mod execution;
mod failure;
mod foreign;
mod inspect;
mod observe;
mod reports;
mod seen;
mod start;
mod stop;
mod verdict;

use greenroom_app::ports::pipelines::{
    Observation, PipelineError, Pipelines, Provenance, Recent, StartRequest,
};
use greenroom_app::ports::source::Access;
use greenroom_core::name::ExecutionId;

use crate::bucket::Bucket;
use crate::connect::Connection;

/// Starts, watches and stops executions of CodePipeline, and the builds in them.
#[derive(Clone, Debug)]
pub struct CodePipelines {
    pipelines: aws_sdk_codepipeline::Client,
    builds: aws_sdk_codebuild::Client,
    artifacts: Bucket,
}

impl CodePipelines {
    /// All that is needed; nothing is called yet. `artifacts` is the bucket that builds leave their
    /// reports in.
    pub fn new(connection: &Connection, artifacts: impl Into<String>) -> Self {
        Self {
            pipelines: connection.codepipeline(),
            builds: connection.codebuild(),
            artifacts: connection.bucket(artifacts),
        }
    }
}

impl Pipelines for CodePipelines {
    async fn start(&self, request: &StartRequest) -> Result<ExecutionId, PipelineError> {
        self.start_execution(request).await
    }

    async fn observe(&self, execution: &ExecutionId) -> Result<Observation, PipelineError> {
        self.observe_execution(execution).await
    }

    async fn stop(&self, execution: &ExecutionId, reason: &str) -> Result<(), PipelineError> {
        self.stop_execution(execution, reason).await
    }

    async fn provenance(
        &self,
        execution: &ExecutionId,
    ) -> Result<Option<Provenance>, PipelineError> {
        self.provenance_of(execution).await
    }

    async fn inspect(&self, pipeline: &str) -> Result<Option<Access>, PipelineError> {
        self.inspected(pipeline).await.map(Some)
    }

    async fn recent(&self, pipeline: &str) -> Result<Vec<Recent>, PipelineError> {
        self.recent_of(pipeline).await
    }
}
