//! The same token never runs twice.

use super::*;

fn counting(origin: &Origin, revision: &Revision, counter: &Path) -> StartRequest {
    let mut request = deploy_of(origin, revision, "echo ran >> $COUNTER");
    let counter = counter.to_string_lossy().into_owned();
    request.variables.insert("COUNTER".to_owned(), counter);
    request
}

#[tokio::test]
async fn a_token_sent_many_times_at_once_and_again_after_a_restart_runs_once() {
    let (data, (origin, revision)) = (folder(), origin());
    let counter = data.path().join("counter");
    let request = counting(&origin, &revision, &counter);
    let house = House::new(data.path(), |_| {});
    let starts = (0..10).map(|_| house.pipelines.start(&request));
    let started = futures_util::future::join_all(starts).await;
    let started: Vec<_> = started.into_iter().map(|id| id.expect("started")).collect();
    assert!(started.iter().all(|id| *id == started[0]));
    let end = house.end_of(&started[0]).await;
    assert!(matches!(end, Observation::Succeeded { .. }), "{end:?}");

    let after = House::new(data.path(), |_| {});
    assert_eq!(after.start(&request).await, started[0]);
    assert_eq!(after.observe(&started[0]).await, end);
    assert_eq!(std::fs::read_to_string(&counter).expect("ran"), "ran\n");
    assert_eq!(house.fence.asked().len() + after.fence.asked().len(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_during_a_start_leaves_a_whole_execution() {
    let (data, (origin, revision)) = (folder(), origin());
    let counter = data.path().join("counter");
    let request = counting(&origin, &revision, &counter);
    let house = House::new(data.path(), |_| {});
    let gone = tokio::time::timeout(Duration::ZERO, house.pipelines.start(&request)).await;
    let end = house.run(&request).await;
    assert!(
        matches!(end, Observation::Succeeded { .. }),
        "{gone:?}, {end:?}"
    );
    assert_eq!(std::fs::read_to_string(&counter).expect("ran"), "ran\n");
}

#[tokio::test]
async fn what_was_never_started_is_unknown_and_no_name_leaves_the_folder() {
    let data = folder();
    let house = House::new(data.path(), |_| {});
    for name in [
        "",
        "..",
        "local-../../etc",
        "/etc",
        "local-0123456789abcdef0123456789abcdef",
    ] {
        let execution = ExecutionId::new(name);
        assert_eq!(
            house.observe(&execution).await,
            Observation::Unknown,
            "{name}"
        );
        let log = house.pipelines.log(&execution).await.expect("no error");
        assert_eq!(log, None, "{name}");
        house
            .pipelines
            .stop(&execution, "x")
            .await
            .expect("no error");
    }
}

#[tokio::test]
async fn a_request_that_can_never_work_is_refused_at_the_start() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let good = deploy_of(&origin, &revision, "echo");
    let mut bad = vec![good; 5];
    bad[0].repository.git = None;
    bad[1].variables.insert("A=B".to_owned(), String::new());
    bad[2].variables.insert("A".to_owned(), "x\0y".to_owned());
    bad[3].steps[0].run = "echo \0".to_owned();
    let stage = "GREENROOM_STAGE".to_owned();
    bad[4].secrets.insert(stage, "x".into());
    for request in bad {
        let refused = house.pipelines.start(&request).await;
        assert!(
            matches!(refused, Err(PipelineError::Refused { .. })),
            "{refused:?}"
        );
    }
}
