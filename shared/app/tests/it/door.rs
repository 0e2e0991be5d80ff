//! What the door answers, and what it keeps.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use greenroom_app::door::{BODY_MAX, Webhook};
use greenroom_app::records::DeliveryStatus;
use greenroom_core::name::DeliveryId;
use greenroom_testkit::github_payloads::{self, sign};
use greenroom_testkit::world::{SECRET, World, secrets, together};

use crate::STAGE_FILE;

fn status(world: &World, id: &str) -> Option<DeliveryStatus> {
    let read = world.now(world.app.delivery(&DeliveryId::new(id)));
    Some(read.expect("the store answers")?.record.status)
}

/// Answers of a door that gets `change` of a good push.
fn refused(change: impl FnOnce(&mut Webhook<'_>)) -> u16 {
    let world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "x", &[]);
    let body = world.push_body("develop", "bob", &revision);
    let signature = sign(SECRET, body.as_bytes());
    let mut webhook = Webhook {
        content_type: Some("application/json; charset=utf-8"),
        event: Some("push"),
        delivery: Some("d-1"),
        signature: Some(signature.as_bytes()),
        body: body.as_bytes(),
    };
    change(&mut webhook);
    let calls = world.ports().faults.calls();
    // Not by `World::now`, which counts no calls.
    let asked =
        pin!(world.app.webhook(&webhook, &secrets())).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(answer) = asked else {
        panic!("every port answers at once");
    };
    if answer.status == 202 {
        assert!(
            world.ports().faults.calls() > calls,
            "what is taken in is stored"
        );
    }
    if answer.status != 202 {
        assert_eq!(
            world.ports().faults.calls(),
            calls,
            "a refusal costs nothing"
        );
        assert_eq!(status(&world, "d-1"), None);
        let error = &answer.body["error"];
        assert!(error["message"].is_string() && error["help"].is_string());
    }
    answer.status
}

#[test]
fn a_good_push_is_taken_in() {
    assert_eq!(refused(|_| {}), 202);
}

#[test]
fn the_wrong_secret_or_none_is_refused() {
    let other: &str = sign("another", b"{}").leak();
    assert_eq!(refused(|it| it.signature = Some(other.as_bytes())), 401);
    assert_eq!(refused(|it| it.signature = None), 401);
    assert_eq!(refused(|it| it.signature = Some(b"sha1=00")), 401);
    assert_eq!(refused(|it| it.signature = Some(&[0xff; 80])), 401);
}

#[test]
fn only_json_is_read() {
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(refused(|it| it.content_type = form), 415);
    assert_eq!(refused(|it| it.content_type = None), 415);
    assert_eq!(
        refused(|it| it.content_type = Some("text/plain\u{1b}[31m")),
        415
    );
}

#[test]
fn headers_must_be_there_and_be_what_they_say() {
    assert_eq!(refused(|it| it.event = None), 400);
    assert_eq!(refused(|it| it.delivery = None), 400);
    assert_eq!(refused(|it| it.delivery = Some("")), 400);
    assert_eq!(refused(|it| it.delivery = Some("a/../b")), 400);
    let long: &str = "a".repeat(101).leak();
    assert_eq!(refused(|it| it.delivery = Some(long)), 400);
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let large: &[u8] = vec![b' '; BODY_MAX + 1].leak();
    assert_eq!(refused(|it| it.body = large), 413);
}

#[test]
fn deep_json_and_no_json_are_refused_with_a_sentence() {
    let world = World::new(STAGE_FILE);
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(world.post("push", "d-2", &deep).status, 400);
    assert_eq!(world.post("push", "d-2", "{").status, 400);
    assert_eq!(world.post("push", "d-2", "{}").status, 400);
    assert_eq!(status(&world, "d-2"), None);
}

