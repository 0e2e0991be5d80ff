use serde_json::json;

use super::support::{call, commands, pipeline, ready, repository, started, well};
use crate::codepipeline::{Fault, Options, StandIn};

#[tokio::test]
async fn what_nobody_knows_is_no_operation() {
    let here = repository();
    let stand_in = StandIn::start(Options::of_git(here.folder.path()))
        .await
        .expect("started");
    for operation in ["Nonsense", "PollForJobs", "StartBuild"] {
        let (status, body) = call(&stand_in, operation, json!({})).await;
        assert_eq!(
            (status, &body["__type"]),
            (400, &json!("UnknownOperationException"))
        );
    }
}

#[tokio::test]
async fn wrong_input_gets_the_errors_of_aws() {
    let here = repository();
    let options = Options::of_git(here.folder.path());
    let stand_in = ready(options, "PARALLEL", &commands(&["true"])).await;
    let start = "StartPipelineExecution";
    let id = "00000000-0000-4000-8000-000000000000";
    let unknown = json!({"pipelineName": "p", "pipelineExecutionId": id});
    let revision = |action: &str, kind: &str| {
        json!({"name": "p", "sourceRevisions": [
            {"actionName": action, "revisionType": kind, "revisionValue": "x"}]})
    };
    let cases = [
        (start, json!({"name": "q"}), "PipelineNotFoundException"),
        (start, json!({}), "ValidationException"),
        (start, json!({"name": 7}), "SerializationException"),
        (
            start,
            json!({"name": "p", "variables": [{"name": "OTHER", "value": "x"}]}),
            "ValidationException",
        ),
        (
            start,
            json!({"name": "p", "variables": [{"name": "STAGE", "value": ""}]}),
            "ValidationException",
        ),
        (start, revision("Build", "COMMIT_ID"), "ValidationException"),
        (
            start,
            revision("Source", "S3_OBJECT_KEY"),
            "ValidationException",
        ),
        (
            "GetPipelineExecution",
            unknown.clone(),
            "PipelineExecutionNotFoundException",
        ),
        (
            "GetPipelineExecution",
            json!({"pipelineName": "p", "pipelineExecutionId": "x"}),
            "ValidationException",
        ),
        (
            "StopPipelineExecution",
            unknown,
            "PipelineExecutionNotStoppableException",
        ),
        (
            "PutJobSuccessResult",
            json!({"jobId": id}),
            "JobNotFoundException",
        ),
        (
            "GetJobDetails",
            json!({"jobId": id}),
            "JobNotFoundException",
        ),
        (
            "CreatePipeline",
            pipeline("PARALLEL"),
            "PipelineNameInUseException",
        ),
        (
            "StopBuild",
            json!({"id": "project:x"}),
            "ResourceNotFoundException",
        ),
        (
            "BatchGetBuilds",
            json!({"ids": []}),
            "InvalidInputException",
        ),
        (
            "ListActionExecutions",
            json!({"pipelineName": "p", "nextToken": "x"}),
            "InvalidNextTokenException",
        ),
    ];
    for (operation, input, kind) in cases {
        let (status, body) = call(&stand_in, operation, input.clone()).await;
        assert_eq!(
            (status, &body["__type"]),
            (400, &json!(kind)),
            "{operation} {input}: {body}"
        );
    }
    let (status, body) = call(
        &stand_in,
        "ListPipelineExecutions",
        json!({"pipelineName": "p", "filter": {"succeededInStage": {"stageName": "Build"}}}),
    )
    .await;
    assert_eq!(
        (status, &body["__type"]),
        (501, &json!("NotModelledByTheStandIn"))
    );
}

