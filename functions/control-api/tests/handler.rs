//! Requests of the HTTP API, over a world in memory.

use std::time::Duration;

use control_api::handler::{Handler, Tokens};
use greenroom_lambda::http::Response;
use greenroom_lambda::{Hinting, Until};
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::World;
use secrecy::SecretString;
use serde_json::{Value, json};

const TOKEN: &str = "the token of this installation";

/// A token, and the one it was changed to meanwhile.
#[derive(Debug)]
struct Kept {
    known: Option<&'static str>,
    fresh: Option<&'static str>,
}

impl Tokens for &Kept {
    async fn known(&self) -> Option<SecretString> {
        self.known.map(SecretString::from)
    }

    async fn fresh(&self) -> Option<SecretString> {
        self.fresh.map(SecretString::from)
    }
}

const GOOD: Kept = Kept {
    known: Some(TOKEN),
    fresh: None,
};

/// The captured request with another method and address.
fn event(method: &str, path: &str, query: &str) -> Value {
    let text = include_str!("events/get.json")
        .replace("METHOD", method)
        .replace("PATH", path)
        .replace("QUERY", query)
        .replace("TOKEN", TOKEN);
    serde_json::from_str(&text).expect("it is JSON")
}

async fn answer(world: &World, tokens: &Kept, event: &Value) -> Response {
    let app = Hinting::app(world.ports().clone(), world.another().settings);
    Handler::new(app, tokens)
        .handle(&event.to_string(), Until::within(Duration::from_secs(20)))
        .await
        .expect("it never fails")
}

fn green() -> World {
    let mut world = World::new(DEV);
    world.push("develop", "bob");
    world
}

#[tokio::test]
async fn the_board_is_told_to_whoever_has_the_token() {
    let world = green();
    let answer = answer(&world, &GOOD, &event("GET", "/api/v1/board", "")).await;
    assert_eq!(answer.status_code, 200, "{}", answer.body);
    assert!(answer.headers.contains_key("etag"));
    let board: Value = serde_json::from_str(&answer.body).expect("it is JSON");
    assert!(board.to_string().contains("\"dev\""), "{board}");
}

#[tokio::test]
async fn nobody_else_is_told_anything() {
    let world = green();
    let mut none = event("GET", "/api/v1/board", "");
    none["headers"]
        .as_object_mut()
        .expect("an object")
        .remove("authorization");
    assert_eq!(answer(&world, &GOOD, &none).await.status_code, 401);
    let mut wrong = event("GET", "/api/v1/board", "");
    wrong["headers"]["authorization"] = "Bearer another".into();
    assert_eq!(answer(&world, &GOOD, &wrong).await.status_code, 401);
    let health = answer(&world, &GOOD, &event("GET", "/healthz", "")).await;
    assert_eq!((health.status_code, health.body.as_str()), (200, "ok\n"));
}

#[tokio::test]
async fn a_token_changed_meanwhile_is_read_again() {
    let world = green();
    let changed = Kept {
        known: Some("the token before that"),
        fresh: Some(TOKEN),
    };
    let answer = answer(&world, &changed, &event("GET", "/api/v1/board", "")).await;
    assert_eq!(answer.status_code, 200);
}

#[tokio::test]
async fn without_a_token_in_force_nobody_is_let_in() {
    let world = green();
    for known in [None, Some(""), Some("  ")] {
        let tokens = Kept { known, fresh: None };
        let mut event = event("GET", "/api/v1/board", "");
        event["headers"]["authorization"] = "Bearer ".into();
        assert_eq!(answer(&world, &tokens, &event).await.status_code, 503);
    }
}

#[tokio::test]
async fn a_command_is_done_once_it_is_answered() {
    let mut world = green();
    let mut event = event("POST", "/api/v1/stages/dev/commands", "app=acme%2Forders");
    event["headers"]["content-type"] = "application/json".into();
    event["body"] = json!({ "by": "olga", "command": { "command": "lock", "reason": "release week", "until": null } })
        .to_string()
        .into();
    let told = answer(&world, &GOOD, &event).await;
    assert_eq!(told.status_code, 200, "{}", told.body);
    world.settle();
    assert!(world.stage("dev").is_some_and(|stage| stage.lock.is_some()));
}

#[tokio::test]
async fn what_is_only_on_one_machine_is_not_here() {
    let world = green();
    for path in [
        "/api/v1/counters",
        "/api/v1/runs/dev/1/log",
        "/elsewhere",
        "/webhooks/github",
    ] {
        let answer = answer(&world, &GOOD, &event("GET", path, "")).await;
        assert_eq!(answer.status_code, 404, "{path}");
        assert!(answer.body.contains("\"not_found\""), "{path}");
    }
}

#[tokio::test]
async fn an_app_on_aws_is_read_by_githubs_api() {
    let world = World::empty();
    let mut asked = event("POST", "/api/v1/apps", "");
    asked["body"] = json!({ "name": "acme/orders", "git": "/srv/git/orders" })
        .to_string()
        .into();
    assert_eq!(answer(&world, &GOOD, &asked).await.status_code, 400);
    world
        .ports()
        .source
        .commit("master", "olga", "Begin", &[("greenroom.yaml", DEV)]);
    asked["body"] = json!({ "name": "acme/orders" }).to_string().into();
    let added = answer(&world, &GOOD, &asked).await;
    assert_eq!(added.status_code, 200, "{}", added.body);
}
