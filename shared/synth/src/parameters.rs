//! What differs between accounts: parameters, never numbers in the template.

use greenroom_core::stage_file::Rule;
use serde_json::{Map, Value, json};

use crate::logical::id;
use crate::{Job, Kind, Options};

pub(crate) fn common(options: &Options, has_secrets: bool) -> Map<String, Value> {
    let all = json!({
        "Connection": {
            "Type": "String",
            "Description": "ARN of the connection to GitHub (CodeConnections), authorised once in the console.",
            "AllowedPattern": "arn:[a-z-]+:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[A-Za-z0-9-]+",
        },
        "AdmissionFunction": {
            "Type": "String",
            "Description": "Name of the function pipeline-admission.",
        },
        "Artifacts": {
            "Type": "String",
            "Description": "Name of the versioned bucket for sources and artifacts.",
        },
        "Branch": {
            "Type": "String",
            "Default": options.branch,
            "Description": "A branch the source action can name; every start names its own commit.",
        },
        "SecretPrefix": {
            "Type": "String",
            "Default": options.secret_prefix,
            "AllowedPattern": "[A-Za-z0-9/_+=.@-]*",
            "Description": "What the names of the stages' secrets begin with in Secrets Manager.",
        },
        "Image": {
            "Type": "String",
            "Default": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "Description": "What steps run in; needs sh, coreutils, awk, findutils, GNU tar, gzip and the AWS CLI.",
        },
        "Compute": {
            "Type": "String",
            "Default": "BUILD_GENERAL1_SMALL",
            "Description": "Size of the machine that steps run on.",
        },
        "LogRetention": {
            "Type": "Number",
            "Default": 30,
            "Description": "Days that logs are kept.",
            "AllowedValues": [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827],
        },
    });
    let Value::Object(mut all) = all else {
        return Map::new();
    };
    if !has_secrets {
        all.remove("SecretPrefix");
    }
    all
}

/// A stage's own: what its steps may do, and apart from that what its teardown may do. Greenroom cannot know, and gives them nothing.
pub(crate) fn add(
    job: &Job<'_>,
    parameters: &mut Map<String, Value>,
    conditions: &mut Map<String, Value>,
) {
    let Kind::Stage { rule, .. } = job.kind else {
        return;
    };
    let name = policies(job);
    parameters.insert(
        name.clone(),
        json!({
            "Type": "CommaDelimitedList",
            "Default": "",
            "Description": format!("ARNs of the policies that steps of {} may use, beside reading their artifact and secrets.", stage(rule, job)),
        }),
    );
    conditions.insert(
        format!("Has{name}"),
        json!({ "Fn::Not": [{ "Fn::Equals": [{ "Fn::Join": ["", { "Ref": name }] }, ""] }] }),
    );
}

/// What deploys and what tears down may be given different rights.
fn stage(rule: &Rule, job: &Job<'_>) -> String {
    let what = if job.title.starts_with("teardown-") {
        "the teardown of stage"
    } else if job.title.starts_with("switch-") {
        "the switch of stage"
    } else {
        "stage"
    };
    format!("{what} {}", rule.name)
}

/// The parameter of a stage's policies.
pub(crate) fn policies(job: &Job<'_>) -> String {
    id(job, "Policies")
}
