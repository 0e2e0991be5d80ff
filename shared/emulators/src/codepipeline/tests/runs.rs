use std::io::Read;
use std::sync::Arc;

use serde_json::{Value, json};

use super::support::{
    Told, build_of, call, commands, pipeline, project, ready, repository, source, started, telling,
    well,
};
use crate::codepipeline::{EventFault, Functions, Options, StandIn};

/// The states of the events of one kind, in order.
fn states(told: &Told, kind: &str) -> Vec<String> {
    let told = told.lock().expect("not poisoned");
    let of_kind = told.iter().filter(|event| {
        event["detail-type"] == format!("CodePipeline {kind} Execution State Change")
    });
    of_kind
        .map(|event| {
            event["detail"]["state"]
                .as_str()
                .expect("a state")
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_build_finds_its_source_its_variables_and_its_secrets() {
    let here = repository();
    let spec = json!({"version": 0.2, "env": {"exported-variables": ["OUT"], "variables": {"MORE": "m"}},
        "phases": {
            "install": {"commands": ["cd deep", "export CARRIED=c"]},
            "build": {"commands": [
                "test \"$CODEBUILD_BUILD_SUCCEEDING\" = 1",
                "OUT=\"$(cat file.txt) $STAGE $KEY $REVISION $CARRIED $MORE $EXECUTION\""]}}});
    let stand_in = ready(Options::of_git(here.folder.path()), "PARALLEL", &spec).await;
    let id = started(
        &stand_in,
        json!({"name": "p",
        "variables": [{"name": "STAGE", "value": "pr-7"}],
        "sourceRevisions": [{"actionName": "Source", "revisionType": "COMMIT_ID",
            "revisionValue": here.head}]}),
    )
    .await;
    let status = stand_in.ended("p", &id).await;
    assert_eq!(status, "Succeeded", "{}", stand_in.log("p", &id));
    let build = build_of(&stand_in, &id).await;
    assert_eq!(build["buildStatus"], "SUCCEEDED");
    let expected = format!("hello pr-7 hush {} c m {id}", here.head);
    assert_eq!(
        build["exportedEnvironmentVariables"][0]["value"],
        json!(expected)
    );
    let phases: Vec<&str> = build["phases"]
        .as_array()
        .expect("phases")
        .iter()
        .filter_map(|phase| phase["phaseType"].as_str())
        .collect();
    assert_eq!(
        phases,
        [
            "SUBMITTED",
            "QUEUED",
            "PROVISIONING",
            "DOWNLOAD_SOURCE",
            "INSTALL",
            "PRE_BUILD",
            "BUILD",
            "POST_BUILD",
            "UPLOAD_ARTIFACTS",
            "FINALIZING",
            "COMPLETED"
        ]
    );
}

#[tokio::test]
async fn a_failed_command_fails_its_phase_and_what_comes_after_it_still_runs() {
    let here = repository();
    let spec = json!({"version": 0.2, "env": {"exported-variables": ["OUT"]}, "phases": {
        "build": {"commands": ["export OUT=1", "false", "export OUT=never"],
            "finally": ["export OUT=\"$OUT finally\""]},
        "post_build": {"commands": ["export OUT=\"$OUT $CODEBUILD_BUILD_SUCCEEDING\""]}}});
    let stand_in = ready(Options::of_git(here.folder.path()), "PARALLEL", &spec).await;
    let id = started(&stand_in, json!({"name": "p"})).await;
    assert_eq!(stand_in.ended("p", &id).await, "Failed");
    let build = build_of(&stand_in, &id).await;
    assert_eq!(build["buildStatus"], "FAILED");
    assert_eq!(
        build["exportedEnvironmentVariables"][0]["value"],
        "1 finally 0"
    );
    let failed = build["phases"]
        .as_array()
        .expect("phases")
        .iter()
        .find(|phase| phase["phaseType"] == "BUILD")
        .expect("a build phase");
    assert_eq!(
        failed["contexts"][0]["statusCode"],
        "COMMAND_EXECUTION_ERROR"
    );
    let why = "Error while executing command: false. Reason: exit status 1";
    assert_eq!(failed["contexts"][0]["message"], why);
    let actions = well(
        &stand_in,
        "ListActionExecutions",
        json!({"pipelineName": "p"}),
    )
    .await;
    let error = &actions["actionExecutionDetails"][0]["output"]["executionResult"]["errorDetails"];
    assert_eq!(error["code"], "JobFailed");
    let message = error["message"].as_str().expect("a message");
    assert!(
        message.starts_with("Build terminated with state: FAILED"),
        "{message}"
    );
}

#[tokio::test]
async fn stopping_a_build_kills_all_it_started() {
    let here = repository();
    let pipe = here.folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    let command = format!(
        "exec 3> '{}'; echo up >&3; sleep 1000 & sleep 1000",
        pipe.display()
    );
    let stand_in = ready(
        Options::of_git(here.folder.path()),
        "PARALLEL",
        &commands(&[&command]),
    )
    .await;
    let id = started(&stand_in, json!({"name": "p"})).await;
    let opened = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(pipe)?;
        let mut up = [0; 3];
        file.read_exact(&mut up).map(|()| file)
    });
    let mut file = opened.await.expect("joined").expect("it is up");
    let stop = json!({"pipelineName": "p", "pipelineExecutionId": id});
    well(&stand_in, "StopPipelineExecution", stop.clone()).await;
    let (_, again) = call(&stand_in, "StopPipelineExecution", stop).await;
    assert_eq!(again["__type"], "DuplicatedStopRequestException");
    let execution = json!({"pipelineName": "p", "pipelineExecutionId": id});
    let seen = well(&stand_in, "GetPipelineExecution", execution).await;
    assert_eq!(seen["pipelineExecution"]["status"], "Stopping");
    let build = build_of(&stand_in, &id).await;
    well(&stand_in, "StopBuild", json!({"id": build["id"]})).await;
    assert_eq!(stand_in.ended("p", &id).await, "Stopped");
    // Nobody holds the pipe any more: everything is dead.
    let rest = tokio::task::spawn_blocking(move || file.read_to_end(&mut Vec::new()));
    assert_eq!(rest.await.expect("joined").expect("read"), 0);
    assert_eq!(build_of(&stand_in, &id).await["buildStatus"], "STOPPED");
}

#[tokio::test]
async fn a_build_that_takes_too_long_is_ended() {
    let here = repository();
    let mut options = Options::of_git(here.folder.path());
    options.minute = std::time::Duration::from_millis(20);
    let stand_in = ready(options, "PARALLEL", &commands(&["exec sleep 1000"])).await;
    let id = started(&stand_in, json!({"name": "p"})).await;
    assert_eq!(stand_in.ended("p", &id).await, "Failed");
    assert_eq!(build_of(&stand_in, &id).await["buildStatus"], "TIMED_OUT");
}

/// A pipeline whose second stage asks a function.
fn asking() -> Value {
    let mut asking = pipeline("PARALLEL");
    let admit = json!({"name": "Admit", "namespace": "Admit",
        "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
        "configuration": {"FunctionName": "fence",
            "UserParameters": "{\"execution\":\"#{codepipeline.PipelineExecutionId}\",\"revision\":\"#{Source.CommitId}\"}"}});
    asking["pipeline"]["stages"] = json!([
        {"name": "Source", "actions": [source()]},
        {"name": "Admit", "actions": [admit]},
        {"name": "Deploy", "actions": [super::support::build()]}]);
    asking
}

/// Jobs as they come.
fn jobs(options: &mut Options) -> tokio::sync::mpsc::UnboundedReceiver<Value> {
    options.secrets = super::support::secrets();
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    options.functions = Functions::Call(Arc::new(move |name, event| {
        assert_eq!(name, "fence");
        drop(sender.send(event));
    }));
    receiver
}

#[tokio::test]
async fn a_function_is_asked_by_the_exact_event_and_answers_once() {
    let here = repository();
    let mut options = Options::of_git(here.folder.path());
    let mut jobs = jobs(&mut options);
    let stand_in = StandIn::start(options).await.expect("it starts");
    well(&stand_in, "CreatePipeline", asking()).await;
    well(&stand_in, "CreateProject", project(&commands(&["true"]))).await;
    let id = started(&stand_in, json!({"name": "p"})).await;
    let event = jobs.recv().await.expect("a job");
    let job = &event["CodePipeline.job"];
    let members: Vec<&String> = job["data"].as_object().expect("data").keys().collect();
    assert_eq!(
        members,
        [
            "actionConfiguration",
            "artifactCredentials",
            "inputArtifacts",
            "outputArtifacts"
        ]
    );
    let parameters = job["data"]["actionConfiguration"]["configuration"]["UserParameters"].as_str();
    let parameters: Value = serde_json::from_str(parameters.expect("text")).expect("JSON");
    assert_eq!(parameters, json!({"execution": id, "revision": here.head}));
    let answer = json!({"jobId": job["id"], "failureDetails": {"type": "JobFailed", "message": "not yours"}});
    well(&stand_in, "PutJobFailureResult", answer).await;
    let (_, again) = call(
        &stand_in,
        "PutJobSuccessResult",
        json!({"jobId": job["id"]}),
    )
    .await;
    assert_eq!(again["__type"], "InvalidJobStateException");
    assert_eq!(stand_in.ended("p", &id).await, "Failed");
}

#[tokio::test]
async fn a_continued_job_is_asked_again_with_its_token() {
    let here = repository();
    let mut options = Options::of_git(here.folder.path());
    options.continuation = std::time::Duration::ZERO;
    let mut jobs = jobs(&mut options);
    let stand_in = StandIn::start(options).await.expect("it starts");
    well(&stand_in, "CreatePipeline", asking()).await;
    started(&stand_in, json!({"name": "p"})).await;
    let first = jobs.recv().await.expect("a job");
    let id = &first["CodePipeline.job"]["id"];
    well(
        &stand_in,
        "PutJobSuccessResult",
        json!({"jobId": id, "continuationToken": "more"}),
    )
    .await;
    let second = jobs.recv().await.expect("another");
    assert_eq!(
        second["CodePipeline.job"]["data"]["continuationToken"],
        "more"
    );
}

#[tokio::test]
async fn a_function_that_never_answers_fails_its_action() {
    let here = repository();
    let mut options = Options::of_git(here.folder.path());
    options.job_timeout = std::time::Duration::from_millis(10);
    let stand_in = StandIn::start(options).await.expect("it starts");
    well(&stand_in, "CreatePipeline", asking()).await;
    let id = started(&stand_in, json!({"name": "p"})).await;
    assert_eq!(stand_in.ended("p", &id).await, "Failed");
}

#[tokio::test]
async fn a_retry_by_hand_goes_on_with_the_same_execution_and_asks_nobody() {
    let here = repository();
    let mut options = Options::of_git(here.folder.path());
    let mut jobs = jobs(&mut options);
    let told = telling(&mut options);
    let stand_in = StandIn::start(options).await.expect("it starts");
    well(&stand_in, "CreatePipeline", asking()).await;
    let once = here.folder.path().join("once");
    let command = format!("mkdir '{}' && exit 3 || true", once.display());
    well(&stand_in, "CreateProject", project(&commands(&[&command]))).await;
    let id = started(&stand_in, json!({"name": "p"})).await;
    let job = jobs.recv().await.expect("a job");
    well(
        &stand_in,
        "PutJobSuccessResult",
        json!({"jobId": job["CodePipeline.job"]["id"]}),
    )
    .await;
    assert_eq!(stand_in.ended("p", &id).await, "Failed");
    let retry = |stage: &str| {
        json!({"pipelineName": "p", "pipelineExecutionId": id,
        "stageName": stage, "retryMode": "FAILED_ACTIONS"})
    };
    let (_, refused) = call(&stand_in, "RetryStageExecution", retry("Admit")).await;
    assert_eq!(refused["__type"], "StageNotRetryableException");
    well(&stand_in, "RetryStageExecution", retry("Deploy")).await;
    assert_eq!(stand_in.ended("p", &id).await, "Succeeded");
    assert!(jobs.try_recv().is_err(), "the fence is not asked again");
    let state = well(&stand_in, "GetPipelineState", json!({"name": "p"})).await;
    assert_eq!(
        state["stageStates"][2]["retryStageMetadata"]["manualStageRetryAttempt"],
        1
    );
    stand_in.told_all().await;
    assert_eq!(
        states(&told, "Pipeline"),
        ["STARTED", "FAILED", "RESUMED", "SUCCEEDED"]
    );
    let told = told.lock().expect("not poisoned");
    let last = told.last().expect("an event");
    assert_eq!(
        last["detail"]["pipeline-execution-attempt"].to_string(),
        "2.0"
    );
    assert_eq!(last["detail"]["version"].to_string(), "1.0");
    let of_action = told
        .iter()
        .find(|event| event["detail"]["action"] == "Build")
        .expect("one");
    assert_eq!(of_action["detail"]["type"]["version"], "1");
}

#[tokio::test]
async fn events_are_lost_doubled_and_reordered_when_asked_for() {
    let here = repository();
    let mut options = Options::of_git(here.folder.path());
    let told = telling(&mut options);
    let stand_in = ready(options, "PARALLEL", &commands(&["true"])).await;
    // Of: pipeline started, stage started, action started, action succeeded, ...
    stand_in.event_faults([EventFault::Lost, EventFault::Twice, EventFault::Later]);
    let id = started(&stand_in, json!({"name": "p"})).await;
    stand_in.ended("p", &id).await;
    stand_in.told_all().await;
    assert_eq!(states(&told, "Pipeline"), ["SUCCEEDED"]);
    assert_eq!(states(&told, "Stage")[..2], ["STARTED", "STARTED"]);
    assert_eq!(states(&told, "Action")[..2], ["SUCCEEDED", "STARTED"]);
}
