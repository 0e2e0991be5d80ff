//! CodeBuild's API: projects, and builds, which only pipelines start here.

use serde_json::{Value, json};

use super::error::AwsError;
use super::service::Service;
use super::state::{Build, Phase, Project, seconds};

fn names<'a>(input: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    input[key]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// What this stand-in would silently do otherwise than CodeBuild.
fn check(told: &Value) -> Result<(), AwsError> {
    for member in [
        "secondarySources",
        "secondaryArtifacts",
        "buildBatchConfig",
        "fileSystemLocations",
    ] {
        let there = &told[member];
        if !there.is_null() && there.as_array().is_none_or(|all| !all.is_empty()) {
            return Err(AwsError::not_modelled(format!("{member} of a project")));
        }
    }
    Ok(())
}

pub(super) fn create(service: &Service, input: &Value) -> Result<Value, AwsError> {
    check(input)?;
    let name = input["name"].as_str().unwrap_or_default();
    let now = service.now();
    service.change(|state| {
        let arn = service.arn("codebuild", &format!("project/{name}"));
        if state.projects.contains_key(name) {
            let why = format!("Project already exists: {arn}");
            return Err(AwsError::new("ResourceAlreadyExistsException", why));
        }
        let mut told = input.clone();
        told["arn"] = json!(arn);
        let project = Project {
            told,
            created: now,
            updated: now,
        };
        let shown = shown(&project);
        state.projects.insert(name.to_owned(), project);
        Ok(json!({"project": shown}))
    })
}

/// Members that are given replace those that were.
pub(super) fn update(service: &Service, input: &Value) -> Result<Value, AwsError> {
    check(input)?;
    let name = input["name"].as_str().unwrap_or_default();
    service.change(|state| {
        let arn = service.arn("codebuild", &format!("project/{name}"));
        let project = state.projects.get_mut(name).ok_or_else(|| {
            AwsError::new(
                "ResourceNotFoundException",
                format!("Project cannot be found: {arn}"),
            )
        })?;
        for (member, value) in input.as_object().into_iter().flatten() {
            project.told[member] = value.clone();
        }
        project.updated = service.now();
        Ok(json!({"project": shown(project)}))
    })
}

fn shown(project: &Project) -> Value {
    let mut shown = project.told.clone();
    shown["created"] = seconds(project.created);
    shown["lastModified"] = seconds(project.updated);
    shown
}

pub(super) fn get(service: &Service, input: &Value) -> Result<Value, AwsError> {
    Ok(service.read(|state| {
        let (mut found, mut not_found) = (Vec::new(), Vec::new());
        for name in names(input, "names") {
            match state.projects.get(name) {
                Some(project) => found.push(shown(project)),
                None => not_found.push(name),
            }
        }
        json!({"projects": found, "projectsNotFound": not_found})
    }))
}

pub(super) fn builds(service: &Service, input: &Value) -> Result<Value, AwsError> {
    Ok(service.read(|state| {
        let (mut found, mut not_found) = (Vec::new(), Vec::new());
        for id in names(input, "ids") {
            match state.builds.get(id) {
                Some(build) => found.push(shown_build(service, build)),
                None => not_found.push(id),
            }
        }
        json!({"builds": found, "buildsNotFound": not_found})
    }))
}

/// Stopping what has ended is no error.
pub(super) fn stop_build(service: &Service, input: &Value) -> Result<Value, AwsError> {
    let id = input["id"].as_str().unwrap_or_default();
    service.change(|state| {
        let build = state.builds.get_mut(id).ok_or_else(|| {
            AwsError::new(
                "ResourceNotFoundException",
                format!("Build cannot be found: {id}"),
            )
        })?;
        if build.ended.is_none() {
            build.stop = true;
        }
        Ok(json!({"build": shown_build(service, build)}))
    })
}

fn shown_build(service: &Service, build: &Build) -> Value {
    let exported = build.exported.iter();
    let exported: Vec<Value> = exported
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let mut shown = json!({
        "id": build.id,
        "arn": service.arn("codebuild", &format!("build/{}", build.id)),
        "buildNumber": build.number,
        "startTime": seconds(build.started),
        "buildStatus": build.status,
        "buildComplete": build.ended.is_some(),
        "projectName": build.project,
        "initiator": build.initiator,
        "sourceVersion": build.revision,
        "resolvedSourceVersion": build.revision,
        "timeoutInMinutes": build.timeout_minutes,
        "phases": build.phases.iter().map(shown_phase).collect::<Vec<_>>(),
        "exportedEnvironmentVariables": exported,
        "logs": {
            "groupName": format!("/aws/codebuild/{}", build.project),
            "streamName": build.id.split_once(':').map_or("", |(_, id)| id),
        },
    });
    if let Some(last) = build.phases.last() {
        shown["currentPhase"] = json!(last.kind);
    }
    if let Some(ended) = build.ended {
        shown["endTime"] = seconds(ended);
    }
    shown
}

fn shown_phase(phase: &Phase) -> Value {
    let mut shown = json!({"phaseType": phase.kind, "startTime": seconds(phase.started)});
    if let (Some(status), Some(ended)) = (phase.status, phase.ended) {
        let (code, message) = phase.context.clone().unwrap_or_default();
        shown["phaseStatus"] = json!(status);
        shown["endTime"] = seconds(ended);
        shown["durationInSeconds"] = json!(ended.duration_since(phase.started).as_secs());
        shown["contexts"] = json!([{"statusCode": code, "message": message}]);
    }
    shown
}
