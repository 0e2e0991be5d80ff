//! How executions end, and what they leave.

use super::*;

/// Leaves a child in the background and another that ignores being asked to end.
const STUBBORN: &str = "sleep 300 & echo $! > $PIDS/child
    sh -c 'trap \"\" TERM; echo $$ > $PIDS/deaf; while :; do sleep 1; done' & wait";

fn stubborn(origin: &Origin, revision: &Revision, pids: &Path) -> StartRequest {
    let mut request = deploy_of(origin, revision, STUBBORN);
    let pids = pids.to_string_lossy().into_owned();
    request.variables.insert("PIDS".to_owned(), pids);
    request
}

async fn both_pids(pids: &Path) -> [i32; 2] {
    let read = || ["child", "deaf"].map(|name| pid_in(&pids.join(name)));
    until("both pids", || read().iter().all(Option::is_some)).await;
    read().map(|pid| pid.expect("just seen"))
}

#[tokio::test]
async fn a_step_that_takes_too_long_dies_with_its_grandchildren() {
    let (data, pids, (origin, revision)) = (folder(), folder(), origin());
    let house = House::new(data.path(), |_| {});
    let mut request = stubborn(&origin, &revision, pids.path());
    request.steps[0].timeout = SignedDuration::from_secs(2);
    let end = house.run(&request).await;
    assert!(
        matches!(&end, Observation::TimedOut { after, .. } if after.as_secs() == 2),
        "{end:?}"
    );
    for pid in both_pids(pids.path()).await {
        assert!(!lives(pid));
    }
}

#[tokio::test]
async fn a_stop_ends_the_step_with_its_grandchildren_and_is_no_failure() {
    let (data, pids, (origin, revision)) = (folder(), folder(), origin());
    let house = House::new(data.path(), |_| {});
    let execution = house
        .start(&stubborn(&origin, &revision, pids.path()))
        .await;
    let alive = both_pids(pids.path()).await;
    let running = house.observe(&execution).await;
    assert!(
        matches!(&running, Observation::Running { step: Some(step), .. } if step == "deploy"),
        "{running:?}"
    );
    house
        .pipelines
        .stop(&execution, "alice asked")
        .await
        .expect("told");
    let end = house.end_of(&execution).await;
    assert!(matches!(end, Observation::Stopped { .. }), "{end:?}");
    assert!(alive.iter().all(|pid| !lives(*pid)));
    house
        .pipelines
        .stop(&execution, "again")
        .await
        .expect("no error");
    assert_eq!(house.observe(&execution).await, end);
    let log = house.log(&stubborn(&origin, &revision, pids.path())).await;
    assert!(log.contains("alice asked"), "{log}");
}

#[tokio::test]
async fn a_failed_step_leaves_nothing_behind() {
    let (data, pids, (origin, revision)) = (folder(), folder(), origin());
    let house = House::new(data.path(), |_| {});
    let mut request = stubborn(&origin, &revision, pids.path());
    request.steps[0].run =
        STUBBORN.replace("wait", "") + "\n until [ -s $PIDS/deaf ]; do sleep 0.05; done; exit 1";
    request.steps[0].run = request.steps[0].run.replace("& \n", "&\n");
    let end = house.run(&request).await;
    assert!(matches!(end, Observation::Failed { .. }), "{end:?}");
    for pid in both_pids(pids.path()).await {
        assert!(!lives(pid));
    }
}

#[tokio::test]
async fn what_a_successful_step_deployed_lives_on_and_nobody_waits_for_its_output() {
    let (data, pids, (origin, revision)) = (folder(), folder(), origin());
    let house = House::new(data.path(), |_| {});
    // One in its own session, one in the step's group that keeps the step's output open.
    let run = "setsid sh -c 'echo $$ > $PIDS/child; exec sleep 300' >/dev/null 2>&1 &
        sleep 300 & echo $! > $PIDS/deaf; until [ -s $PIDS/child ]; do sleep 0.05; done; echo up";
    let mut request = stubborn(&origin, &revision, pids.path());
    request.steps[0].run = run.to_owned();
    let end = house.run(&request).await;
    assert!(matches!(end, Observation::Succeeded { .. }), "{end:?}");
    for pid in both_pids(pids.path()).await {
        assert!(lives(pid));
        kill(pid);
    }
    let log = house.log(&request).await;
    assert!(
        log.contains("up\n[greenroom] something this step left running"),
        "{log}"
    );
}

