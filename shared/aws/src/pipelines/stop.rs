//! Stopping: the execution first, so that nothing further begins in it, then the build that runs,
//! and only what is no build is abandoned.
//!
//! An execution that is stopping is not over, and says so until its build is dead. To abandon a
//! build would call over what still touches its stage.

use aws_sdk_codebuild::operation::stop_build::StopBuildError;
use aws_sdk_codepipeline::operation::stop_pipeline_execution::StopPipelineExecutionError as StopError;
use greenroom_app::ports::pipelines::PipelineError;
use greenroom_core::bound;
use greenroom_core::name::ExecutionId;

use super::CodePipelines;
use super::execution;
use super::failure::{by_code, unavailable};
use super::seen::{Action, ActionStatus, Kind};

/// Characters CodePipeline takes of a reason.
const REASON_MAX: usize = 200;

/// What a request to stop came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Stopping,
    /// It had ended, or there is none.
    Over,
}

impl CodePipelines {
    pub(super) async fn stop_execution(
        &self,
        execution: &ExecutionId,
        reason: &str,
    ) -> Result<(), PipelineError> {
        let Some((pipeline, id)) = execution::parts(execution) else {
            return Ok(());
        };
        let reason = bound::text(reason, REASON_MAX);
        let asked = self.ask(pipeline, id, &reason, false).await?;
        let actions = self.actions(pipeline, id).await?;
        // Abandoned ones too: somebody may have done that in the console.
        let live = |action: &&Action| {
            matches!(
                action.status,
                ActionStatus::UnderWay | ActionStatus::Abandoned
            )
        };
        let (mut builds, mut others) = (false, false);
        for action in actions.iter().filter(live) {
            match (action.kind, &action.external) {
                (Kind::Build, Some(build)) => {
                    builds = true;
                    self.stop_build(build).await?;
                }
                (Kind::Build, None) if action.status == ActionStatus::UnderWay => {
                    let why = format!(
                        "{} has a build that CodePipeline does not name yet",
                        action.name
                    );
                    return Err(PipelineError::Unavailable { why });
                }
                (_, _) => others |= action.status == ActionStatus::UnderWay,
            }
        }
        if asked == Asked::Stopping && others && !builds {
            // Nothing further begins while it is stopping, so what runs now is all there is.
            self.ask(pipeline, id, &reason, true).await?;
        }
        Ok(())
    }

    async fn ask(
        &self,
        pipeline: &str,
        id: &str,
        reason: &str,
        abandon: bool,
    ) -> Result<Asked, PipelineError> {
        let answer = self
            .pipelines
            .stop_pipeline_execution()
            .pipeline_name(pipeline)
            .pipeline_execution_id(id)
            .abandon(abandon)
            .reason(reason)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Asked::Stopping),
            Err(error) => match error.as_service_error() {
                Some(StopError::DuplicatedStopRequestException(_)) => Ok(Asked::Stopping),
                Some(
                    StopError::PipelineExecutionNotStoppableException(_)
                    | StopError::PipelineNotFoundException(_),
                ) => Ok(Asked::Over),
                _ => Err(by_code(&error)),
            },
        }
    }

    async fn stop_build(&self, id: &str) -> Result<(), PipelineError> {
        match self.builds.stop_build().id(id).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(StopBuildError::ResourceNotFoundException(_)) => Ok(()),
                _ => Err(unavailable(&error)),
            },
        }
    }
}