#[tokio::test]
async fn pipelines_are_told_kept_by_version_and_deleted() {
    let here = repository();
    let options = Options::of_git(here.folder.path());
    let stand_in = ready(options, "PARALLEL", &commands(&["true"])).await;
    let updated = well(&stand_in, "UpdatePipeline", pipeline("QUEUED")).await;
    assert_eq!(updated["pipeline"]["version"], 2);
    let first = well(&stand_in, "GetPipeline", json!({"name": "p", "version": 1})).await;
    assert_eq!(first["pipeline"]["executionMode"], "PARALLEL");
    let all = well(&stand_in, "ListPipelines", json!({})).await;
    assert_eq!(all["pipelines"][0]["executionMode"], "QUEUED");
    well(&stand_in, "DeletePipeline", json!({"name": "p"})).await;
    let (_, body) = call(&stand_in, "GetPipeline", json!({"name": "p"})).await;
    assert_eq!(body["__type"], "PipelineNotFoundException");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let here = repository();
    let options = Options::of_git(here.folder.path());
    let stand_in = ready(options, "PARALLEL", &commands(&["true"])).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = started(&stand_in, json!({"name": "p"})).await;
        stand_in.ended("p", &id).await;
        ids.insert(0, id);
    }
    let mut seen = Vec::new();
    let mut input = json!({"pipelineName": "p", "maxResults": 2});
    loop {
        let page = well(&stand_in, "ListPipelineExecutions", input.clone()).await;
        for one in page["pipelineExecutionSummaries"]
            .as_array()
            .expect("a list")
        {
            assert_eq!(one["sourceRevisions"][0]["revisionId"], json!(here.head));
            seen.push(
                one["pipelineExecutionId"]
                    .as_str()
                    .expect("an id")
                    .to_owned(),
            );
        }
        match page["nextToken"].as_str() {
            Some(token) => input["nextToken"] = json!(token),
            None => break,
        }
    }
    assert_eq!(seen, ids, "newest first, each once");
}

#[tokio::test]
async fn faults_come_when_asked_for_and_calls_are_counted() {
    let here = repository();
    let options = Options::of_git(here.folder.path());
    let stand_in = ready(options, "PARALLEL", &commands(&["true"])).await;
    stand_in.fault("ListPipelines", Fault::Throttle, 1);
    stand_in.fault("*", Fault::Broken, 1);
    let (status, body) = call(&stand_in, "ListPipelines", json!({})).await;
    assert_eq!(
        (status, &body["__type"]),
        (400, &json!("ThrottlingException"))
    );
    let (status, _) = call(&stand_in, "ListPipelines", json!({})).await;
    assert_eq!(status, 500);
    well(&stand_in, "ListPipelines", json!({})).await;
    assert_eq!(stand_in.calls()["ListPipelines"], 3);
    stand_in.set_down(true);
    let client = reqwest::Client::new();
    let request = client
        .post(stand_in.url())
        .header("x-amz-target", "CodePipeline_20150709.ListPipelines");
    let answer = request.send().await;
    let broke = match answer {
        Err(_) => true,
        Ok(answer) => answer.bytes().await.is_err(),
    };
    assert!(broke, "the connection breaks");
}

#[tokio::test]
async fn an_answer_that_is_lost_was_given() {
    let here = repository();
    let options = Options::of_git(here.folder.path());
    let stand_in = ready(options, "PARALLEL", &commands(&["true"])).await;
    stand_in.fault("StartPipelineExecution", Fault::AnswerLost, 1);
    let client = reqwest::Client::new();
    let input = json!({"name": "p", "clientRequestToken": "t"});
    let request = client
        .post(stand_in.url())
        .header(
            "x-amz-target",
            "CodePipeline_20150709.StartPipelineExecution",
        )
        .body(input.to_string());
    let lost = match request.send().await {
        Err(_) => true,
        Ok(answer) => answer.bytes().await.is_err(),
    };
    assert!(lost);
    let id = started(&stand_in, input).await;
    let all = well(
        &stand_in,
        "ListPipelineExecutions",
        json!({"pipelineName": "p"}),
    )
    .await;
    let all = all["pipelineExecutionSummaries"]
        .as_array()
        .expect("a list");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["pipelineExecutionId"], json!(id));
}
