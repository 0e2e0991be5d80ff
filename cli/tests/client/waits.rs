//! `greenroom wait`: when it ends, and how.

use greenroom_core::stage::Outcome;
use serde_json::json;

use super::program::Place;
use super::samples::{deploying, empty, green, red, revision, run};
use super::server::fault;

const STAGE: &str = "GET /api/v1/stages/dev";

#[test]
fn waiting_ends_when_the_stage_turns_green() {
    let place = Place::new();
    place.server.on(STAGE, 200, json!(deploying("dev")));
    place.server.on(STAGE, 200, json!(green("dev")));
    insta::assert_snapshot!("waited", place.run("wait dev").shown());
}

#[test]
fn waiting_for_green_ends_at_red() {
    let place = Place::new();
    place.server.on(STAGE, 200, json!(red("dev")));
    assert_eq!(place.run("wait dev").exit, 3);
    assert_eq!(place.run("wait dev --for idle").exit, 0);
}

#[test]
fn waiting_ends_with_the_time() {
    let place = Place::new();
    place.server.on(STAGE, 200, json!(empty("dev")));
    let ran = place.run("wait dev --timeout 100ms");
    assert_eq!(ran.exit, 7);
    assert!(
        ran.stderr.contains("nothing has led here yet"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_server_that_restarts_is_waited_for() {
    let place = Place::new();
    place
        .server
        .on(STAGE, 503, fault("unavailable", "it is being started", ""));
    place.server.on(STAGE, 200, json!(green("dev")));
    assert_eq!(place.run("wait dev").exit, 0);
}

#[test]
fn a_revision_is_there_when_it_or_one_that_contains_it_is_green() {
    let place = Place::new();
    let mut card = green("dev");
    if let Some(last) = &mut card.last {
        last.contains = vec![revision('9')];
    }
    place.server.on(STAGE, 200, json!(card));
    assert_eq!(place.run("wait dev aaaa --for revision").exit, 0);
    assert_eq!(place.run("wait dev 9999 --for revision").exit, 0);
    assert_eq!(
        place
            .run("wait dev 7777 --for revision --timeout 100ms")
            .exit,
        7
    );
}

#[test]
fn a_revision_that_did_not_succeed_never_gets_there() {
    let place = Place::new();
    let card = greenroom_app::query::StageCard {
        last: Some(run('b', Outcome::Errored)),
        ..green("dev")
    };
    place.server.on(STAGE, 200, json!(card));
    let ran = place.run("wait dev bbbb --for revision");
    assert_eq!(ran.exit, 3);
    assert!(ran.stderr.contains("bbbb on dev errored"), "{}", ran.stderr);
}

#[test]
fn a_revision_and_its_goal_come_together_or_not_at_all() {
    let place = Place::new();
    assert_eq!(place.run("wait dev --for revision").exit, 2);
    assert_eq!(place.run("wait dev aaaa").exit, 2);
    assert_eq!(place.run("wait dev zzzz --for revision").exit, 2);
}

#[test]
fn a_stage_that_does_not_exist_is_not_waited_for() {
    let place = Place::new();
    place
        .server
        .on(STAGE, 404, fault("not_found", "there is no stage dev", ""));
    assert_eq!(place.run("wait dev").exit, 5);
}

#[cfg(unix)]
#[test]
fn stopping_to_wait_says_that_the_stage_goes_on() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let place = Place::new();
    place.server.on(STAGE, 200, json!(deploying("dev")));
    let mut command = place.command("wait dev --data data");
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let deadline = Instant::now() + Duration::from_secs(30);
    // Asked twice: by then it surely listens for the signal.
    while place.server.asked().len() < 2 {
        assert!(Instant::now() < deadline, "the stage is not looked at");
        std::thread::sleep(Duration::from_millis(10));
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.is_ok_and(|status| status.success()));
    let ran = place.told(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.exit, 130, "{}", ran.stderr);
    assert!(ran.stderr.contains("goes on without us"), "{}", ran.stderr);
}
