//! Lists, newest first, page by page.

use serde_json::{Value, json};

use super::error::AwsError;
use super::executions::{no_execution, trigger};
use super::service::Service;
use super::state::{ActionExecution, Execution, seconds, status_name};

/// One page of `all`; its token says where the next one begins.
pub(super) fn page(
    all: &[Value],
    input: &Value,
    default: usize,
    name: &str,
) -> Result<Value, AwsError> {
    let wanted = input["maxResults"].as_u64();
    let size = wanted
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(default);
    let from = match input["nextToken"].as_str() {
        None => 0,
        Some(token) => token
            .strip_prefix("from-")
            .and_then(|from| from.parse::<usize>().ok())
            .filter(|from| *from <= all.len())
            .ok_or_else(|| {
                AwsError::new(
                    "InvalidNextTokenException",
                    "The next token is not one of ours",
                )
            })?,
    };
    let to = (from + size).min(all.len());
    let mut answer = json!({name: all[from..to]});
    if to < all.len() {
        answer["nextToken"] = json!(format!("from-{to}"));
    }
    Ok(answer)
}

pub(super) fn executions(service: &Service, input: &Value) -> Result<Value, AwsError> {
    if !input["filter"].is_null() {
        return Err(AwsError::not_modelled("filters of ListPipelineExecutions"));
    }
    let name = input["pipelineName"].as_str().unwrap_or_default();
    let all = service.read(|state| {
        let pipeline = state
            .pipelines
            .get(name)
            .ok_or_else(|| AwsError::no_pipeline(name))?;
        let executions = pipeline.executions.iter().enumerate().rev();
        Ok(executions
            .map(|(index, execution)| {
                summary(execution, status_name(pipeline.machine.get(index).status))
            })
            .collect::<Vec<Value>>())
    })?;
    page(&all, input, 100, "pipelineExecutionSummaries")
}

fn summary(execution: &Execution, status: &str) -> Value {
    let sources = execution
        .actions
        .iter()
        .filter(|action| action.outputs.contains_key("CommitId"));
    let revisions: Vec<Value> = sources
        .map(|action| json!({"actionName": action.action.name, "revisionId": action.outputs["CommitId"]}))
        .collect();
    let mut summary = json!({
        "pipelineExecutionId": execution.id,
        "status": status,
        "startTime": seconds(execution.started),
        "lastUpdateTime": seconds(execution.updated),
        "sourceRevisions": revisions,
        "trigger": trigger(execution),
        "executionMode": execution.declaration.execution_mode.as_deref().unwrap_or("SUPERSEDED"),
        "executionType": "STANDARD",
    });
    if let Some(reason) = &execution.stop_reason {
        summary["stopTrigger"] = json!({"reason": reason});
    }
    summary
}

pub(super) fn actions(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let name = input["pipelineName"].as_str().unwrap_or_default();
    let latest = &input["filter"]["latestInPipelineExecution"];
    let by_id = &input["filter"]["pipelineExecutionId"];
    let wanted = by_id
        .as_str()
        .or_else(|| latest["pipelineExecutionId"].as_str());
    let only_latest = latest["startTimeRange"] == "Latest";
    let all = service.read(|state| {
        let pipeline = state
            .pipelines
            .get(name)
            .ok_or_else(|| AwsError::no_pipeline(name))?;
        if let Some(id) = wanted
            && pipeline.find(id).is_none()
        {
            return Err(no_execution(name, id));
        }
        let mut all = Vec::new();
        for execution in pipeline.executions.iter().rev() {
            if wanted.is_some_and(|id| id != execution.id) {
                continue;
            }
            for (number, action) in execution.actions.iter().enumerate().rev() {
                let newer = &execution.actions[number + 1..];
                let again = |other: &ActionExecution| {
                    other.stage == action.stage && other.action.name == action.action.name
                };
                if !(only_latest && newer.iter().any(again)) {
                    all.push(detail(execution, action));
                }
            }
        }
        Ok(all)
    })?;
    page(&all, input, 100, "actionExecutionDetails")
}

fn detail(execution: &Execution, action: &ActionExecution) -> Value {
    let of = &action.action.action_type_id;
    let mut result = json!({});
    if let Some(id) = &action.external_id {
        result["externalExecutionId"] = json!(id);
    }
    if let Some(summary) = &action.summary {
        result["externalExecutionSummary"] = json!(summary);
    }
    if let Some((code, message)) = &action.error {
        result["errorDetails"] = json!({"code": code, "message": message});
    }
    json!({
        "pipelineExecutionId": execution.id,
        "actionExecutionId": action.id,
        "pipelineVersion": execution.version,
        "stageName": action.stage,
        "actionName": action.action.name,
        "startTime": seconds(action.started),
        "lastUpdateTime": seconds(action.updated),
        "status": action.status,
        "input": {
            "actionTypeId": {"category": of.category, "owner": of.owner, "provider": of.provider,
                "version": of.version},
            "configuration": action.action.configuration,
            "resolvedConfiguration": action.resolved,
            "inputArtifacts": [],
            "namespace": action.action.namespace,
        },
        "output": {
            "outputArtifacts": [],
            "executionResult": result,
            "outputVariables": action.outputs,
        },
    })
}
