//! What commands send, and how they say what came of it.

use greenroom_core::name::StageName;
use serde_json::{Value, json};

use super::program::Place;
use super::samples::{app, board, deploying, gated, green};
use super::server::fault;

/// What the stage `prod` was told.
fn told(place: &Place, words: &str) -> Value {
    let ran = place.run(words);
    assert_eq!(ran.exit, 0, "{words}: {}", ran.stderr);
    let asked = place.server.asked();
    let last = asked.last().expect("the server was asked");
    assert_eq!(last.line, "POST /api/v1/stages/prod/commands");
    last.body.clone()
}

fn place() -> Place {
    let place = Place::new();
    let answer = json!({ "stage": deploying("prod") });
    place
        .server
        .on("POST /api/v1/stages/prod/commands", 200, answer);
    place
}

#[test]
fn every_verb_sends_the_command_of_the_core() {
    let place = place();
    let by_alice = |command: Value| json!({ "by": "alice", "command": command });
    for (words, command) in [
        ("promote prod", json!({ "command": "promote" })),
        (
            "approve prod",
            json!({ "command": "approve", "revision": null }),
        ),
        (
            "approve prod --revision ABCD",
            json!({ "command": "approve", "revision": "abcd" }),
        ),
        (
            "reject prod --reason no",
            json!({ "command": "reject", "revision": null, "reason": "no" }),
        ),
        (
            "rollback prod --reason slow",
            json!({ "command": "rollback", "to": null, "reason": "slow" }),
        ),
        (
            "rollback prod --reason slow --to beef",
            json!({ "command": "rollback", "to": "beef", "reason": "slow" }),
        ),
        ("retry prod", json!({ "command": "retry" })),
        (
            "deploy prod --release feature/x",
            json!({ "command": "deploy", "revision": "feature/x", "reference": null }),
        ),
        (
            "abort prod --reason x",
            json!({ "command": "abort", "reason": "x" }),
        ),
        (
            "lock prod --reason x --until 2030-01-01T00:00:00Z",
            json!({ "command": "lock", "reason": "x", "until": "2030-01-01T00:00:00Z" }),
        ),
        (
            "lock prod --reason x",
            json!({ "command": "lock", "reason": "x", "until": null }),
        ),
        ("unlock prod", json!({ "command": "unlock" })),
        ("refresh prod", json!({ "command": "refresh" })),
        (
            "ack prod --note mine",
            json!({ "command": "acknowledge", "note": "mine" }),
        ),
        ("extend prod", json!({ "command": "extend", "until": null })),
        (
            "park prod --reason x --until 2030-01-01T00:00:00Z",
            json!({ "command": "park", "reason": "x", "until": "2030-01-01T00:00:00Z" }),
        ),
        ("unpark prod", json!({ "command": "unpark" })),
        (
            "pin prod --reason x",
            json!({ "command": "pin", "reason": "x" }),
        ),
        ("unpin prod", json!({ "command": "unpin" })),
        (
            "destroy prod --reason x --yes",
            json!({ "command": "destroy", "reason": "x" }),
        ),
        (
            "mute prod --reason x --for 2030-01-01T00:00:00Z",
            json!({ "command": "mute", "reason": "x", "until": "2030-01-01T00:00:00Z" }),
        ),
        ("unmute prod", json!({ "command": "unmute" })),
        ("toggle prod", json!({ "command": "toggle" })),
        ("settle prod", json!({ "command": "settle" })),
    ] {
        assert_eq!(told(&place, words), by_alice(command), "{words}");
    }
    assert_eq!(told(&place, "retry prod --as carol")["by"], "carol");
}

