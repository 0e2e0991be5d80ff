//! `GetPipelineState`: for each stage, what was in it last.

use greenroom_executions::{Place, Status};
use serde_json::{Value, json};

use super::error::AwsError;
use super::service::Service;
use super::state::{Pipeline, seconds};

pub(super) fn get(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let name = input["name"].as_str().unwrap_or_default();
    service.read(|state| {
        let pipeline = state
            .pipelines
            .get(name)
            .ok_or_else(|| AwsError::no_pipeline(name))?;
        let stages: Vec<Value> = (0..pipeline.declaration.stages.len())
            .map(|number| stage(pipeline, number))
            .collect();
        Ok(json!({
            "pipelineName": name,
            "pipelineVersion": pipeline.version(),
            "created": seconds(pipeline.created),
            "updated": seconds(pipeline.updated),
            "stageStates": stages,
        }))
    })
}

fn stage(pipeline: &Pipeline, number: usize) -> Value {
    let declared = &pipeline.declaration.stages[number];
    let mut answer =
        json!({"stageName": declared.name, "inboundTransitionState": {"enabled": true}});
    let executions = pipeline.executions.iter().enumerate().rev();
    let mut been_here = executions.filter_map(|(index, execution)| {
        let one = pipeline.machine.get(index);
        let status = match (one.place, one.status) {
            (Place::Inside(at), Status::Stopping) if at == number => "Stopping",
            (Place::Inside(at), _) if at == number => "InProgress",
            (Place::Over(at), Status::Failed) if at == number => "Failed",
            (Place::Over(at), Status::Stopped) if at == number => "Stopped",
            (Place::Over(at), Status::Succeeded) if at >= number => "Succeeded",
            (Place::Before(at) | Place::Inside(at) | Place::Over(at), _) if at > number => {
                "Succeeded"
            }
            _ => return None,
        };
        Some((execution, one.attempt, status))
    });
    let Some((execution, attempt, status)) = been_here.next() else {
        return answer;
    };
    answer["latestExecution"] =
        json!({"pipelineExecutionId": execution.id, "status": status, "type": "STANDARD"});
    if attempt > 1 {
        answer["retryStageMetadata"] = json!({"manualStageRetryAttempt": attempt - 1, "latestRetryTrigger": "ManualStageRetry"});
    }
    let actions = declared.actions.iter().map(|action| {
        let mut of = execution.actions.iter().rev();
        let latest = of.find(|one| one.stage == declared.name && one.action.name == action.name);
        match latest {
            None => json!({"actionName": action.name}),
            Some(latest) => json!({"actionName": action.name, "latestExecution": {
                "actionExecutionId": latest.id,
                "status": latest.status,
                "lastStatusChange": seconds(latest.updated),
                "externalExecutionId": latest.external_id,
            }}),
        }
    });
    answer["actionStates"] = Value::Array(actions.collect());
    answer
}
