use std::io::Read;

use greenroom_app::ports::pipelines::Pipelines;
use greenroom_core::execution::Observation;
use greenroom_core::name::ExecutionId;

use super::support::{BUILD, Here, stage_file};

/// A deployment whose step runs, and the pipe that it and what it started hold open.
async fn running(here: &Here) -> (ExecutionId, std::fs::File) {
    let pipe = here.pipe();
    let execution = here.started(&here.deployment("token", None)).await;
    let opened = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(pipe)?;
        file.read_exact(&mut [0; 3]).map(|()| file)
    });
    (
        execution,
        opened.await.expect("joined").expect("the step runs"),
    )
}

const HOLDS: &str = "exec 3>\"$PLACE/pipe\"; echo up >&3; sleep 1000 & sleep 1000";

async fn nobody_holds(mut file: std::fs::File) {
    let rest = tokio::task::spawn_blocking(move || file.read_to_end(&mut Vec::new()));
    assert_eq!(rest.await.expect("joined").expect("read"), 0);
}

#[tokio::test]
async fn a_stop_kills_what_runs_and_only_then_is_it_stopped() {
    let here = Here::new(BUILD, HOLDS).await;
    let (execution, file) = running(&here).await;
    let observation = here.observed(&execution).await;
    assert!(
        matches!(observation, Observation::Running { .. }),
        "{observation:?}"
    );
    here.pipelines
        .stop(&execution, &"a reason ".repeat(60))
        .await
        .expect("it is told");
    here.pipelines
        .stop(&execution, "once more")
        .await
        .expect("twice is once");
    assert_eq!(here.ended(&execution).await, "Stopped");
    nobody_holds(file).await;
    let observation = here.observed(&execution).await;
    assert!(
        matches!(observation, Observation::Stopped { .. }),
        "{observation:?}"
    );
    here.pipelines
        .stop(&execution, "again")
        .await
        .expect("what has ended needs no stop");
}

#[tokio::test]
async fn a_stop_that_aws_calls_a_failure_is_still_a_stop() {
    let file = stage_file(BUILD, HOLDS, "1h");
    let here = Here::with(&file, |options| options.fails_when_stopped = true).await;
    let (execution, file) = running(&here).await;
    here.pipelines
        .stop(&execution, "enough")
        .await
        .expect("it is told");
    assert_eq!(here.ended(&execution).await, "Failed");
    nobody_holds(file).await;
    let observation = here.observed(&execution).await;
    assert!(
        matches!(observation, Observation::Stopped { .. }),
        "{observation:?}"
    );
}

#[tokio::test]
async fn what_somebody_abandoned_runs_until_its_build_is_dead() {
    let here = Here::new(BUILD, HOLDS).await;
    let (execution, file) = running(&here).await;
    let (pipeline, id) = execution.as_str().split_once('/').expect("a name of ours");
    let console = here.connection.codepipeline();
    let stop = console.stop_pipeline_execution().pipeline_name(pipeline);
    stop.pipeline_execution_id(id)
        .abandon(true)
        .send()
        .await
        .expect("abandoned");
    assert_eq!(here.ended(&execution).await, "Stopped");
    let observation = here.observed(&execution).await;
    assert!(
        matches!(observation, Observation::Running { .. }),
        "{observation:?}"
    );
    here.pipelines
        .stop(&execution, "for good")
        .await
        .expect("it is told");
    nobody_holds(file).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_fence_that_never_answers() {
    let here = Here::well().await;
    here.fence_says(None);
    let execution = here.started(&here.deployment("token", None)).await;
    let (pipeline, id) = execution.as_str().split_once('/').expect("a name of ours");
    here.stand_in.entered(pipeline, id, "Admit").await;
    here.pipelines
        .stop(&execution, "enough")
        .await
        .expect("it is told");
    assert_eq!(here.ended(&execution).await, "Stopped");
    let observation = here.observed(&execution).await;
    assert!(
        matches!(observation, Observation::Stopped { .. }),
        "{observation:?}"
    );
}

#[tokio::test]
async fn stopping_what_nobody_knows_is_no_error() {
    let here = Here::well().await;
    let name = here.build("token").definition.name;
    for other in [
        "refused-7".to_owned(),
        format!("{name}/00000000-0000-4000-8000-000000000000"),
        "no-pipeline/00000000-0000-4000-8000-000000000000".to_owned(),
    ] {
        here.pipelines
            .stop(&ExecutionId::new(other), "x")
            .await
            .expect("nothing runs");
    }
}