#[test]
fn nothing_is_torn_down_that_nobody_confirms() {
    let place = place();
    let ran = place.run("destroy prod --reason x");
    assert_eq!(ran.exit, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert!(place.server.asked().is_empty(), "nothing was sent");
}

#[test]
fn what_is_sent_is_what_the_server_reads() {
    let place = place();
    for words in [
        "promote prod",
        "lock prod --reason x --until 2h",
        "ack prod",
        "abort prod --reason x",
    ] {
        let command = told(&place, words)["command"].clone();
        let read: Result<greenroom_core::command::Command, _> = serde_json::from_value(command);
        assert!(read.is_ok(), "{words}: {read:?}");
    }
}

#[test]
fn a_change_is_announced_with_what_comes_next() {
    let place = place();
    insta::assert_snapshot!("locked", place.run("lock prod --reason x").shown());
    let json = place.run("promote prod --json").json();
    assert_eq!(json["stage"]["stage"], "prod");
}

#[test]
fn an_app_is_added_with_the_address_git_reads_if_one_is_given() {
    let place = Place::new();
    let answer = json!({
        "id": 7, "name": "acme/orders", "default_branch": "refs/heads/main", "config": null,
        "config_from": { "from": "nowhere" }, "invalid": null,
    });
    place.server.on("POST /api/v1/apps", 200, answer);
    assert_eq!(place.run("app add acme/orders").exit, 0);
    assert_eq!(place.run("app add acme/orders --git data --id 5").exit, 0);
    // After each of them the credential is tried.
    let asked = place.server.asked();
    let access = "GET /api/v1/access?app=acme%2Forders";
    assert_eq!(asked[1].line, access);
    let posts = asked.iter().filter(|one| one.line.starts_with("POST"));
    let asked: Vec<_> = posts.collect();
    // Where it is read by default is for the server to say: on AWS it is not by git.
    let body = json!({ "name": "acme/orders", "git": null, "id": null });
    assert_eq!(asked[0].body, body);
    let full = place
        .folder
        .path()
        .canonicalize()
        .expect("a path")
        .join("data");
    assert_eq!(asked[1].body["git"], json!(full));
    assert_eq!(asked[1].body["id"], 5);
    assert_eq!(place.run("app add orders").exit, 2);
}

#[test]
fn apps_are_listed_with_the_stage_file_in_force() {
    let place = Place::new();
    let apps = json!([
        { "id": 7, "name": "acme/orders", "default_branch": "refs/heads/main", "config": "ab",
          "config_from": { "from": "commit", "revision": "ab".repeat(20) }, "invalid": null },
        { "id": 8, "name": "acme/web", "default_branch": "refs/heads/master", "config": "cd",
          "config_from": { "from": "bootstrap", "file": "web.yaml" }, "invalid": null },
    ]);
    place.server.on("GET /api/v1/apps", 200, apps);
    insta::assert_snapshot!("apps", place.run("app list").shown());
}

#[test]
fn a_test_message_is_waited_for() {
    let place = Place::new();
    place
        .server
        .on("GET /api/v1/board", 200, board(app(vec![green("dev")])));
    place
        .server
        .on("POST /api/v1/notify", 200, json!({ "effect": "e/1" }));
    let effects = "GET /api/v1/effects?id=e%2F1";
    place.server.on(
        effects,
        200,
        json!({ "done": false, "tries": 1, "last": null }),
    );
    place.server.on(
        effects,
        200,
        json!({ "done": true, "tries": 0, "last": null }),
    );
    let ran = place.run("notify --test team");
    assert_eq!(
        (ran.exit, ran.stdout.as_str()),
        (0, "✓ team was told\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_test_message_that_takes_long_is_pending() {
    let place = Place::new();
    place
        .server
        .on("GET /api/v1/board", 200, board(app(vec![green("dev")])));
    place
        .server
        .on("POST /api/v1/notify", 200, json!({ "effect": "e" }));
    let answer = json!({ "done": false, "tries": 2, "last": "429 Too Many Requests" });
    place.server.on("GET /api/v1/effects?id=e", 200, answer);
    let ran = place.run("notify --test team --timeout 300ms");
    assert_eq!(ran.exit, 8);
    assert!(
        ran.stdout.contains("429 Too Many Requests"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_test_message_that_was_given_up_fails() {
    let place = Place::new();
    let complaint = super::samples::troubled().attention;
    let quiet = app(vec![green("dev")]);
    let loud = greenroom_app::query::AppCard {
        attention: complaint,
        ..quiet.clone()
    };
    place.server.on("GET /api/v1/board", 200, board(quiet));
    place.server.on("GET /api/v1/board", 200, board(loud));
    place
        .server
        .on("POST /api/v1/notify", 200, json!({ "effect": "e" }));
    place.server.on(
        "GET /api/v1/effects?id=e",
        200,
        json!({ "done": true, "tries": 0, "last": null }),
    );
    let ran = place.run("notify --test team");
    assert_eq!(ran.exit, 1);
    assert!(
        ran.stderr.contains("team could not be told"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_refusal_says_why_and_what_would_help() {
    let place = Place::new();
    let answer = fault(
        "closed",
        "dddddddd has 0 of 1 approvals",
        "greenroom approve prod",
    );
    place
        .server
        .on("POST /api/v1/stages/prod/commands", 422, answer);
    insta::assert_snapshot!("refused", place.run("promote prod").shown());
}

/// `live` is dev and prod.
fn grouped() -> Place {
    let place = Place::new();
    let live = ["dev", "prod"].map(StageName::from).to_vec();
    let both = greenroom_app::query::AppCard {
        groups: [("live".to_owned(), live)].into(),
        ..app(vec![green("dev"), green("qa"), gated("prod")])
    };
    place.server.on("GET /api/v1/board", 200, board(both));
    place
}

#[test]
fn a_command_to_a_group_is_one_to_each_of_its_stages_and_the_worst_end_is_told() {
    let place = grouped();
    let at = "POST /api/v1/stages/dev/commands?app=acme%2Forders";
    let card = json!({ "stage": green("dev") });
    place.server.on(at, 200, card);
    let at = "POST /api/v1/stages/prod/commands?app=acme%2Forders";
    let answer = fault("conflict", "carla locked it: no", "greenroom unlock prod");
    place.server.on(at, 409, answer);
    let ran = place.run("lock @live --reason releases");
    insta::assert_snapshot!("group", ran.shown());
    assert_eq!(ran.exit, 6);
    let ran = place.run("lock @live --reason releases --json");
    let said: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(said["stages"][0]["stage"]["stage"], "dev");
    assert_eq!(said["stages"][1]["error"]["code"], "conflict");
    assert_eq!(ran.exit, 6);
}

#[test]
fn what_is_decided_for_one_stage_is_no_command_to_a_group() {
    let place = grouped();
    let ran = place.run("rollback @live --reason slow");
    assert_eq!(ran.exit, 2);
    assert!(ran.stderr.contains("not about a group"), "{}", ran.stderr);
    let ran = place.run("lock @life --reason releases");
    assert_eq!(ran.exit, 5);
    assert!(
        ran.stderr.contains("did you mean `@live`?"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_board_of_a_group_has_its_stages_only() {
    let ran = grouped().run("status @live --json");
    let said: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let stages = said["apps"][0]["stages"].as_array().expect("stages");
    let names: Vec<_> = stages
        .iter()
        .filter_map(|it| it["stage"].as_str())
        .collect();
    assert_eq!(names, ["dev", "prod"]);
}
