use aws_sdk_codepipeline::types::StageRetryMode;
use greenroom_aws::pipelines::Foreign;
use greenroom_core::execution::Observation;

use super::support::{BUILD, Here};

#[tokio::test]
async fn a_stage_that_is_run_again_by_hand_is_seen() {
    let once = "mkdir \"$PLACE/once\" && exit 4; true";
    let here = Here::new(BUILD, once).await;
    let execution = here.started(&here.deployment("token", None)).await;
    assert_eq!(here.ended(&execution).await, "Failed");
    assert_eq!(here.pipelines.foreign(&execution).await.expect("told"), []);
    let (pipeline, id) = execution.as_str().split_once('/').expect("a name of ours");
    let console = here.connection.codepipeline();
    let retry = console.retry_stage_execution().pipeline_name(pipeline);
    let retry = retry.pipeline_execution_id(id).stage_name("Deploy");
    retry
        .retry_mode(StageRetryMode::FailedActions)
        .send()
        .await
        .expect("it runs again");
    assert_eq!(here.ended(&execution).await, "Succeeded");
    let observation = here.observed(&execution).await;
    assert!(
        matches!(observation, Observation::Succeeded { .. }),
        "{observation:?}"
    );
    let seen = here.pipelines.foreign(&execution).await.expect("told");
    assert_eq!(
        seen,
        [Foreign::RunAgain {
            stage: "Deploy".to_owned(),
            times: 1
        }]
    );
    assert_eq!(
        here.fence.lock().expect("not poisoned").asked.len(),
        1,
        "the fence was not asked"
    );
}

#[tokio::test]
async fn an_execution_started_by_hand_is_on_the_list_and_is_none_of_ours() {
    let here = Here::well().await;
    let request = here.build("token");
    let ours = here.started(&request).await;
    let console = here.connection.codepipeline();
    let variable = |name: &str| {
        let variable = aws_sdk_codepipeline::types::PipelineVariable::builder();
        variable.name(name).value("x").build().expect("a variable")
    };
    let start = console
        .start_pipeline_execution()
        .name(&request.definition.name);
    let start = start.variables(variable("GREENROOM_REVISION"));
    let theirs = start
        .variables(variable("GREENROOM_TOKEN"))
        .send()
        .await
        .expect("it starts");
    let recent = here
        .pipelines
        .recent(&request.definition.name)
        .await
        .expect("a list");
    assert_eq!(recent.len(), 2);
    let foreign: Vec<_> = recent.iter().filter(|one| one.execution != ours).collect();
    let [foreign] = foreign.as_slice() else {
        panic!("one is not ours: {recent:?}");
    };
    let id = theirs.pipeline_execution_id.expect("an id");
    assert!(foreign.execution.as_str().ends_with(&id), "{foreign:?}");
    assert_eq!(foreign.trigger, "StartPipelineExecution");
}
