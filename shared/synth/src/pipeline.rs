//! The pipelines: V2, PARALLEL, and nothing starts them but Greenroom.

use serde_json::{Map, Value, json};

use crate::logical::id;
use crate::{Job, Kind};

/// The variables of a build's start.
const BUILD: [&str; 2] = ["GREENROOM_REVISION", "GREENROOM_TOKEN"];
/// The variables of a deployment's start. The nonce is for the fence and for nobody else.
const STAGE: [&str; 8] = [
    "GREENROOM_RUN",
    "GREENROOM_STAGE",
    "GREENROOM_NONCE",
    "GREENROOM_REVISION",
    "GREENROOM_DIGEST",
    "GREENROOM_ACTOR",
    "GREENROOM_BRANCH",
    "GREENROOM_PR",
];
const NONCE: &str = "GREENROOM_NONCE";

pub(crate) fn add(job: &Job<'_>, resources: &mut Map<String, Value>) {
    let (variables, stages): (&[&str], Vec<Value>) = match job.kind {
        Kind::Build => (&BUILD, vec![source(job), run(job, "Build", &BUILD)]),
        Kind::Stage { .. } => (
            &STAGE,
            vec![source(job), admit(job), run(job, "Deploy", &STAGE)],
        ),
    };
    let declared: Vec<Value> = variables
        .iter()
        .map(|name| json!({ "Name": name }))
        .collect();
    resources.insert(
        id(job, "Pipeline"),
        json!({
            "Type": "AWS::CodePipeline::Pipeline",
            "Properties": {
                "Name": job.definition.name,
                "PipelineType": "V2",
                "ExecutionMode": "PARALLEL",
                "RoleArn": { "Fn::GetAtt": [id(job, "PipelineRole"), "Arn"] },
                "ArtifactStore": { "Type": "S3", "Location": { "Ref": "Artifacts" } },
                "Variables": declared,
                "Stages": stages,
            },
        }),
    );
}

fn stage(name: &str, provider: [&str; 3], configuration: Value, rest: Value) -> Value {
    let [category, owner, provider] = provider;
    let mut action = json!({
        "Name": name,
        "RunOrder": 1,
        "ActionTypeId": { "Category": category, "Owner": owner, "Provider": provider, "Version": "1" },
        "Configuration": configuration,
    });
    if let (Value::Object(action), Value::Object(rest)) = (&mut action, rest) {
        action.extend(rest);
    }
    json!({ "Name": name, "Actions": [action] })
}

fn source(job: &Job<'_>) -> Value {
    stage(
        "Source",
        ["Source", "AWS", "CodeStarSourceConnection"],
        json!({
            "ConnectionArn": { "Ref": "Connection" },
            "FullRepositoryId": job.options.app,
            "BranchName": { "Ref": "Branch" },
            "OutputArtifactFormat": "CODE_ZIP",
            "DetectChanges": "false",
        }),
        json!({ "Namespace": "Source", "OutputArtifacts": [{ "Name": "Source" }] }),
    )
}

fn admit(job: &Job<'_>) -> Value {
    // All of these are of alphabets without quotes, so that it stays JSON when it is filled in.
    let question = json!({
        "run": "#{variables.GREENROOM_RUN}",
        "nonce": "#{variables.GREENROOM_NONCE}",
        "pipeline": job.definition.name,
        "execution": "#{codepipeline.PipelineExecutionId}",
        "revision": "#{Source.CommitId}",
        "definition": job.definition.hash,
    });
    stage(
        "Admit",
        ["Invoke", "AWS", "Lambda"],
        json!({
            "FunctionName": { "Ref": "AdmissionFunction" },
            "UserParameters": question.to_string(),
        }),
        json!({}),
    )
}

fn run(job: &Job<'_>, name: &str, variables: &[&str]) -> Value {
    // A value of an action's configuration has at most 1000 characters: the type is left out,
    // which means plain text.
    let mut environment: Vec<Value> = variables
        .iter()
        .filter(|name| **name != NONCE)
        .map(|name| json!({ "name": name, "value": format!("#{{variables.{name}}}") }))
        .collect();
    environment.push(json!({
        "name": "GREENROOM_EXECUTION",
        "value": "#{codepipeline.PipelineExecutionId}",
    }));
    stage(
        name,
        ["Build", "AWS", "CodeBuild"],
        json!({
            "ProjectName": { "Ref": id(job, "Project") },
            "EnvironmentVariables": Value::from(environment).to_string(),
        }),
        json!({ "Namespace": name, "InputArtifacts": [{ "Name": "Source" }] }),
    )
}