#[tokio::test]
async fn no_more_run_at_once_than_allowed_and_who_waits_can_be_stopped() {
    let (data, pids, (origin, revision)) = (folder(), folder(), origin());
    let house = House::new(data.path(), |settings| settings.at_once = 1);
    let first = house
        .start(&stubborn(&origin, &revision, pids.path()))
        .await;
    both_pids(pids.path()).await;
    let mut waiting = deploy_of(&origin, &revision, "echo ran");
    waiting.token = "second".to_owned();
    let second = house.start(&waiting).await;
    waiting.token = "third".to_owned();
    let third = house.start(&waiting).await;
    house
        .pipelines
        .stop(&second, "not needed")
        .await
        .expect("told");
    let end = house.end_of(&second).await;
    assert!(matches!(end, Observation::Stopped { .. }), "{end:?}");
    let still = house.observe(&third).await;
    assert!(
        matches!(still, Observation::Running { step: None, .. }),
        "{still:?}"
    );
    house
        .pipelines
        .stop(&first, "make room")
        .await
        .expect("told");
    let end = house.end_of(&third).await;
    assert!(matches!(end, Observation::Succeeded { .. }), "{end:?}");
}

#[tokio::test]
async fn a_server_that_leaves_ends_what_runs_and_takes_nothing_new() {
    let (data, pids, (origin, revision)) = (folder(), folder(), origin());
    let house = House::new(data.path(), |_| {});
    let request = stubborn(&origin, &revision, pids.path());
    let execution = house.start(&request).await;
    let alive = both_pids(pids.path()).await;
    house.pipelines.shutdown().await;
    assert!(alive.iter().all(|pid| !lives(*pid)));
    let end = house.observe(&execution).await;
    assert!(
        matches!(&end, Observation::Errored { why, .. } if why.contains("server was stopped")),
        "{end:?}"
    );
    let late = house
        .pipelines
        .start(&deploy_of(&origin, &revision, "x"))
        .await;
    assert!(
        matches!(late, Err(PipelineError::Unavailable { .. })),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_result_that_cannot_be_written_is_errored_and_not_lost() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let run = "d=$(cd \"$HOME/../..\" && pwd); cd /; rm -rf \"$d\"; echo > \"$d\"";
    let end = house.run(&deploy_of(&origin, &revision, run)).await;
    assert!(
        matches!(&end, Observation::Errored { why, .. } if why.contains("be written")),
        "{end:?}"
    );
    // And a data folder that is gone altogether refuses a start, and may work later.
    std::fs::remove_dir_all(data.path()).expect("removed");
    let mut request = deploy_of(&origin, &revision, "echo");
    request.token = "other".to_owned();
    let refused = house.pipelines.start(&request).await;
    assert!(
        matches!(refused, Err(PipelineError::Unavailable { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_running_execution_is_never_taken_for_abandoned_because_of_its_files() {
    let (data, pids, (origin, revision)) = (folder(), folder(), origin());
    let house = House::new(data.path(), |_| {});
    let execution = house
        .start(&stubborn(&origin, &revision, pids.path()))
        .await;
    let alive = both_pids(pids.path()).await;
    let status = data.path().join("executions").join(execution.as_str());
    std::fs::write(status.join("status.json"), "").expect("torn");
    let unsure = house.pipelines.observe(&execution).await;
    assert!(
        matches!(unsure, Err(PipelineError::Unavailable { .. })),
        "{unsure:?}"
    );
    assert!(alive.iter().all(|pid| lives(*pid)));
    house
        .pipelines
        .stop(&execution, "enough")
        .await
        .expect("told");
    house.changed.notified().await;
    let end = house.end_of(&execution).await;
    assert!(matches!(end, Observation::Stopped { .. }), "{end:?}");
}

#[tokio::test]
async fn a_command_that_is_not_on_record_never_begins() {
    let folder = folder();
    let canary = folder.path().join("canary");
    let environment = BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").expect("a PATH"))]);
    let run = step::Run {
        command: &format!("touch {}", canary.display()),
        folder: folder.path(),
        environment: &environment,
        timeout: DEADLINE,
        grace: Duration::from_millis(100),
    };
    let mask = mask::Mask::default();
    let mut log = log::LogWriter::create(&folder.path().join("log"), 4096, &mask).expect("a log");
    let (_sender, mut stop) = stop::channel();
    let full = |_| Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
    let refused = step::run(run, &mut log, &mut stop, full).await;
    assert!(refused.is_err(), "{refused:?}");
    // The same gate, for a server that dies before it opens it.
    let orphan = std::process::Command::new("/bin/sh")
        .args(["-c", step::GATE, &format!("touch {}", canary.display())])
        .stdin(std::process::Stdio::null())
        .status();
    assert!(!orphan.expect("sh runs").success());
    assert!(!canary.exists());
}