#[test]
fn a_ping_is_answered_and_other_events_are_ignored_without_being_kept() {
    let world = World::new(STAGE_FILE);
    let ping = github_payloads::ping(&world.github(), 7, &github_payloads::Person::new("olga", 1));
    assert_eq!(world.post("ping", "d-3", &ping).status, 200);
    let answer = world.post("star", "d-4", "{}");
    assert_eq!(
        (answer.status, answer.body["status"].as_str()),
        (202, Some("ignored"))
    );
    assert_eq!(status(&world, "d-4"), None);
}

#[test]
fn nothing_is_acknowledged_while_the_store_is_away() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "x", &[]);
    let body = world.push_body("develop", "bob", &revision);
    world.ports().store.set_away(true);
    let answer = world.post("push", "d-5", &body);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body["error"]["retryable"], true);
    world.ports().store.set_away(false);
    assert_eq!(status(&world, "d-5"), None);
    assert_eq!(world.post("push", "d-5", &body).status, 202);
    world.settle();
    assert_eq!(world.green("dev"), Some(revision));
}

#[test]
fn a_second_copy_is_told_what_became_of_the_first_and_changes_nothing() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "x", &[]);
    let body = world.push_body("develop", "bob", &revision);
    assert_eq!(world.post("push", "d-6", &body).body["again"], false);
    assert_eq!(world.post("push", "d-6", &body).body["status"], "received");
    world.settle();
    let answer = world.post("push", "d-6", &body);
    assert_eq!(answer.body["status"], "decided");
    assert_eq!(answer.body["again"], true);
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn two_copies_at_once_are_one_delivery_in_any_order_of_their_calls() {
    for order in [[0, 1], [1, 0], [0, 0], [1, 1]] {
        let mut world = World::new(STAGE_FILE);
        let revision = world.ports().source.commit("develop", "bob", "x", &[]);
        let body = world.push_body("develop", "bob", &revision);
        let signature = sign(SECRET, body.as_bytes());
        let webhook = Webhook {
            content_type: Some("application/json"),
            event: Some("push"),
            delivery: Some("d-7"),
            signature: Some(signature.as_bytes()),
            body: body.as_bytes(),
        };
        let secrets = secrets();
        world.ports().faults.take_turns(true);
        let one = || {
            Box::pin(async { assert_eq!(world.app.webhook(&webhook, &secrets).await.status, 202) })
        };
        together(vec![one(), one()], &order);
        let id = DeliveryId::new("d-7");
        let decide = || Box::pin(async { Box::pin(world.app.decide(&id)).await.expect("decided") });
        together(vec![decide(), decide()], &order);
        world.ports().faults.take_turns(false);
        world.settle();
        assert_eq!(world.green("dev"), Some(revision));
        assert_eq!(world.stage("dev").map(|stage| stage.generation), Some(1));
    }
}

#[test]
fn a_parked_delivery_that_is_redelivered_is_tried_again() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "x", &[]);
    let body = world.push_body("develop", "bob", &revision);
    world.ports().source.set_away(true);
    assert_eq!(world.post("push", "d-8", &body).status, 202);
    world.pass(jiff::SignedDuration::from_hours(12));
    assert!(matches!(
        status(&world, "d-8"),
        Some(DeliveryStatus::Parked { .. })
    ));
    let attention = |world: &World| {
        let all = world.now(world.app.board(None)).expect("the board");
        all.apps
            .iter()
            .map(|app| app.attention.len())
            .sum::<usize>()
    };
    assert_eq!(attention(&world), 1, "a parked delivery is shown");
    world.ports().source.set_away(false);
    assert_eq!(world.post("push", "d-8", &body).status, 202);
    world.settle();
    // The refresh that could not read its head tries again by itself.
    world.pass(jiff::SignedDuration::from_mins(15));
    assert_eq!(world.green("dev"), Some(revision));
    assert_eq!(attention(&world), 0, "and is shown no more");
    assert_eq!(world.leftovers(), Vec::<String>::new());
}
