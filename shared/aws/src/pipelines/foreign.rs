//! What somebody did in the console: executions that Greenroom did not begin, and steps that ran past
//! the fence.
//!
//! An execution nobody claimed is harmless, the fence refuses it. A stage that is run again never asks
//! the fence, nor does a rollback of the pipeline's own.

use aws_sdk_codepipeline::types::TriggerType;
use greenroom_app::ports::pipelines::{PipelineError, Provenance, Recent};
use greenroom_core::name::{ExecutionId, Nonce};
use jiff::Timestamp;

use super::CodePipelines;
use super::execution;
use super::failure::by_code;
use super::seen::{Action, ActionStatus, Kind, RUN, time};

/// Executions that one look at a pipeline tells of.
const RECENT_MAX: i32 = 20;
const NONCE: &str = "GREENROOM_NONCE";
const TOKEN: &str = "GREENROOM_TOKEN";

impl CodePipelines {
    /// Two calls.
    pub(super) async fn provenance_of(
        &self,
        execution: &ExecutionId,
    ) -> Result<Option<Provenance>, PipelineError> {
        let Some((pipeline, id)) = execution::parts(execution) else {
            return Ok(None);
        };
        let Some(told) = self.told(pipeline, id).await? else {
            return Ok(None);
        };
        let actions = self.actions(pipeline, id).await?;
        let trigger = told.trigger.as_ref();
        let kind = trigger.and_then(|trigger| trigger.trigger_type.as_ref());
        let value = |name: &str| {
            let mut all = told.variables.iter().flatten();
            let found = all.find(|one| one.name.as_deref() == Some(name))?;
            found.resolved_value.clone()
        };
        let run = value(RUN);
        let past_fence = again(&actions).or_else(|| unfenced(&actions, run.is_some()));
        let nonce = Nonce::new(value(NONCE).unwrap_or_default());
        Ok(Some(Provenance {
            run: run.map(|run| (run, nonce)),
            token: value(TOKEN),
            usual: kind.is_none_or(|kind| *kind == TriggerType::StartPipelineExecution),
            by: trigger
                .and_then(|trigger| trigger.trigger_detail.clone())
                .unwrap_or_else(|| "somebody".to_owned()),
            past_fence,
        }))
    }

    /// One call.
    pub(super) async fn recent_of(&self, pipeline: &str) -> Result<Vec<Recent>, PipelineError> {
        let answer = self
            .pipelines
            .list_pipeline_executions()
            .pipeline_name(pipeline)
            .max_results(RECENT_MAX)
            .send()
            .await
            .map_err(|error| by_code(&error))?;
        let all = answer.pipeline_execution_summaries.unwrap_or_default();
        let recent = all.iter().filter_map(|one| {
            Some(Recent {
                execution: execution::name(pipeline, one.pipeline_execution_id.as_deref()?),
                changed: time(one.last_update_time.as_ref()?)?,
            })
        });
        Ok(recent.collect())
    }
}

/// The steps of an execution, or of a part of it: whatever is neither source nor fence.
fn steps(actions: &[Action]) -> impl Iterator<Item = &Action> {
    let all = actions.iter();
    all.filter(|action| !matches!(action.kind, Kind::Source | Kind::Fence))
}

/// Steps that ran more than once, which only a person has done, and when they changed last. The fence
/// is not asked again before them.
pub(super) fn again(actions: &[Action]) -> Option<(String, Timestamp)> {
    let same = |one: &Action, other: &Action| one.stage == other.stage && one.name == other.name;
    let repeated = |one: &&Action| steps(actions).filter(|other| same(one, other)).count() > 1;
    let last = steps(actions).filter(repeated).max_by_key(|one| one.at)?;
    let what = format!("stage {} was run again by hand", last.stage);
    Some((what, last.at))
}

/// Steps of a deployment that ran although the fence had not said yes.
fn unfenced(actions: &[Action], deploys: bool) -> Option<(String, Timestamp)> {
    let fence = actions
        .iter()
        .filter(|action| action.kind == Kind::Fence && action.status == ActionStatus::Succeeded);
    let admitted = fence.map(|action| action.at).min();
    let early = |one: &&Action| admitted.is_none_or(|at| one.began < at);
    let last = steps(actions).filter(early).max_by_key(|one| one.at);
    let last = last.filter(|_| deploys)?;
    let what = format!("stage {} ran without asking the fence", last.stage);
    Some((what, last.at))
}
