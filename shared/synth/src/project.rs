//! The CodeBuild projects that run the steps, each with a log of its own that has an end.

use serde_json::{Map, Value, json};

use crate::buildspec::{self, seconds, secret_variable, secrets};
use crate::logical::id;
use crate::{Job, Kind};

/// What fetching, packing and CodeBuild itself may take beside the steps.
const MARGIN_MINUTES: i64 = 10;
/// CodeBuild's own bounds.
const MINUTES: std::ops::RangeInclusive<i64> = 5..=2160;

pub(crate) fn add(job: &Job<'_>, resources: &mut Map<String, Value>) {
    let name = &job.definition.name;
    resources.insert(
        id(job, "Log"),
        json!({
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": format!("/greenroom/{name}"),
                "RetentionInDays": { "Ref": "LogRetention" },
            },
        }),
    );
    resources.insert(
        id(job, "Project"),
        json!({
            "Type": "AWS::CodeBuild::Project",
            "Properties": {
                "Name": name,
                "Description": "Steps of a stage file. Started by Greenroom's pipelines only.",
                "ServiceRole": { "Fn::GetAtt": [id(job, "Role"), "Arn"] },
                "Source": { "Type": "CODEPIPELINE", "BuildSpec": buildspec::text(job) },
                "Artifacts": { "Type": "CODEPIPELINE" },
                "Environment": {
                    "Type": "LINUX_CONTAINER",
                    "Image": { "Ref": "Image" },
                    "ComputeType": { "Ref": "Compute" },
                    "PrivilegedMode": false,
                    "EnvironmentVariables": environment(job),
                },
                "LogsConfig": {
                    "CloudWatchLogs": { "Status": "ENABLED", "GroupName": { "Ref": id(job, "Log") } },
                },
                "TimeoutInMinutes": minutes(job),
            },
        }),
    );
}

fn environment(job: &Job<'_>) -> Vec<Value> {
    let mut all =
        vec![json!({ "Name": "GREENROOM_APP", "Type": "PLAINTEXT", "Value": job.options.app })];
    if !matches!(
        job.kind,
        Kind::Stage {
            artifact: false,
            ..
        }
    ) {
        all.push(json!({
            "Name": "GREENROOM_ARTIFACTS",
            "Type": "PLAINTEXT",
            "Value": { "Ref": "Artifacts" },
        }));
    }
    for (variable, secret) in secrets(job) {
        all.push(json!({
            "Name": secret_variable(variable),
            "Type": "SECRETS_MANAGER",
            "Value": { "Fn::Join": ["", [{ "Ref": "SecretPrefix" }, secret]] },
        }));
    }
    all
}

/// All steps one after another, each to its own limit.
fn minutes(job: &Job<'_>) -> i64 {
    let seconds: i64 = job.steps.iter().map(|step| seconds(step)).sum();
    (seconds / 60 + MARGIN_MINUTES).clamp(*MINUTES.start(), *MINUTES.end())
}
