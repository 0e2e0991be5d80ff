//! Every way of not getting what was asked for, with its exit code.

use std::process::Stdio;

use serde_json::{Value, json};

use super::program::Place;
use super::samples::{app, board, green, troubled};
use super::server::fault;

#[test]
fn every_refusal_of_the_server_has_its_exit_code() {
    for (status, code, exit) in [
        (400, "invalid", 2),
        (401, "unauthorized", 4),
        (403, "forbidden", 4),
        (404, "not_found", 5),
        (409, "conflict", 6),
        (422, "closed", 3),
        (500, "corrupt", 1),
        (503, "unavailable", 1),
    ] {
        let place = Place::new();
        let line = "POST /api/v1/stages/prod/commands";
        place
            .server
            .on(line, status, fault(code, "no", "ask again"));
        let ran = place.run("promote prod");
        assert_eq!(ran.exit, exit, "{status}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{status}");
        let ran = place.run("promote prod --json");
        assert_eq!((ran.exit, ran.stdout.as_str()), (exit, ""), "{status}");
        let error: Value = serde_json::from_str(&ran.stderr).expect("JSON on stderr");
        assert_eq!(error["error"]["code"], code);
        assert_eq!(error["error"]["help"], "ask again");
        assert_eq!(
            error["error"]["retryable"],
            json!(matches!(status, 409 | 503))
        );
    }
}

#[test]
fn an_unknown_stage_brings_the_one_that_was_meant() {
    let place = Place::new();
    let help = "there are dev, preprod, prod";
    place.server.on(
        "GET /api/v1/stages/pord",
        404,
        fault("not_found", "there is no stage pord", help),
    );
    let stages = vec![green("dev"), green("preprod"), green("prod")];
    place
        .server
        .on("GET /api/v1/board", 200, board(app(stages)));
    insta::assert_snapshot!("did_you_mean", place.run("why pord").shown());
}

#[test]
fn a_wrong_token_is_told_as_such() {
    let place = Place::new();
    std::fs::write(place.folder.path().join("data/token"), "wrong").expect("written");
    let ran = place.run("status");
    assert_eq!(ran.exit, 4);
    assert!(ran.stderr.contains("GREENROOM_TOKEN"), "{}", ran.stderr);
}

#[test]
fn the_folders_token_goes_to_no_other_server() {
    let place = Place::new();
    let mut command = place.command("status --data data");
    command.args(["--url", &place.server.address]);
    let ran = place.told(command.output().expect("the program runs"));
    assert_eq!(ran.exit, 4, "{}", ran.stderr);
    let mut command = place.command("status --url");
    command
        .arg(&place.server.address)
        .env("GREENROOM_TOKEN", super::server::TOKEN);
    place.server.on("GET /api/v1/board", 200, board(troubled()));
    let ran = place.told(command.output().expect("the program runs"));
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
}

#[test]
fn a_token_may_come_from_a_file() {
    let place = Place::new();
    place.server.on("GET /api/v1/board", 200, board(troubled()));
    place.write("secret", &format!("{}\n", super::server::TOKEN));
    let mut command = place.command("status --url");
    command
        .arg(&place.server.address)
        .env("GREENROOM_TOKEN_FILE", "secret");
    let ran = place.told(command.output().expect("the program runs"));
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let mut command = place.command("status --url");
    command
        .arg(&place.server.address)
        .env("GREENROOM_TOKEN_FILE", "nowhere");
    let ran = place.told(command.output().expect("the program runs"));
    assert_eq!(ran.exit, 2, "{}", ran.stderr);
}

#[test]
fn no_server_is_told_with_the_way_to_start_one() {
    let place = Place::new();
    std::fs::remove_file(place.folder.path().join("data/address")).expect("removed");
    insta::assert_snapshot!("no_server", place.run("status").shown());
}

#[test]
fn a_server_that_is_gone_is_told_as_such() {
    let place = Place::new();
    // A port that was free a moment ago, and that nobody listens on now.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    place.write("data/address", &format!("http://{address}"));
    let ran = place.run("status");
    assert_eq!(ran.exit, 1);
    assert!(
        ran.stderr.contains("the server cannot be reached"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("greenroom serve"), "{}", ran.stderr);
}

#[test]
fn an_answer_that_is_no_answer_is_told_as_such() {
    let place = Place::new();
    place
        .server
        .on("GET /api/v1/board", 200, json!({ "hello": "world" }));
    let ran = place.run("status");
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("cannot be read"), "{}", ran.stderr);
}

#[test]
fn a_wrong_address_is_a_wrong_call() {
    let place = Place::new();
    for url in ["ftp://there", "http://", "not an address"] {
        let mut command = place.command("status --url");
        let ran = place.told(command.arg(url).output().expect("the program runs"));
        assert_eq!(ran.exit, 2, "{url}: {}", ran.stderr);
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let place = Place::new();
    place.server.on("GET /api/v1/board", 200, board(troubled()));
    let mut command = place.command("status --data data");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let ran = place.told(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
}
