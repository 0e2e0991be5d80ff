//! Webhook requests: what is not signed costs nothing, what is signed is kept whole or not at all.
//!
//! An input is a request: `event`, `delivery`, `content-type` and `signature` as header lines, an
//! empty line, the body. `signature: ours` and `signature: previous` are made for whatever the body
//! is, so that what lies behind the signature is reached. With `payload: push` (and so on) the body
//! is one of GitHub's own, and the lines after the empty one are changes of it. With `app: yes` the
//! repository is under control, and what was taken in is decided about.

mod payload;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use greenroom_app::door::{Answer, BODY_MAX, Webhook};
use greenroom_app::records::DeliveryStatus;
use greenroom_core::name::DeliveryId;
use greenroom_github::Secrets;
use greenroom_testkit::github_payloads::sign;
use greenroom_testkit::world::{SECRET, World};

use crate::sections::Sections;

/// What was used before [`SECRET`], and is still good.
const PREVIOUS: &str = "the secret before that";

/// What the app under control says. Its channels and suites answer at once.
const STAGE_FILE: &str = include_str!("../corpus/stage_file/every-kind.yaml");

/// What a delivery may take in the table, in bytes.
const RECORD_MAX: usize = 200 * 1024;

/// # Panics
/// When a promise is broken.
pub fn run(data: &[u8]) {
    let sections = Sections::of(data);
    let body = match sections.text("payload") {
        Some(name) => payload::changed(name, sections.body),
        None => sections.body.to_vec(),
    };
    let signature = signature(sections.bytes("signature").unwrap_or(b"ours"), &body);
    let request = Webhook {
        content_type: sections.text("content-type"),
        event: sections.text("event"),
        delivery: sections.text("delivery"),
        signature: signature.as_deref(),
        body: &body,
    };
    let mut world = match sections.text("app") {
        Some("yes") => World::new(STAGE_FILE),
        _ => World::empty(),
    };
    let secrets = Secrets::new(SECRET, Some(PREVIOUS)).expect("neither secret is blank");
    let calls = world.ports().faults.calls();
    let answer = at_once(world.app.webhook(&request, &secrets));
    well_formed(&answer);
    if !is_signed(&request) {
        assert!(answer.status >= 400, "taken in unsigned: {answer:?}");
    }
    if answer.body["status"] == "received" {
        kept(&mut world, &request, &secrets);
        if sections.text("app") == Some("yes") {
            world.settle();
            let read = delivery(&world, &request).expect("it stays in the inbox");
            assert_ne!(read, DeliveryStatus::Received, "it is never decided about");
        }
    } else {
        assert_eq!(
            world.ports().faults.calls(),
            calls,
            "{answer:?} costs something"
        );
    }
}

/// The value of the header, made for this body if that is asked for.
fn signature(wanted: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    match wanted {
        b"none" => None,
        b"ours" => Some(sign(SECRET, body).into_bytes()),
        b"previous" => Some(sign(PREVIOUS, body).into_bytes()),
        b"another" => Some(sign("another", body).into_bytes()),
        raw => Some(raw.to_vec()),
    }
}

/// Whether the signature is one of the two there can be.
fn is_signed(request: &Webhook<'_>) -> bool {
    let signature = request.signature.map(<[u8]>::to_ascii_lowercase);
    let good = |secret| Some(sign(secret, request.body).into_bytes()) == signature;
    good(SECRET) || good(PREVIOUS)
}

/// Polls once: nothing in a world waits. Calls are counted, which they are not by `World::now`.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a call was not answered at once"),
    }
}

fn well_formed(answer: &Answer) {
    let text = answer.body.to_string();
    let again: serde_json::Value = serde_json::from_str(&text).expect("the answer is JSON");
    assert_eq!(again, answer.body);
    match answer.status {
        200 | 202 => assert!(answer.body["status"].is_string(), "{text}"),
        400 | 401 | 413 | 415 => {
            let error = &answer.body["error"];
            for said in ["code", "message", "help"] {
                assert!(
                    error[said].as_str().is_some_and(|said| !said.is_empty()),
                    "{text}"
                );
            }
            assert_eq!(error["retryable"], false);
            assert!(text.len() < 8 * 1024, "a long refusal: {text}");
        }
        other => panic!("{other} {text}"),
    }
}

/// It is in the table as it was taken in, once.
fn kept(world: &mut World, request: &Webhook<'_>, secrets: &Secrets) {
    assert!(request.body.len() <= BODY_MAX);
    assert_eq!(delivery(world, request), Some(DeliveryStatus::Received));
    let largest = world.ports().store.largest();
    assert!(largest.value <= RECORD_MAX, "{largest:?}");
    let commits = world.ports().store.counters().commits;
    let again = at_once(world.app.webhook(request, secrets));
    assert_eq!((again.status, &again.body["again"]), (202, &true.into()));
    assert_eq!(world.ports().store.counters().commits, commits);
}

fn delivery(world: &World, request: &Webhook<'_>) -> Option<DeliveryStatus> {
    let id = DeliveryId::new(request.delivery.unwrap_or_default());
    let read = world
        .now(world.app.delivery(&id))
        .expect("the record can be read");
    read.map(|read| read.record.status)
}
