//! Requests of the HTTP API, over a world in memory.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use greenroom_core::name::DeliveryId;
use greenroom_github::Secrets;
use greenroom_lambda::Until;
use greenroom_lambda::http::Response;
use greenroom_testkit::github_payloads::sign;
use greenroom_testkit::golden::DEV;
use greenroom_testkit::world::{SECRET, World, secrets};
use serde_json::Value;
use webhook_receiver::handler::{Handler, LiveSecrets};

/// Secrets of which one may have been rotated meanwhile.
#[derive(Debug)]
struct Known {
    now: Option<Secrets>,
    fresh: Option<Secrets>,
    read: AtomicU32,
}

impl Known {
    fn good() -> Self {
        Self {
            now: Some(secrets()),
            fresh: None,
            read: AtomicU32::new(0),
        }
    }

    fn rotated() -> Self {
        let old = Secrets::new("the secret before", None).expect("it is not blank");
        Self {
            now: Some(old),
            fresh: Some(secrets()),
            read: AtomicU32::new(0),
        }
    }
}

impl LiveSecrets for &Known {
    async fn known(&self) -> Option<Secrets> {
        self.now.clone()
    }

    async fn fresh(&self) -> Option<Secrets> {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.fresh.clone()
    }
}

/// A push of a new commit, as the API hands it on.
fn push(world: &mut World) -> (String, Value) {
    let revision = world.ports().source.commit("develop", "bob", "Change", &[]);
    let body = world.push_body("develop", "bob", &revision);
    let id = world.delivery();
    let mut event: Value =
        serde_json::from_str(include_str!("events/push.json")).expect("it is JSON");
    event["headers"]["x-github-delivery"] = id.clone().into();
    event["headers"]["x-hub-signature-256"] = sign(SECRET, body.as_bytes()).into();
    event["body"] = body.into();
    (id, event)
}

async fn answer(world: &World, secrets: &Known, event: &Value) -> Response {
    Handler::new(world.another(), secrets)
        .handle(&event.to_string(), Until::within(Duration::from_secs(10)))
        .await
        .expect("it never fails")
}

fn is_kept(world: &World, id: &str) -> bool {
    let read = world.now(world.app.delivery(&DeliveryId::new(id)));
    read.expect("the store answers").is_some()
}

#[tokio::test]
async fn a_signed_push_is_kept_and_then_acknowledged() {
    let mut world = World::new(DEV);
    let (id, event) = push(&mut world);
    let answer = answer(&world, &Known::good(), &event).await;
    assert_eq!(answer.status_code, 202, "{}", answer.body);
    assert!(is_kept(&world, &id));
    world.settle();
    world.pass(jiff::SignedDuration::from_mins(1));
    assert!(world.green("dev").is_some());
}

#[tokio::test]
async fn a_body_in_base64_has_the_same_signature() {
    use base64::Engine as _;
    let mut world = World::new(DEV);
    let (id, mut event) = push(&mut world);
    let body = event["body"].as_str().expect("a text").to_owned();
    event["body"] = base64::engine::general_purpose::STANDARD
        .encode(body)
        .into();
    event["isBase64Encoded"] = true.into();
    let answer = answer(&world, &Known::good(), &event).await;
    assert_eq!(answer.status_code, 202, "{}", answer.body);
    assert!(is_kept(&world, &id));
}

#[tokio::test]
async fn a_changed_body_is_refused_and_nothing_is_kept() {
    let mut world = World::new(DEV);
    let (id, mut event) = push(&mut world);
    let body = event["body"]
        .as_str()
        .expect("a text")
        .replace("bob", "eve");
    event["body"] = body.into();
    let known = Known::good();
    assert_eq!(answer(&world, &known, &event).await.status_code, 401);
    assert!(!is_kept(&world, &id));
    assert_eq!(
        known.read.load(Ordering::Relaxed),
        1,
        "it may have been rotated"
    );
}

#[tokio::test]
async fn without_a_signature_the_secret_is_not_read_again() {
    let mut world = World::new(DEV);
    let (_, mut event) = push(&mut world);
    let headers = event["headers"].as_object_mut().expect("an object");
    headers.remove("x-hub-signature-256");
    let known = Known::good();
    assert_eq!(answer(&world, &known, &event).await.status_code, 401);
    assert_eq!(known.read.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_secret_rotated_meanwhile_is_read_again() {
    let mut world = World::new(DEV);
    let (id, event) = push(&mut world);
    let known = Known::rotated();
    let answer = answer(&world, &known, &event).await;
    assert_eq!(answer.status_code, 202, "{}", answer.body);
    assert!(is_kept(&world, &id));
}

#[tokio::test]
async fn without_a_secret_nothing_is_taken() {
    let mut world = World::new(DEV);
    let (id, event) = push(&mut world);
    let none = Known {
        now: None,
        ..Known::good()
    };
    assert_eq!(answer(&world, &none, &event).await.status_code, 503);
    assert!(!is_kept(&world, &id));
}

#[tokio::test]
async fn a_table_that_is_away_is_no_acknowledgement() {
    let mut world = World::new(DEV);
    let (_, event) = push(&mut world);
    world.ports().store.set_away(true);
    assert_eq!(
        answer(&world, &Known::good(), &event).await.status_code,
        503
    );
}

#[tokio::test]
async fn a_body_too_large_is_refused_before_it_is_read() {
    let mut world = World::new(DEV);
    let (_, mut event) = push(&mut world);
    event["isBase64Encoded"] = true.into();
    event["body"] = "%".repeat(34 * 1024 * 1024).into();
    assert_eq!(
        answer(&world, &Known::good(), &event).await.status_code,
        413
    );
}

#[tokio::test]
async fn what_is_no_request_is_answered_all_the_same() {
    let world = World::new(DEV);
    let answer = answer(&world, &Known::good(), &serde_json::json!({})).await;
    assert_eq!(answer.status_code, 400);
}
