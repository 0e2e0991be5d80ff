use aws_sdk_codepipeline::types::StageRetryMode;
use greenroom_app::ports::pipelines::Pipelines;
use greenroom_core::execution::Observation;

use super::support::{BUILD, Here};

#[tokio::test]
async fn a_stage_that_is_run_again_by_hand_is_seen_and_proves_nothing() {
    let once = "mkdir \"$PLACE/once\" && exit 4; true";
    let here = Here::new(BUILD, once).await;
    let execution = here.started(&here.deployment("token", None)).await;
    assert_eq!(here.ended(&execution).await, "Failed");
    let told = here.pipelines.provenance(&execution).await.expect("told");
    let told = told.expect("it is there");
    assert_eq!(told.past_fence, None);
    assert!(told.usual);
    let (run, nonce) = told.run.expect("it deploys");
    assert_eq!(
        (run.as_str(), nonce.as_str()),
        ("7/dev/3", "0123456789abcdef")
    );
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
    let Observation::Errored { why, .. } = &observation else {
        panic!("{observation:?}");
    };
    assert!(why.contains("stage Deploy was run again by hand"), "{why}");
    let told = here.pipelines.provenance(&execution).await.expect("told");
    let (what, _) = told.and_then(|told| told.past_fence).expect("it is seen");
    assert_eq!(what, "stage Deploy was run again by hand");
    assert_eq!(
        here.fence.lock().expect("not poisoned").asked.len(),
        1,
        "the fence was not asked"
    );
}

#[tokio::test]
async fn an_execution_started_by_hand_is_on_the_list_and_knows_nothing_of_ours() {
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
    let recent = here.pipelines.recent(&request.definition.name).await;
    let recent = recent.expect("a list");
    assert_eq!(recent.len(), 2);
    let foreign: Vec<_> = recent.iter().filter(|one| one.execution != ours).collect();
    let [foreign] = foreign.as_slice() else {
        panic!("one is not ours: {recent:?}");
    };
    let id = theirs.pipeline_execution_id.expect("an id");
    assert!(foreign.execution.as_str().ends_with(&id), "{foreign:?}");
    for (execution, token) in [(&ours, "token"), (&foreign.execution, "x")] {
        let told = here.pipelines.provenance(execution).await.expect("told");
        let told = told.expect("it is there");
        assert_eq!(told.token.as_deref(), Some(token));
        assert_eq!((told.run, told.past_fence), (None, None));
    }
}
