//! What the doctor sees.

use serde_json::json;

use super::program::Place;
use super::samples::{ago, app, board, green, troubled};

fn apps() -> serde_json::Value {
    json!([{
        "id": 7, "name": "acme/orders", "default_branch": "refs/heads/main", "config": "ab",
        "config_from": { "from": "commit", "revision": "ab".repeat(20) }, "invalid": null,
    }])
}

#[test]
fn a_healthy_installation_has_nothing_to_mend() {
    let place = Place::new();
    place.server.on("GET /api/v1/apps", 200, apps());
    place.server.on("GET /api/v1/backlog", 200, json!([]));
    place
        .server
        .on("GET /api/v1/board", 200, board(app(vec![green("dev")])));
    let ran = place.run("doctor");
    assert_eq!(ran.exit, 0, "{}", ran.stdout);
    assert!(!ran.stdout.contains(['▲', '✕']), "{}", ran.stdout);
    assert_eq!(place.run("doctor --json").json()["ok"], true);
}

#[test]
fn what_is_wrong_is_told_with_its_fix() {
    let place = Place::new();
    let overdue = json!([{ "kind": "effect", "pending": 4, "overdue": 4, "oldest": ago(7_300) }]);
    place.server.on("GET /api/v1/apps", 200, apps());
    place.server.on("GET /api/v1/backlog", 200, overdue);
    place.server.on("GET /api/v1/board", 200, board(troubled()));
    let ran = place.run("doctor");
    assert_eq!(ran.exit, 1);
    let shown = ran.shown();
    // The first line tells the version of git, which is not ours.
    let rest = shown
        .split_once("✓ data folder")
        .map_or("", |(_, rest)| rest);
    insta::assert_snapshot!("doctor", rest);
}

#[cfg(unix)]
#[test]
fn a_token_that_others_can_read_is_a_failure() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.server.on("GET /api/v1/apps", 200, apps());
    place.server.on("GET /api/v1/backlog", 200, json!([]));
    place
        .server
        .on("GET /api/v1/board", 200, board(app(vec![green("dev")])));
    let token = place.folder.path().join("data/token");
    std::fs::set_permissions(token, std::fs::Permissions::from_mode(0o644)).expect("permissions");
    let ran = place.run("doctor");
    assert_eq!(ran.exit, 1);
    assert!(
        ran.stdout.contains("fix: chmod 600 data/token"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_missing_server_does_not_keep_the_rest_from_being_checked() {
    let place = Place::new();
    std::fs::remove_file(place.folder.path().join("data/address")).expect("removed");
    place.write("greenroom.yaml", "version: 1\n");
    let ran = place.run("doctor");
    assert_eq!(ran.exit, 1);
    assert!(ran.stdout.contains("✕ stage file"), "{}", ran.stdout);
    assert!(ran.stdout.contains("✕ server"), "{}", ran.stdout);
}

#[test]
fn channels_of_the_stage_file_are_listed() {
    let place = Place::new();
    let file = include_str!("../../../shared/core/tests/valid/design.yaml");
    place.write("greenroom.yaml", file);
    let ran = place.run("doctor");
    assert!(ran.stdout.contains("team (telegram)"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("mail (sns) only works on AWS"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_credential_that_lacks_something_is_told_with_its_fix() {
    let place = Place::new();
    let mend =
        json!([{ "what": "the credential lacks `Commit statuses: write`", "fix": "give it" }]);
    let access = json!([
        { "app": 7, "name": "acme/orders", "checked": true, "problems": mend, "warnings": [] },
        { "app": 8, "name": "acme/git", "checked": false, "problems": [], "warnings": [] },
        { "app": 9, "name": "acme/good", "checked": true, "problems": [], "warnings": [] },
    ]);
    place.server.on("GET /api/v1/apps", 200, apps());
    place.server.on("GET /api/v1/access", 200, access);
    place.server.on("GET /api/v1/backlog", 200, json!([]));
    place
        .server
        .on("GET /api/v1/board", 200, board(app(vec![green("dev")])));
    let ran = place.run("doctor");
    assert_eq!(ran.exit, 1);
    let told =
        "✕ credential: acme/orders: the credential lacks `Commit statuses: write`\n  fix: give it";
    assert!(ran.shown().contains(told), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("✓ credential: acme/good"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("acme/git"), "{}", ran.stdout);
}

#[test]
fn a_pipeline_that_never_asks_the_fence_is_told_with_its_fix() {
    let place = Place::new();
    let mend = json!([{ "what": "it never asks the fence", "fix": "add the action Admit" }]);
    let one = |name: &str, checked: bool, problems: &serde_json::Value| json!({ "pipeline": name, "stages": ["dev"], "checked": checked, "problems": problems, "warnings": [] });
    let none = json!([]);
    let all = json!([
        one("a", true, &mend),
        one("b", true, &none),
        one("c", false, &none)
    ]);
    place.server.on("GET /api/v1/apps", 200, apps());
    place
        .server
        .on("GET /api/v1/pipelines/existing?app=acme%2Forders", 200, all);
    place.server.on("GET /api/v1/backlog", 200, json!([]));
    place
        .server
        .on("GET /api/v1/board", 200, board(app(vec![green("dev")])));
    let ran = place.run("doctor");
    assert_eq!(ran.exit, 1);
    let told = "✕ pipeline: a: it never asks the fence\n  fix: add the action Admit";
    assert!(ran.shown().contains(told), "{}", ran.stdout);
    assert!(ran.stdout.contains("b asks the fence"), "{}", ran.stdout);
    assert!(ran.stdout.contains("only exists on AWS"), "{}", ran.stdout);
}
