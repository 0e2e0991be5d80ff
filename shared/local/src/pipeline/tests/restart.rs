//! A server that is killed, and the next one over the same data.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::*;

/// Where the test that is run again as "the server to be killed" finds what to do.
const CHILD: &str = "GREENROOM_TEST_RESTART";

/// One step that leaves a service in the background, and one that never ends.
fn hanging(repository: Repository, revision: &Revision, pids: &Path) -> StartRequest {
    let serve = "sleep 300 >/dev/null 2>&1 & echo $! > $PIDS/service";
    let hang = "echo ran >> $PIDS/runs; sleep 300 & echo $! > $PIDS/child
        echo $$ > $PIDS/leader; wait";
    let steps = [step("serve", serve), step("deploy", hang)];
    let mut request = deploy(repository, revision, &steps);
    let pids = pids.to_string_lossy().into_owned();
    request.variables.insert("PIDS".to_owned(), pids);
    request
}

/// In the child: runs the execution until it is killed.
async fn be_killed(place: &str) {
    let parts: Vec<&str> = place.split('|').collect();
    let [data, address, revision, pids] = parts[..] else {
        panic!("{place}");
    };
    let house = House::new(Path::new(data), |_| {});
    let repository = crate::git::tests::repository(address);
    let request = hanging(repository, &revision.into(), Path::new(pids));
    let execution = house.start(&request).await;
    let end = house.end_of(&execution).await;
    panic!("it should have been killed, but {end:?}");
}

async fn server_killed_in_a_step(
    data: &Path,
    pids: &Path,
    origin: &Origin,
    revision: &Revision,
    myself: &str,
) -> [i32; 2] {
    let address = origin.folder.path().display();
    let place = format!("{}|{address}|{revision}|{}", data.display(), pids.display());
    let mut server = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", myself, "--nocapture"])
        .env(CHILD, place)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let read = || ["leader", "child"].map(|name| pid_in(&pids.join(name)));
    until("the step", || read().iter().all(Option::is_some)).await;
    server.kill().expect("killed");
    server.wait().expect("reaped");
    read().map(|pid| pid.expect("just seen"))
}

#[tokio::test]
async fn an_execution_whose_server_was_killed_is_errored_for_ever_and_its_processes_go() {
    if let Ok(place) = std::env::var(CHILD) {
        return be_killed(&place).await;
    }
    let (data, pids, (origin, revision)) = (folder(), folder(), origin());
    let myself = "pipeline::tests::restart::an_execution_whose_server_was_killed_is_errored_for_ever_and_its_processes_go";
    let left = server_killed_in_a_step(data.path(), pids.path(), &origin, &revision, myself).await;
    assert!(
        left.iter().all(|pid| lives(*pid)),
        "they outlive the server"
    );

    let house = House::new(data.path(), |_| {});
    let request = hanging(origin.repository(), &revision, pids.path());
    let execution = house.start(&request).await;
    let end = house.observe(&execution).await;
    let Observation::Errored { why, .. } = &end else {
        panic!("{end:?}");
    };
    assert!(
        why.starts_with("the process that ran it is gone, in the middle of step deploy"),
        "{why}"
    );
    assert!(left.iter().all(|pid| !lives(*pid)));
    let service = pid_in(&pids.path().join("service")).expect("deployed");
    assert!(
        lives(service),
        "what a finished step deployed is not what is left"
    );
    kill(service);
    assert_eq!(house.observe(&execution).await, end);
    let third = House::new(data.path(), |_| {});
    assert_eq!(third.start(&request).await, execution);
    assert_eq!(third.observe(&execution).await, end);
    let runs = std::fs::read_to_string(pids.path().join("runs")).expect("ran");
    assert_eq!(runs, "ran\n");
}

#[tokio::test]
async fn what_is_left_is_found_even_when_the_groups_leader_is_dead() {
    if let Ok(place) = std::env::var(CHILD) {
        return be_killed(&place).await;
    }
    let (data, pids, (origin, revision)) = (folder(), folder(), origin());
    let myself =
        "pipeline::tests::restart::what_is_left_is_found_even_when_the_groups_leader_is_dead";
    let left = server_killed_in_a_step(data.path(), pids.path(), &origin, &revision, myself).await;
    let [leader, child] = left;
    kill(leader);
    until("the leader's death", || !lives(leader)).await;
    let house = House::new(data.path(), |_| {});
    let execution = Executions::id_of("1/dev/7");
    let end = house.observe(&execution).await;
    assert!(matches!(end, Observation::Errored { .. }), "{end:?}");
    assert!(!lives(child));
    kill(pid_in(&pids.path().join("service")).expect("deployed"));
}

#[tokio::test]
async fn a_process_that_only_has_the_pid_is_left_alone() {
    let mut innocent = Command::new("sleep")
        .arg("300")
        .process_group(0)
        .spawn()
        .expect("started");
    let pid = innocent.id().cast_signed();
    let now = ProcessIdentity::of(pid).expect("it lives");
    let before = ProcessIdentity {
        started: now.started - 1,
        ..now
    };
    let mut status = Status::queued(before.clone(), Timestamp::now());
    status.group = Some(before);
    let execution = Executions::id_of("x");
    gone::end_leftovers(&execution, Some(&status), Duration::from_millis(100)).await;
    assert!(lives(pid));
    innocent.kill().expect("killed");
    innocent.wait().expect("reaped");
}
