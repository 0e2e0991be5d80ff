//! Declaring pipelines.

use std::sync::Arc;

use greenroom_executions::Machine;
use serde_json::{Value, json};

use super::declaration::Declaration;
use super::error::AwsError;
use super::service::Service;
use super::state::{Pipeline, seconds};

pub(super) fn create(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let declaration = Arc::new(Declaration::of(&input["pipeline"])?);
    let name = declaration.name.clone();
    let now = service.now();
    service.change(|state| {
        if state.pipelines.contains_key(&name) {
            let why = format!("A pipeline with the name '{name}' already exists in account");
            return Err(AwsError::new("PipelineNameInUseException", why));
        }
        let told = versioned(&input["pipeline"], 1);
        let machine = Machine::new(declaration.mode(), service.options.token_memory);
        let pipeline = Pipeline {
            told: vec![told.clone()],
            declaration,
            created: now,
            updated: now,
            machine,
            executions: Vec::new(),
        };
        state.pipelines.insert(name.clone(), pipeline);
        Ok(json!({"pipeline": told}))
    })
}

/// What is under way goes on as it was declared before.
pub(super) fn update(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let declaration = Arc::new(Declaration::of(&input["pipeline"])?);
    let now = service.now();
    service.change(|state| {
        let name = &declaration.name;
        let pipeline = state
            .pipelines
            .get_mut(name)
            .ok_or_else(|| AwsError::no_pipeline(name))?;
        let told = versioned(&input["pipeline"], pipeline.version() + 1);
        pipeline.machine.redeclare(declaration.mode());
        pipeline.told.push(told.clone());
        pipeline.declaration = declaration.clone();
        pipeline.updated = now;
        Ok(json!({"pipeline": told}))
    })
}

fn versioned(pipeline: &Value, version: usize) -> Value {
    let mut told = pipeline.clone();
    told["version"] = json!(version);
    for (name, value) in [("executionMode", "SUPERSEDED"), ("pipelineType", "V1")] {
        if told[name].is_null() {
            told[name] = json!(value);
        }
    }
    told
}

pub(super) fn get(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let name = input["name"].as_str().unwrap_or_default();
    service.read(|state| {
        let pipeline = state
            .pipelines
            .get(name)
            .ok_or_else(|| AwsError::no_pipeline(name))?;
        let told = match input["version"].as_u64() {
            None => pipeline.told.last(),
            Some(version) => usize::try_from(version)
                .ok()
                .and_then(|version| pipeline.told.get(version.checked_sub(1)?)),
        };
        let told = told.ok_or_else(|| {
            let why = format!("There is no such version of the pipeline '{name}'");
            AwsError::new("PipelineVersionNotFoundException", why)
        })?;
        Ok(json!({
            "pipeline": told,
            "metadata": {
                "pipelineArn": service.arn("codepipeline", name),
                "created": seconds(pipeline.created),
                "updated": seconds(pipeline.updated),
            },
        }))
    })
}

pub(super) fn list(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let all: Vec<Value> = service.read(|state| {
        state
            .pipelines
            .iter()
            .map(|(name, pipeline)| {
                let told = pipeline.told.last().cloned().unwrap_or_default();
                json!({
                    "name": name,
                    "version": pipeline.version(),
                    "pipelineType": told["pipelineType"],
                    "executionMode": told["executionMode"],
                    "created": seconds(pipeline.created),
                    "updated": seconds(pipeline.updated),
                })
            })
            .collect()
    });
    super::listing::page(&all, input, 1000, "pipelines")
}

/// Deleting what is not there is no error.
pub(super) fn delete(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let name = input["name"].as_str().unwrap_or_default();
    service.change(|state| state.pipelines.remove(name));
    Ok(Value::Null)
}
