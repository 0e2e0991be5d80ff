//! A repository, a stand-in, and how tests speak to it.

use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::codepipeline::{EventSink, Options, Secrets, StandIn};

/// A git repository with one commit on `main`.
pub struct Repository {
    pub folder: TempDir,
    pub head: String,
}

pub fn repository() -> Repository {
    let folder = tempfile::tempdir().expect("a folder");
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .arg("-C")
            .arg(folder.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@t"])
            .args(arguments)
            .output()
            .expect("git runs");
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        String::from_utf8(done.stdout)
            .expect("text")
            .trim()
            .to_owned()
    };
    git(&["init", "-q", "-b", "main"]);
    std::fs::create_dir(folder.path().join("deep")).expect("made");
    std::fs::write(folder.path().join("deep/file.txt"), "hello\n").expect("written");
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    let head = git(&["rev-parse", "HEAD"]);
    Repository { folder, head }
}

/// What everybody was told, in order.
pub type Told = Arc<Mutex<Vec<Value>>>;

pub fn telling(options: &mut Options) -> Told {
    let told = Told::default();
    let kept = told.clone();
    options.events.push(EventSink::Call(Arc::new(move |event| {
        kept.lock().expect("not poisoned").push(event);
    })));
    told
}

/// A call of CodePipeline; the status and the body.
pub async fn call(stand_in: &StandIn, operation: &str, body: Value) -> (u16, Value) {
    let prefix = match operation {
        "BatchGetBuilds" | "StopBuild" | "CreateProject" | "BatchGetProjects" => {
            "CodeBuild_20161006"
        }
        _ => "CodePipeline_20150709",
    };
    let http = &stand_in.service.http;
    let answer = http
        .post(stand_in.url())
        .header("x-amz-target", format!("{prefix}.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .body(body.to_string())
        .send()
        .await
        .expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The body of an answer that must be well.
pub async fn well(stand_in: &StandIn, operation: &str, body: Value) -> Value {
    let (status, body) = call(stand_in, operation, body).await;
    assert_eq!(status, 200, "{operation}: {body}");
    body
}

pub fn source() -> Value {
    json!({"name": "Source", "namespace": "Source", "outputArtifacts": [{"name": "Source"}],
        "actionTypeId": {"category": "Source", "owner": "AWS",
            "provider": "CodeStarSourceConnection", "version": "1"},
        "configuration": {"ConnectionArn": "arn:aws:codeconnections:x", "BranchName": "main",
            "FullRepositoryId": "acme/orders", "DetectChanges": "false"}})
}

pub fn build() -> Value {
    let variables = json!([
        {"name": "REVISION", "value": "#{Source.CommitId}", "type": "PLAINTEXT"},
        {"name": "STAGE", "value": "#{variables.STAGE}"},
        {"name": "EXECUTION", "value": "#{codepipeline.PipelineExecutionId}"},
        {"name": "KEY", "value": "orders/key:token", "type": "SECRETS_MANAGER"}]);
    json!({"name": "Build", "namespace": "Build", "inputArtifacts": [{"name": "Source"}],
        "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
        "configuration": {"ProjectName": "project", "EnvironmentVariables": variables.to_string()}})
}

pub fn pipeline(mode: &str) -> Value {
    json!({"pipeline": {"name": "p", "roleArn": "arn:aws:iam::123456789012:role/r",
        "artifactStore": {"type": "S3", "location": "bucket"},
        "executionMode": mode, "pipelineType": "V2",
        "variables": [{"name": "STAGE", "defaultValue": "dev"}],
        "stages": [{"name": "Source", "actions": [source()]},
            {"name": "Build", "actions": [build()]}]}})
}

pub fn project(buildspec: &Value) -> Value {
    json!({"name": "project", "serviceRole": "arn:aws:iam::123456789012:role/b",
        "source": {"type": "CODEPIPELINE", "buildspec": buildspec.to_string()},
        "artifacts": {"type": "CODEPIPELINE"}, "timeoutInMinutes": 5,
        "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"}})
}

/// A buildspec of one phase that exports `OUT`.
pub fn commands(commands: &[&str]) -> Value {
    json!({"version": 0.2, "env": {"exported-variables": ["OUT", "FAILED"]},
        "phases": {"build": {"commands": commands}}})
}

/// The secret that [`build`] refers to.
pub fn secrets() -> Secrets {
    let secret = r#"{"token":"hush"}"#.to_owned();
    Secrets::Fixed([("orders/key".to_owned(), secret)].into())
}

/// A stand-in with the pipeline and the project.
pub async fn ready(mut options: Options, mode: &str, buildspec: &Value) -> StandIn {
    options.secrets = secrets();
    let stand_in = StandIn::start(options).await.expect("it starts");
    well(&stand_in, "CreatePipeline", pipeline(mode)).await;
    well(&stand_in, "CreateProject", project(buildspec)).await;
    stand_in
}

pub async fn started(stand_in: &StandIn, input: Value) -> String {
    let answer = well(stand_in, "StartPipelineExecution", input).await;
    answer["pipelineExecutionId"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// The build of an execution's latest action.
pub async fn build_of(stand_in: &StandIn, execution: &str) -> Value {
    let filter = json!({"pipelineName": "p", "filter": {"pipelineExecutionId": execution}});
    let actions = well(stand_in, "ListActionExecutions", filter).await;
    let result = &actions["actionExecutionDetails"][0]["output"]["executionResult"];
    let ids = json!({"ids": [result["externalExecutionId"]]});
    well(stand_in, "BatchGetBuilds", ids).await["builds"][0].clone()
}
