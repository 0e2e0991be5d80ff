//! Who may do what. Two roles a pipeline: the pipeline's own, which starts its actions, and the
//! one its steps run as, which a stage file's author and whoever can merge has in his hands.
//!
//! Steps of a build can write one log, read the source, add an artifact and, if they report anything,
//! reports. They can overwrite one as well, but nobody would take it: its name is its digest. Steps of a stage can write one log,
//! read the source, artifacts and the secrets their variables name. Those of a stage that pull
//! requests lead to have no secrets. What deploying takes is given by a parameter of the stage.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::buildspec::secrets;
use crate::logical::id;
use crate::parameters::policies;
use crate::{Job, Kind, reports};

/// CodePipeline names its objects after the first characters of the pipeline's name.
const FOLDER_LENGTH: usize = 20;

pub(crate) fn add(job: &Job<'_>, resources: &mut Map<String, Value>) {
    resources.insert(
        id(job, "PipelineRole"),
        role("codepipeline", account_only(), pipeline_statements(job)),
    );
    let project = arn("codebuild", &format!("project/{}", job.definition.name));
    let only_it = json!({ "StringEquals": { "aws:SourceArn": project } });
    let mut steps = role("codebuild", only_it, step_statements(job));
    if let Kind::Stage { .. } = job.kind {
        let name = policies(job);
        steps["Properties"]["ManagedPolicyArns"] = json!({
            "Fn::If": [format!("Has{name}"), { "Ref": name }, { "Ref": "AWS::NoValue" }],
        });
    }
    resources.insert(id(job, "Role"), steps);
}

fn role(service: &str, condition: Value, statements: Vec<Value>) -> Value {
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": format!("{service}.amazonaws.com") },
                    "Action": "sts:AssumeRole",
                    "Condition": condition,
                }],
            },
            "Policies": [{
                "PolicyName": "greenroom",
                "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
            }],
        },
    })
}

fn account_only() -> Value {
    json!({ "StringEquals": { "aws:SourceAccount": { "Ref": "AWS::AccountId" } } })
}

fn pipeline_statements(job: &Job<'_>) -> Vec<Value> {
    let mut statements = vec![
        allow(
            &["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
            objects(&sources(job)),
        ),
        allow(
            &["s3:GetBucketVersioning"],
            json!({ "Fn::Sub": "arn:${AWS::Partition}:s3:::${Artifacts}" }),
        ),
        allow(
            &["codebuild:StartBuild", "codebuild:BatchGetBuilds"],
            arn("codebuild", &format!("project/{}", job.definition.name)),
        ),
    ];
    for service in ["codeconnections", "codestar-connections"] {
        let mut use_it = allow(
            &[&format!("{service}:UseConnection")],
            json!({ "Ref": "Connection" }),
        );
        use_it["Condition"] = json!({
            "ForAllValues:StringEquals": {
                format!("{service}:FullRepositoryId"): job.options.app,
            },
        });
        statements.push(use_it);
    }
    if let Kind::Stage { .. } = job.kind {
        statements.push(allow(
            &["lambda:InvokeFunction"],
            arn("lambda", "function:${AdmissionFunction}"),
        ));
    }
    statements
}

fn step_statements(job: &Job<'_>) -> Vec<Value> {
    let log = format!("log-group:/greenroom/{}:*", job.definition.name);
    let mut statements = vec![
        allow(
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            arn("logs", &log),
        ),
        allow(
            &["s3:GetObject", "s3:GetObjectVersion"],
            objects(&sources(job)),
        ),
    ];
    match job.kind {
        Kind::Build => {
            if job.steps.iter().any(|step| step.artifact.is_some()) {
                statements.push(allow(&["s3:PutObject"], objects("artifacts/*")));
            }
            if !reports::declared(job).is_empty() {
                statements.push(allow(&["s3:PutObject"], objects("reports/*")));
            }
        }
        Kind::Stage { artifact: true, .. } => {
            statements.push(allow(&["s3:GetObject"], objects("artifacts/*")));
        }
        Kind::Stage { .. } => {}
    }
    let names: BTreeSet<&str> = secrets(job)
        .into_iter()
        .map(|(_, it)| it.as_str())
        .collect();
    if !names.is_empty() {
        // Secrets Manager adds six characters to each name.
        let arns: Vec<Value> = names
            .into_iter()
            .map(|name| {
                arn(
                    "secretsmanager",
                    &format!("secret:${{SecretPrefix}}{name}-??????"),
                )
            })
            .collect();
        statements.push(allow(&["secretsmanager:GetSecretValue"], arns.into()));
    }
    statements
}

fn allow(actions: &[&str], resources: Value) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources })
}

/// `rest` is of our own making and of names without `$`; it may use parameters.
fn arn(service: &str, rest: &str) -> Value {
    let text =
        format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}");
    json!({ "Fn::Sub": text })
}

fn objects(pattern: &str) -> Value {
    json!({ "Fn::Sub": format!("arn:${{AWS::Partition}}:s3:::${{Artifacts}}/{pattern}") })
}

fn sources(job: &Job<'_>) -> String {
    let folder: String = job.definition.name.chars().take(FOLDER_LENGTH).collect();
    format!("{folder}*/Source/*")
}
