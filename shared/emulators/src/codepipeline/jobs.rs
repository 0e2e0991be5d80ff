//! What functions say of the jobs they were asked to do.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::{ACCOUNT, AwsError};
use super::service::Service;
use super::state::Answer;

/// Bytes of all output variables of an action.
const OUTPUTS_MAX: usize = 122_880;

fn text(input: &Value, key: &str) -> Option<String> {
    input[key].as_str().map(str::to_owned)
}

/// The first answer counts.
fn settle(service: &Service, input: &Value, answer: Answer) -> Result<Value, AwsError> {
    let id = input["jobId"].as_str().unwrap_or_default();
    service.change(|state| {
        let job = state.jobs.get_mut(id).ok_or_else(|| unknown(id))?;
        if job.answer.is_some() {
            let why = format!("The job {id} is not in progress");
            return Err(AwsError::new("InvalidJobStateException", why));
        }
        job.answer = Some(answer);
        Ok(Value::Null)
    })
}

fn unknown(id: &str) -> AwsError {
    AwsError::new(
        "JobNotFoundException",
        format!("The job with id {id} was not found"),
    )
}

pub(super) fn succeeded(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let outputs: BTreeMap<String, String> = input["outputVariables"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    if let Some(token) = text(input, "continuationToken") {
        if !outputs.is_empty() {
            return Err(AwsError::new(
                "ValidationException",
                "Output variables cannot be given together with a continuation token",
            ));
        }
        return settle(service, input, Answer::Again(token));
    }
    let size: usize = outputs
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > OUTPUTS_MAX {
        let why = format!("The output variables have more than {OUTPUTS_MAX} bytes");
        return Err(AwsError::new("OutputVariablesSizeExceededException", why));
    }
    let details = &input["executionDetails"];
    let answer = Answer::Done {
        outputs,
        summary: text(details, "summary"),
        external_id: text(details, "externalExecutionId"),
    };
    settle(service, input, answer)
}

pub(super) fn failed(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let details = &input["failureDetails"];
    let answer = Answer::Failed {
        kind: text(details, "type").unwrap_or_default(),
        message: text(details, "message").unwrap_or_default(),
        external_id: text(details, "externalExecutionId"),
    };
    settle(service, input, answer)
}

/// Without ARN and execution id: AWS says that only custom jobs get those.
pub(super) fn details(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let id = input["jobId"].as_str().unwrap_or_default();
    service.read(|state| {
        let job = state.jobs.get(id).ok_or_else(|| unknown(id))?;
        let of = &job.action.action_type_id;
        Ok(
            json!({"jobDetails": {"id": id, "accountId": ACCOUNT, "data": {
                "actionTypeId": {"category": of.category, "owner": of.owner,
                    "provider": of.provider, "version": of.version},
                "actionConfiguration": {"configuration": job.configuration},
                "pipelineContext": {
                    "pipelineName": job.pipeline,
                    "stage": {"name": job.stage},
                    "action": {"name": job.action.name, "actionExecutionId": job.action_id},
                },
                "inputArtifacts": [],
                "outputArtifacts": [],
            }}}),
        )
    })
}
