//! Starting executions.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_executions::{ACTIVE_MAX, Started};
use serde_json::{Value, json};

use super::declaration::{Declaration, Kind};
use super::error::{ACCOUNT, AwsError};
use super::events::{Event, Kind as Of};
use super::run;
use super::service::Service;
use super::state::Execution;

pub(super) fn start(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let name = input["name"].as_str().unwrap_or_default();
    let now = service.now();
    let id = service.new_id();
    let (id, new) = service.change(|state| {
        let pipeline = state
            .pipelines
            .get_mut(name)
            .ok_or_else(|| AwsError::no_pipeline(name))?;
        let declaration = pipeline.declaration.clone();
        let variables = variables(&declaration, &input["variables"])?;
        let overrides = overrides(&declaration, &input["sourceRevisions"])?;
        // The SDKs always send one; who does not gets a new execution each time.
        let token = input["clientRequestToken"].as_str().unwrap_or(&id);
        let index = match pipeline.machine.start(token, now) {
            Started::New(index) => index,
            Started::Known(index) => return Ok((pipeline.executions[index].id.clone(), None)),
            Started::TooMany => return Err(too_many()),
        };
        let own = [("PipelineExecutionId".to_owned(), id.clone())].into();
        let execution = Execution {
            id: id.clone(),
            version: pipeline.version(),
            values: [
                ("codepipeline".to_owned(), own),
                ("variables".to_owned(), variables.clone()),
            ]
            .into(),
            declaration,
            variables,
            overrides,
            started_by: format!("arn:aws:iam::{ACCOUNT}:root"),
            started: now,
            updated: now,
            stop_reason: None,
            actions: Vec::new(),
            artifacts: BTreeMap::new(),
        };
        service.tell(Event::new(Of::Pipeline, name, &execution, 1, "STARTED"));
        pipeline.executions.push(execution);
        Ok((id.clone(), Some(index)))
    })?;
    if let Some(index) = new {
        run::spawn(service, name, index, BTreeSet::new());
    }
    Ok(json!({"pipelineExecutionId": id}))
}

pub(super) fn too_many() -> AwsError {
    let why = format!("The pipeline has reached the limit of {ACTIVE_MAX} concurrent executions");
    AwsError::new("ConcurrentPipelineExecutionsLimitExceededException", why)
}

/// Every declared variable with the value it has in this execution.
fn variables(
    declaration: &Declaration,
    given: &Value,
) -> Result<BTreeMap<String, String>, AwsError> {
    let refuse = |why: String| Err(AwsError::new("ValidationException", why));
    let mut all: BTreeMap<String, Option<String>> = declaration
        .variables
        .iter()
        .map(|variable| (variable.name.clone(), variable.default_value.clone()))
        .collect();
    for one in given.as_array().into_iter().flatten() {
        let (name, value) = (one["name"].as_str(), one["value"].as_str());
        let (Some(name), Some(value)) = (name, value) else {
            continue;
        };
        match all.get_mut(name) {
            Some(known) => *known = Some(value.to_owned()),
            None => {
                return refuse(format!(
                    "Pipeline variable {name} is not declared in pipeline {}",
                    declaration.name
                ));
            }
        }
    }
    let mut resolved = BTreeMap::new();
    for (name, value) in all {
        match value {
            Some(value) => drop(resolved.insert(name, value)),
            None => {
                return refuse(format!(
                    "Pipeline variable {name} has neither a value nor a default"
                ));
            }
        }
    }
    Ok(resolved)
}

/// Commits by source action.
fn overrides(
    declaration: &Declaration,
    given: &Value,
) -> Result<BTreeMap<String, String>, AwsError> {
    let refuse = |why: String| Err(AwsError::new("ValidationException", why));
    let mut all = BTreeMap::new();
    for one in given.as_array().into_iter().flatten() {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        let action = text("actionName");
        if !declaration.is_v2() {
            return refuse("Source revision overrides need a pipeline of type V2".to_owned());
        }
        let mut actions = declaration.stages.iter().flat_map(|stage| &stage.actions);
        let is_source = actions.any(|one| one.name == action && one.kind() == Ok(Kind::Source));
        if !is_source {
            return refuse(format!(
                "There is no source action {action} in pipeline {}",
                declaration.name
            ));
        }
        if text("revisionType") != "COMMIT_ID" {
            return refuse(format!(
                "Revision type {} does not fit source action {action}",
                text("revisionType")
            ));
        }
        all.insert(action.to_owned(), text("revisionValue").to_owned());
    }
    Ok(all)
}
