//! What somebody did in the console: executions that Greenroom did not start, and stages of its
//! own executions that were run again past the fence.
//!
//! The port has no word for this yet. An execution nobody claimed is harmless, the fence refuses
//! it; but a stage that was run again never asks the fence.

use aws_sdk_codepipeline::types::TriggerType;
use greenroom_app::ports::pipelines::PipelineError;
use greenroom_core::name::ExecutionId;
use jiff::Timestamp;

use super::CodePipelines;
use super::execution;
use super::failure::by_code;
use super::seen::{Action, ActionStatus, Kind, RUN, time};

/// Executions that one look at a pipeline tells of.
const RECENT_MAX: i32 = 20;

/// What people did with an execution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Foreign {
    /// A stage of it was run again, `times` times, without asking the fence again.
    RunAgain { stage: String, times: usize },
    /// Steps of a deployment ran although the fence had not said yes.
    Unfenced { stage: String },
    /// Something other than a start through the API began it, a rollback for example.
    OtherTrigger { trigger: String },
}

/// An execution of a pipeline, to be compared with those that are on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recent {
    pub execution: ExecutionId,
    /// `StartPipelineExecution` for ours, and for those started by hand.
    pub trigger: String,
    /// Who: an ARN.
    pub by: String,
    pub began: Timestamp,
}

impl CodePipelines {
    /// What people did with this execution, if anything. Two calls.
    ///
    /// # Errors
    /// CodePipeline could not be asked.
    pub async fn foreign(&self, execution: &ExecutionId) -> Result<Vec<Foreign>, PipelineError> {
        let Some((pipeline, id)) = execution::parts(execution) else {
            return Ok(Vec::new());
        };
        let Some(told) = self.told(pipeline, id).await? else {
            return Ok(Vec::new());
        };
        let actions = self.actions(pipeline, id).await?;
        let mut all = Vec::new();
        let trigger = told.trigger.and_then(|trigger| trigger.trigger_type);
        if let Some(trigger) =
            trigger.filter(|trigger| *trigger != TriggerType::StartPipelineExecution)
        {
            all.push(Foreign::OtherTrigger {
                trigger: trigger.as_str().to_owned(),
            });
        }
        let mut variables = told.variables.iter().flatten();
        let deploys = variables.any(|one| one.name.as_deref() == Some(RUN));
        all.extend(by_hand(&actions, deploys));
        Ok(all)
    }

    /// The newest executions of a pipeline. One call.
    ///
    /// # Errors
    /// CodePipeline could not be asked, or has no such pipeline.
    pub async fn recent(&self, pipeline: &str) -> Result<Vec<Recent>, PipelineError> {
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
            let trigger = one.trigger.as_ref();
            let kind = trigger.and_then(|trigger| trigger.trigger_type.as_ref());
            Some(Recent {
                execution: execution::name(pipeline, one.pipeline_execution_id.as_deref()?),
                trigger: kind.map_or_else(String::new, |kind| kind.as_str().to_owned()),
                by: trigger
                    .and_then(|trigger| trigger.trigger_detail.clone())
                    .unwrap_or_default(),
                began: time(one.start_time.as_ref()?)?,
            })
        });
        Ok(recent.collect())
    }
}

fn by_hand(actions: &[Action], deploys: bool) -> Vec<Foreign> {
    let mut all = Vec::new();
    let mut stages: Vec<&str> = actions.iter().map(|action| action.stage.as_str()).collect();
    stages.sort_unstable();
    stages.dedup();
    for stage in stages {
        let here = || actions.iter().filter(move |action| action.stage == stage);
        let count = |name: &str| here().filter(|action| action.name == name).count();
        let times = here()
            .map(|action| count(&action.name))
            .max()
            .unwrap_or_default();
        if times > 1 {
            all.push(Foreign::RunAgain {
                stage: stage.to_owned(),
                times: times - 1,
            });
        }
    }
    let admitted = actions
        .iter()
        .filter(|action| action.kind == Kind::Fence && action.status == ActionStatus::Succeeded)
        .map(|action| action.at)
        .min();
    let mut builds = actions.iter().filter(|action| action.kind == Kind::Build);
    let unfenced = builds.find(|build| deploys && admitted.is_none_or(|at| build.began < at));
    if let Some(build) = unfenced {
        all.push(Foreign::Unfenced {
            stage: build.stage.clone(),
        });
    }
    all
}
