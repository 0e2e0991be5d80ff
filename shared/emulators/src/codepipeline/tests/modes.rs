use greenroom_executions::ACTIVE_MAX;
use serde_json::json;

use super::support::{call, commands, ready, repository, started, well};
use crate::codepipeline::Options;

#[tokio::test]
async fn the_fifty_first_execution_at_once_is_refused() {
    let here = repository();
    let options = Options::of_git(here.folder.path());
    let stand_in = ready(options, "QUEUED", &commands(&["exec sleep 1000"])).await;
    for _ in 0..ACTIVE_MAX {
        started(&stand_in, json!({"name": "p"})).await;
    }
    let (status, body) = call(&stand_in, "StartPipelineExecution", json!({"name": "p"})).await;
    let kind = json!("ConcurrentPipelineExecutionsLimitExceededException");
    assert_eq!((status, &body["__type"]), (400, &kind));
}

#[tokio::test]
async fn a_newer_execution_supersedes_one_that_waits() {
    let here = repository();
    let options = Options::of_git(here.folder.path());
    let stand_in = ready(options, "SUPERSEDED", &commands(&["exec sleep 1000"])).await;
    let first = started(&stand_in, json!({"name": "p"})).await;
    stand_in.entered("p", &first, "Build").await;
    let second = started(&stand_in, json!({"name": "p"})).await;
    stand_in.waits("p", &second, "Build").await;
    let third = started(&stand_in, json!({"name": "p"})).await;
    assert_eq!(stand_in.ended("p", &second).await, "Superseded");
    stand_in.waits("p", &third, "Build").await;
    let state = well(&stand_in, "GetPipelineState", json!({"name": "p"})).await;
    let build = &state["stageStates"][1]["latestExecution"];
    assert_eq!(
        (&build["pipelineExecutionId"], &build["status"]),
        (&json!(first), &json!("InProgress"))
    );
}
