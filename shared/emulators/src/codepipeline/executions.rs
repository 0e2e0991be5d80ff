//! Looking at one execution, stopping it, and having a stage of it run again.

use std::collections::BTreeSet;

use greenroom_executions::{NoRetry, NoStop};
use serde_json::{Value, json};

use super::error::AwsError;
use super::events::{Event, Kind};
use super::run;
use super::service::Service;
use super::state::{Execution, Pipeline, State, status_name};

fn text<'a>(input: &'a Value, key: &str) -> &'a str {
    input[key].as_str().unwrap_or_default()
}

/// The pipeline, and the number of the execution if it has that one.
fn find<'a>(
    state: &'a mut State,
    input: &Value,
) -> Result<(&'a mut Pipeline, Option<usize>), AwsError> {
    let name = text(input, "pipelineName");
    let pipeline = state
        .pipelines
        .get_mut(name)
        .ok_or_else(|| AwsError::no_pipeline(name))?;
    let index = pipeline.find(text(input, "pipelineExecutionId"));
    Ok((pipeline, index))
}

pub(super) fn no_execution(pipeline: &str, id: &str) -> AwsError {
    let why = format!("The execution with id '{id}' could not be found for pipeline '{pipeline}'");
    AwsError::new("PipelineExecutionNotFoundException", why)
}

pub(super) fn get(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let name = text(input, "pipelineName");
    service.read(|state| {
        let pipeline = state.pipelines.get(name).ok_or_else(|| AwsError::no_pipeline(name))?;
        let id = text(input, "pipelineExecutionId");
        let index = pipeline.find(id).ok_or_else(|| no_execution(name, id))?;
        let execution = &pipeline.executions[index];
        let variables: Vec<Value> = execution
            .variables
            .iter()
            .map(|(name, value)| json!({"name": name, "resolvedValue": value}))
            .collect();
        let revisions: Vec<Value> = execution
            .artifacts
            .values()
            .map(|source| json!({"name": source.name, "revisionId": source.revision}))
            .collect();
        Ok(json!({"pipelineExecution": {
            "pipelineName": name,
            "pipelineVersion": execution.version,
            "pipelineExecutionId": execution.id,
            "status": status_name(pipeline.machine.get(index).status),
            "artifactRevisions": revisions,
            "variables": variables,
            "trigger": trigger(execution),
            "executionMode": execution.declaration.execution_mode.as_deref().unwrap_or("SUPERSEDED"),
            "executionType": "STANDARD",
        }}))
    })
}

pub(super) fn trigger(execution: &Execution) -> Value {
    json!({"triggerType": "StartPipelineExecution", "triggerDetail": execution.started_by})
}

pub(super) fn stop(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let abandon = input["abandon"].as_bool().unwrap_or(false);
    service.change(|state| {
        let (pipeline, index) = find(state, input)?;
        let id = text(input, "pipelineExecutionId");
        let not_stoppable = || {
            AwsError::new(
                "PipelineExecutionNotStoppableException",
                format!("Pipeline execution {id} cannot be stopped, it is not in progress"),
            )
        };
        let index = index.ok_or_else(not_stoppable)?;
        pipeline
            .machine
            .stop(index, abandon)
            .map_err(|error| match error {
                NoStop::NotStoppable => not_stoppable(),
                NoStop::Duplicated => AwsError::new(
                    "DuplicatedStopRequestException",
                    format!("Pipeline execution {id} is already in a Stopping state"),
                ),
            })?;
        let attempt = pipeline.machine.get(index).attempt;
        let execution = &mut pipeline.executions[index];
        execution.stop_reason = input["reason"].as_str().map(str::to_owned);
        execution.updated = service.now();
        let name = text(input, "pipelineName");
        service.tell(Event::new(
            Kind::Pipeline,
            name,
            execution,
            attempt,
            "STOPPING",
        ));
        Ok(json!({"pipelineExecutionId": id}))
    })
}

/// The same execution goes on, in the stage it ended in; what is before that stage is not asked.
pub(super) fn retry(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let (index, done) = service.change(|state| {
        let (pipeline, index) = find(state, input)?;
        let stage_name = text(input, "stageName");
        let not_retryable = || {
            let why = format!(
                "Stage {stage_name} of this execution cannot be retried, it has not failed"
            );
            AwsError::new("StageNotRetryableException", why)
        };
        let index = index.ok_or_else(not_retryable)?;
        let declaration = pipeline.executions[index].declaration.clone();
        let mut stages = declaration.stages.iter();
        let stage = stages
            .position(|stage| stage.name == stage_name)
            .ok_or_else(|| {
                AwsError::new(
                    "StageNotFoundException",
                    format!("There is no stage '{stage_name}' in the pipeline"),
                )
            })?;
        if pipeline.declaration.stages.get(stage) != declaration.stages.get(stage) {
            return Err(not_retryable());
        }
        let attempt = pipeline
            .machine
            .retry(index, stage)
            .map_err(|error| match error {
                NoRetry::NotRetryable => not_retryable(),
                NoRetry::NotLatest => AwsError::new(
                    "NotLatestPipelineExecutionException",
                    "A newer execution has been in this stage",
                ),
                NoRetry::TooMany => super::start::too_many(),
            })?;
        let execution = &mut pipeline.executions[index];
        execution.updated = service.now();
        let mut done = BTreeSet::new();
        if text(input, "retryMode") == "FAILED_ACTIONS" {
            for action in execution
                .actions
                .iter()
                .filter(|action| action.stage == stage_name)
            {
                // The last time counts.
                if action.status == "Succeeded" {
                    done.insert(action.action.name.clone());
                } else {
                    done.remove(&action.action.name);
                }
            }
        }
        let name = text(input, "pipelineName");
        for kind in [Kind::Pipeline, Kind::Stage] {
            let mut event = Event::new(kind, name, execution, attempt, "RESUMED");
            if kind == Kind::Stage {
                let at = service.now().to_string();
                event = event.with("stage", json!(stage_name));
                event = event.with("stage-last-retry-attempt-time", json!(at));
            }
            service.tell(event);
        }
        Ok((index, done))
    })?;
    run::spawn(service, text(input, "pipelineName"), index, done);
    Ok(json!({"pipelineExecutionId": text(input, "pipelineExecutionId")}))
}
