use greenroom_app::ports::pipelines::{PipelineError, Pipelines, StartRequest};
use greenroom_core::name::ExecutionId;
use greenroom_emulators::codepipeline::Fault;

use super::support::Here;

const START: &str = "StartPipelineExecution";

async fn fails(here: &Here, request: &StartRequest) -> PipelineError {
    here.pipelines
        .start(request)
        .await
        .expect_err("it cannot start")
}

#[tokio::test]
async fn a_token_starts_one_execution_however_often_it_is_sent() {
    let here = Here::well().await;
    let request = here.build("outbox/1: a token with / and ä");
    let first = here.started(&request).await;
    assert_eq!(here.started(&request).await, first);
    let other = here.started(&here.build("another")).await;
    assert_ne!(other, first);
    assert!(
        first
            .as_str()
            .starts_with("greenroom-acme-orders-service-build-"),
        "{first}"
    );
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_by_the_same_token() {
    let here = Here::well().await;
    here.stand_in.fault(START, Fault::AnswerLost, 1);
    let request = here.build("token");
    let error = fails(&here, &request).await;
    assert!(
        matches!(error, PipelineError::Unavailable { .. }),
        "{error}"
    );
    assert_eq!(here.calls(START), 1, "the SDK does not try behind our back");
    let execution = here.started(&request).await;
    let recent = here
        .pipelines
        .recent(&request.definition.name)
        .await
        .expect("a list");
    let all: Vec<&ExecutionId> = recent.iter().map(|one| &one.execution).collect();
    assert_eq!(all, [&execution]);
}

#[tokio::test]
async fn a_pipeline_nobody_applied_is_refused_with_what_to_do() {
    let here = Here::well().await;
    let mut request = here.build("token");
    request.definition.name.push('x');
    let PipelineError::Refused { why } = fails(&here, &request).await else {
        panic!("it can never start");
    };
    assert!(why.contains("greenroom apply"), "{why}");
    request.definition.name.clear();
    assert!(matches!(
        fails(&here, &request).await,
        PipelineError::Refused { .. }
    ));
}

#[tokio::test]
async fn what_aws_finds_fault_with_is_refused() {
    let here = Here::well().await;
    let mut request = here.build(&"token".repeat(300));
    let error = fails(&here, &request).await;
    assert!(matches!(error, PipelineError::Refused { .. }), "{error}");
    request.token = "token".to_owned();
    here.started(&request).await;
}

#[tokio::test]
async fn bad_days_are_for_later() {
    let here = Here::well().await;
    let request = here.build("token");
    for fault in [Fault::Throttle, Fault::Dropped, Fault::Broken] {
        here.stand_in.fault(START, fault, 1);
        let error = fails(&here, &request).await;
        assert!(
            matches!(error, PipelineError::Unavailable { .. }),
            "{fault:?}: {error}"
        );
    }
    let execution = here.started(&request).await;
    here.stand_in.set_down(true);
    for error in [
        here.pipelines
            .observe(&execution)
            .await
            .map(drop)
            .expect_err("nobody answers"),
        here.pipelines
            .stop(&execution, "x")
            .await
            .expect_err("nobody answers"),
    ] {
        assert!(
            matches!(error, PipelineError::Unavailable { .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn more_than_aws_runs_at_once_is_for_later() {
    let here = Here::well().await;
    here.fence_says(None);
    for number in 0..50 {
        here.started(&here.deployment(&number.to_string(), None))
            .await;
    }
    let request = here.deployment("one more", None);
    let PipelineError::Unavailable { why } = fails(&here, &request).await else {
        panic!("there will be room");
    };
    assert!(why.contains("as many executions"), "{why}");
}
