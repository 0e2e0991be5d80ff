use std::fs;
use std::time::Duration;

use greenroom_aws::pipelines::admission::Answer;
use greenroom_core::execution::Observation;
use greenroom_core::name::{Digest, ExecutionId, Revision};

use super::support::{BUILD, Here};

#[tokio::test]
async fn a_build_tells_its_bytes_and_its_outputs_and_asks_no_fence() {
    let here = Here::well().await;
    let Observation::Succeeded {
        artifact, outputs, ..
    } = here.came_to(&here.build("token")).await
    else {
        panic!("it goes well");
    };
    let artifact = artifact.expect("it makes something");
    let stored = fs::read(here.stored(&artifact.digest)).expect("it is kept by its digest");
    assert_eq!(artifact.size, u64::try_from(stored.len()).expect("small"));
    assert_eq!(outputs, [("VERSION".to_owned(), "7".to_owned())].into());
    assert!(here.fence.lock().expect("not poisoned").asked.is_empty());
}

#[tokio::test]
async fn the_same_bytes_are_deployed_with_the_stages_variables() {
    let deploy = "printf '%s %s ' \"$WHO\" \"$KEY\" >\"$PLACE/done\"; cat \"$GREENROOM_ARTIFACT/app\" >>\"$PLACE/done\"; \
        echo \"URL=http://$GREENROOM_STAGE\" >\"$GREENROOM_OUTPUT\"";
    let here = Here::new(BUILD, deploy).await;
    let digest = here.built().await;
    let execution = here.started(&here.deployment("token", Some(digest))).await;
    assert_eq!(here.ended(&execution).await, "Succeeded");
    let Observation::Succeeded {
        artifact,
        outputs,
        at,
        ..
    } = here.observed(&execution).await
    else {
        panic!("it goes well");
    };
    assert_eq!(artifact, None);
    assert_eq!(
        outputs,
        [("URL".to_owned(), "http://dev".to_owned())].into()
    );
    let done = fs::read_to_string(here.folder.path().join("done")).expect("it ran");
    assert_eq!(done, "on dev hush the app\n");
    let Observation::Succeeded { at: again, .. } = here.observed(&execution).await else {
        panic!("it says the same for ever");
    };
    assert_eq!(at, again);
    let fence = here.fence.lock().expect("not poisoned");
    let [asked] = fence.asked.as_slice() else {
        panic!("asked once: {:?}", fence.asked);
    };
    assert_eq!(
        (asked.app.as_str(), asked.stage.as_str(), asked.generation),
        ("7", "dev", 3)
    );
    assert_eq!(
        (&asked.execution, &asked.revision),
        (&execution, &here.head)
    );
    assert_eq!(asked.nonce.as_str(), "0123456789abcdef");
}

#[tokio::test]
async fn a_failed_step_is_named() {
    let here = Here::new("echo to be seen; exit 3", "true").await;
    let Observation::Failed { step, why, .. } = here.came_to(&here.build("token")).await else {
        panic!("it fails");
    };
    assert_eq!(step, "compile");
    assert_eq!(why, "exit code 3");
}

#[tokio::test]
async fn a_step_that_takes_too_long_is_named_with_its_limit() {
    let here = Here::limited(BUILD, "exec sleep 1000", "1s").await;
    let Observation::TimedOut { step, after, .. } =
        here.came_to(&here.deployment("token", None)).await
    else {
        panic!("it takes too long");
    };
    assert_eq!((step.as_str(), after), ("roll-out", Duration::from_secs(1)));
}

#[tokio::test]
async fn other_bytes_than_those_verified_are_refused_before_any_step() {
    let here = Here::new(BUILD, "touch \"$PLACE/done\"").await;
    let digest = here.built().await;
    fs::write(here.stored(&digest), "others").expect("written");
    let observation = here.came_to(&here.deployment("token", Some(digest))).await;
    assert!(
        matches!(observation, Observation::Refused { .. }),
        "{observation:?}"
    );
    assert!(!here.folder.path().join("done").exists());
}

#[tokio::test]
async fn bytes_that_are_gone_say_nothing_of_the_change() {
    let here = Here::new(BUILD, "touch \"$PLACE/done\"").await;
    let digest = Digest::new(format!("sha256:{:064x}", 7));
    let observation = here.came_to(&here.deployment("token", Some(digest))).await;
    assert!(
        matches!(observation, Observation::Errored { .. }),
        "{observation:?}"
    );
    assert!(!here.folder.path().join("done").exists());
}

#[tokio::test]
async fn what_the_fence_refuses_runs_no_step() {
    let here = Here::new(BUILD, "touch \"$PLACE/done\"").await;
    here.fence_says(Some(Answer::Refused {
        why: "another run has been claimed".to_owned(),
    }));
    let Observation::Refused { why, .. } = here.came_to(&here.deployment("token", None)).await
    else {
        panic!("it is refused");
    };
    assert_eq!(why, "another run has been claimed");
    assert!(!here.folder.path().join("done").exists());
    here.fence_says(Some(Answer::Undecided {
        why: "the store is down".to_owned(),
    }));
    let Observation::Errored { why, .. } = here.came_to(&here.deployment("other", None)).await
    else {
        panic!("nobody can tell");
    };
    assert!(why.contains("the store is down"), "{why}");
}

#[tokio::test]
async fn a_commit_that_is_gone_says_nothing_of_the_change() {
    let here = Here::well().await;
    let mut request = here.build("token");
    request.revision = Revision::new("0".repeat(40));
    let Observation::Errored { why, .. } = here.came_to(&request).await else {
        panic!("there is no such commit");
    };
    assert!(why.contains("source"), "{why}");
}

#[tokio::test]
async fn executions_nobody_knows_are_unknown() {
    let here = Here::well().await;
    let name = here.build("token").definition.name;
    for other in [
        "refused-7".to_owned(),
        format!("{name}/00000000-0000-4000-8000-000000000000"),
        "no-pipeline/00000000-0000-4000-8000-000000000000".to_owned(),
    ] {
        let observation = here.observed(&ExecutionId::new(other)).await;
        assert_eq!(observation, Observation::Unknown);
    }
}

#[tokio::test]
async fn looking_costs_two_calls_and_a_bad_end_of_a_build_a_third() {
    let here = Here::new("exit 1", "true").await;
    here.came_to(&here.build("token")).await;
    let all = [
        "StartPipelineExecution",
        "GetPipelineExecution",
        "ListActionExecutions",
        "BatchGetBuilds",
    ];
    assert_eq!(all.map(|operation| here.calls(operation)), [1, 1, 1, 1]);
    here.came_to(&here.deployment("other", None)).await;
    assert_eq!(all.map(|operation| here.calls(operation)), [2, 2, 2, 1]);
}
