//! Looking at an execution: two calls, and a third for the build of one that ended badly.

use aws_sdk_codepipeline::operation::get_pipeline_execution::GetPipelineExecutionError as GetError;
use aws_sdk_codepipeline::operation::list_action_executions::ListActionExecutionsError as ListError;
use aws_sdk_codepipeline::types::{ActionExecutionFilter, PipelineExecution};
use greenroom_app::ports::pipelines::{Observation, PipelineError};
use greenroom_core::name::ExecutionId;
use jiff::Timestamp;

use super::CodePipelines;
use super::execution;
use super::failure::by_code;
use super::foreign::again;
use super::reports;
use super::seen::{Action, Execution, RUN, Status, latest, time};
use super::verdict;

/// Of actions in one answer; CodePipeline's own maximum.
const PAGE: i32 = 100;
/// Pages of one execution's actions that are read. Each retry by hand adds a few actions.
const PAGES_MAX: usize = 10;

impl CodePipelines {
    pub(super) async fn observe_execution(
        &self,
        execution: &ExecutionId,
    ) -> Result<Observation, PipelineError> {
        let Some((pipeline, id)) = execution::parts(execution) else {
            return Ok(Observation::Unknown);
        };
        let Some(told) = self.told(pipeline, id).await? else {
            return Ok(Observation::Unknown);
        };
        // After the status: what it was read with has then been recorded.
        let actions = self.actions(pipeline, id).await?;
        let again = again(&actions).map(|(what, _)| what);
        let actions = latest(actions);
        let variables = told.variables.iter().flatten();
        let execution = Execution {
            status: Status::of(told.status.as_ref()),
            summary: told.status_summary.clone(),
            deploys: variables
                .filter_map(|one| one.name.as_deref())
                .any(|name| name == RUN),
            actions,
            again,
        };
        let build = match verdict::asks_for(&execution) {
            Some(id) => self.build(id).await?,
            None => None,
        };
        let at = match verdict::last_change(&execution) {
            Some(at) => at,
            None if execution.status == Status::UnderWay => Timestamp::now(),
            None => self.changed(pipeline, id).await?,
        };
        let mut verdict = verdict::of(&execution, build.as_ref(), at);
        if let Observation::Succeeded { evidence, .. } = &mut verdict
            && !execution.deploys
        {
            let named = verdict::reports(&execution);
            *evidence = reports::evidence(&self.artifacts, named).await?;
        }
        Ok(verdict)
    }

    /// What CodePipeline says of an execution; `None` when it has none.
    pub(super) async fn told(
        &self,
        pipeline: &str,
        id: &str,
    ) -> Result<Option<PipelineExecution>, PipelineError> {
        let answer = self
            .pipelines
            .get_pipeline_execution()
            .pipeline_name(pipeline)
            .pipeline_execution_id(id)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.pipeline_execution),
            Err(error) => match error.as_service_error() {
                Some(
                    GetError::PipelineNotFoundException(_)
                    | GetError::PipelineExecutionNotFoundException(_),
                ) => Ok(None),
                _ => Err(by_code(&error)),
            },
        }
    }

    /// Everything that ever ran in an execution; nothing when there is no such execution.
    pub(super) async fn actions(
        &self,
        pipeline: &str,
        id: &str,
    ) -> Result<Vec<Action>, PipelineError> {
        let filter = ActionExecutionFilter::builder()
            .pipeline_execution_id(id)
            .build();
        let mut all = Vec::new();
        let mut next = None;
        for _ in 0..PAGES_MAX {
            let answer = self
                .pipelines
                .list_action_executions()
                .pipeline_name(pipeline)
                .filter(filter.clone())
                .max_results(PAGE)
                .set_next_token(next)
                .send()
                .await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => match error.as_service_error() {
                    Some(
                        ListError::PipelineNotFoundException(_)
                        | ListError::PipelineExecutionNotFoundException(_),
                    ) => return Ok(Vec::new()),
                    _ => return Err(by_code(&error)),
                },
            };
            let details = answer.action_execution_details.unwrap_or_default();
            all.extend(details.iter().filter_map(Action::of));
            next = answer.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// When an execution in which nothing ever ran was last changed. Only lists tell that.
    async fn changed(&self, pipeline: &str, id: &str) -> Result<Timestamp, PipelineError> {
        let answer = self
            .pipelines
            .list_pipeline_executions()
            .pipeline_name(pipeline)
            .max_results(PAGE)
            .send()
            .await
            .map_err(|error| by_code(&error))?;
        let all = answer.pipeline_execution_summaries.unwrap_or_default();
        let this = all
            .iter()
            .find(|one| one.pipeline_execution_id.as_deref() == Some(id));
        let at = this.and_then(|this| time(this.last_update_time.as_ref()?));
        Ok(at.unwrap_or_else(Timestamp::now))
    }
}
