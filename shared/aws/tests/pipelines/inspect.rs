//! Pipelines that somebody made, and what is wrong with them.

use aws_sdk_codepipeline::types::{ExecutionMode, PipelineDeclaration};
use greenroom_app::ports::pipelines::Pipelines;

use super::support::Here;

/// What is found of the deploying pipeline after a change by hand.
async fn found(here: &Here, change: impl FnOnce(&mut PipelineDeclaration)) -> Vec<String> {
    let name = here.deployment("token", None).definition.name;
    let console = here.connection.codepipeline();
    let told = console.get_pipeline().name(&name).send().await;
    let mut pipeline = told.expect("told").pipeline.expect("it is there");
    change(&mut pipeline);
    let changed = console.update_pipeline().pipeline(pipeline).send().await;
    changed.expect("changed");
    problems(here, &name).await
}

async fn problems(here: &Here, name: &str) -> Vec<String> {
    let seen = here.pipelines.inspect(name).await.expect("seen");
    let seen = seen.expect("pipelines stand by themselves");
    for mend in seen.problems.iter().chain(&seen.warnings) {
        assert!(!mend.fix.is_empty(), "{mend:?}");
    }
    seen.problems.into_iter().map(|mend| mend.what).collect()
}

#[tokio::test]
async fn a_pipeline_that_asks_first_is_as_good_as_a_rendered_one() {
    let here = Here::well().await;
    assert_eq!(found(&here, |_| {}).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_pipeline_that_never_asks_the_fence_is_told() {
    let here = Here::well().await;
    let told = found(&here, |pipeline| {
        pipeline.stages.retain(|stage| stage.name != "Admit");
    });
    let told = told.await;
    assert!(
        matches!(&told[..], [one] if one.contains("never asks the fence")),
        "{told:?}"
    );
}

#[tokio::test]
async fn whatever_runs_before_the_fence_is_told() {
    let here = Here::well().await;
    let told = found(&here, |pipeline| pipeline.stages.swap(1, 2)).await;
    assert!(
        matches!(&told[..], [one] if one.contains("Deploy runs before the fence")),
        "{told:?}"
    );
}

#[tokio::test]
async fn whatever_keeps_it_from_being_started_is_told_at_once() {
    let here = Here::well().await;
    let told = found(&here, |pipeline| {
        pipeline.execution_mode = Some(ExecutionMode::Queued);
        let variables = pipeline.variables.as_mut().expect("variables");
        variables.retain(|variable| variable.name != "GREENROOM_PR");
    });
    let told = told.await.join("; ");
    assert!(
        told.contains("PARALLEL") && told.contains("GREENROOM_PR"),
        "{told}"
    );
    let told = problems(&here, "greenroom-nobody").await;
    assert!(told[0].contains("no pipeline greenroom-nobody"), "{told:?}");
}
