//! Told once per episode and channel, and never silently not told.

use greenroom_app::ports::channels::SendError;
use greenroom_core::message::Kind;
use greenroom_testkit::world::{Fault, World};
use jiff::SignedDuration;

use crate::STAGE_FILE;

/// `dev` breaks.
fn broken() -> World {
    let mut world = World::new(STAGE_FILE);
    world.push("develop", "bob");
    world
}

fn break_it(world: &mut World) {
    let bad = world
        .ports()
        .source
        .commit("develop", "bob", "Break it", &[]);
    world.ports().suites.fail(&bad);
    world.told_of("develop", "bob", &bad);
    world.settle();
}

fn attention(world: &World) -> Vec<String> {
    let board = world.now(world.app.board(None)).expect("the board");
    let all = board.apps.into_iter().flat_map(|app| app.attention);
    all.map(|attention| attention.code).collect()
}

#[test]
fn a_break_is_told_once_per_channel_however_often_it_stays_red() {
    let mut world = broken();
    break_it(&mut world);
    break_it(&mut world);
    for channel in ["team", "mail"] {
        let told = world.ports().channels.told(channel);
        assert_eq!(told.len(), 1, "{channel}");
        assert_eq!(told[0].kind, Kind::Broke);
        assert_eq!(told[0].suspects.len(), 1);
    }
    let fixed = world.push("develop", "bob");
    assert_eq!(world.green("dev"), Some(fixed));
    assert_eq!(world.ports().channels.told("team").len(), 2);
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn an_answer_that_never_came_is_repeated_and_says_so() {
    let mut world = broken();
    let lost = SendError::Ambiguous {
        why: "no answer".to_owned(),
    };
    world.ports().channels.answer("team", &[lost]);
    break_it(&mut world);
    world.pass(SignedDuration::from_mins(1));
    let told = world.ports().channels.told("team");
    assert_eq!(told.len(), 1);
    assert!(told[0].possibly_repeated);
    assert!(!world.ports().channels.told("mail")[0].possibly_repeated);
}

#[test]
fn a_sender_that_was_frozen_beyond_its_claim_leaves_the_message_to_others() {
    let mut calm = broken();
    calm.ports().faults.plan_all(&[]);
    break_it(&mut calm);
    let trace = calm.ports().faults.trace();
    let send = trace.iter().position(|call| call.name == "channels.send");
    // Calls are counted from 1: this is the one before the first message is sent.
    let before = send.expect("a message is sent");
    let mut world = broken();
    let frozen = u64::try_from(before).expect("a small number");
    world.ports().faults.plan(frozen, Fault::ZombieAfter);
    break_it(&mut world);
    assert!(world.ports().faults.fired());
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(world.ports().channels.told("team").len(), 1);
    assert!(world.thaw_all(), "the first sender goes on");
    assert_eq!(world.ports().channels.told("team").len(), 1);
    assert_eq!(world.ports().channels.told("mail").len(), 1);
}

#[test]
fn a_throttled_channel_is_left_alone_for_as_long_as_it_asks() {
    let mut world = broken();
    let wait = SendError::Throttled {
        retry_after: std::time::Duration::from_mins(3),
    };
    world.ports().channels.answer("team", &[wait]);
    break_it(&mut world);
    world.pass(SignedDuration::from_secs(179));
    assert_eq!(world.ports().channels.told("team").len(), 0);
    world.pass(SignedDuration::from_mins(2));
    let told = world.ports().channels.told("team");
    assert_eq!(told.len(), 1);
    assert!(!told[0].possibly_repeated, "it certainly did not arrive");
}

#[test]
fn a_chat_that_moved_is_told_there_and_remembered() {
    let mut world = broken();
    let lost = SendError::Ambiguous {
        why: "no answer".to_owned(),
    };
    let moved = SendError::Moved {
        chat: "-2002".to_owned(),
    };
    world.ports().channels.answer("team", &[lost, moved]);
    break_it(&mut world);
    world.pass(SignedDuration::from_mins(1));
    world.push("develop", "bob");
    let tries = world.ports().channels.tries();
    let chats: Vec<_> = tries.iter().filter_map(|one| one.chat.as_deref()).collect();
    assert_eq!(chats, ["-1001", "-1001", "-2002", "-2002"]);
    let told = world.ports().channels.told("team");
    assert!(told[0].possibly_repeated, "also where it moved to");
}

#[test]
fn people_who_give_a_moved_chat_another_address_are_heard() {
    let mut world = broken();
    let moved = SendError::Moved {
        chat: "-2002".to_owned(),
    };
    world.ports().channels.answer("team", &[moved]);
    break_it(&mut world);
    let other = STAGE_FILE.replace("chat: -1001", "chat: -3003");
    let file = world
        .ports()
        .source
        .commit("master", "olga", "x", &[("greenroom.yaml", &other)]);
    world.told_of("master", "olga", &file);
    world.settle();
    world.push("develop", "bob");
    let tries = world.ports().channels.tries();
    let last = tries.iter().rev().find_map(|one| one.chat.clone());
    assert_eq!(last.as_deref(), Some("-3003"));
}

#[test]
fn a_dead_channel_is_told_on_another_and_shown_until_it_works() {
    let mut world = broken();
    let dead = SendError::Refused {
        why: "the bot was blocked".to_owned(),
    };
    world.ports().channels.kill("team", Some(dead));
    break_it(&mut world);
    let told = world.ports().channels.told("mail");
    let exhausted = told.iter().find_map(|one| match &one.kind {
        Kind::Exhausted {
            attempts, about, ..
        } => Some((*attempts, about.clone())),
        _ => None,
    });
    assert_eq!(exhausted, Some((1, "that dev broke (#1)".to_owned())));
    assert_eq!(attention(&world), ["channel_exhausted"]);
    world.ports().channels.kill("team", None);
    world.push("develop", "bob");
    assert_eq!(attention(&world), Vec::<String>::new());
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_recovery_is_told_after_its_break_on_a_channel_that_was_away() {
    let mut world = broken();
    let away = SendError::Unavailable {
        why: "no route".to_owned(),
    };
    world.ports().channels.kill("team", Some(away));
    break_it(&mut world);
    world.push("develop", "bob");
    assert_eq!(world.ports().channels.told("team").len(), 0);
    world.ports().channels.kill("team", None);
    world.pass(SignedDuration::from_hours(8));
    let told = world.ports().channels.told("team");
    let kinds: Vec<_> = told.iter().map(|one| &one.kind).collect();
    assert!(
        matches!(kinds.as_slice(), [Kind::Broke, Kind::Recovered { .. }]),
        "{kinds:?}"
    );
}

#[test]
fn a_channel_that_stays_away_is_given_up_after_its_ladder() {
    let mut world = broken();
    let away = SendError::Unavailable {
        why: "no route".to_owned(),
    };
    world.ports().channels.kill("team", Some(away.clone()));
    world.ports().channels.kill("mail", Some(away));
    break_it(&mut world);
    world.pass(SignedDuration::from_hours(20));
    assert_eq!(
        attention(&world),
        ["channel_exhausted", "channel_exhausted"]
    );
    assert_eq!(
        world.leftovers(),
        Vec::<String>::new(),
        "and does not go on for ever"
    );
}

#[test]
fn a_test_message_is_sent_and_its_end_can_be_asked_for() {
    let mut world = World::new(STAGE_FILE);
    let id = world.now(world.app.notify_test(world.id, &"team".into()));
    let id = id.expect("a channel");
    assert!(world.now(world.app.effect(&id)).expect("read").is_some());
    world.settle();
    assert!(world.now(world.app.effect(&id)).expect("read").is_none());
    assert_eq!(world.ports().channels.told("team").len(), 1);
    assert!(
        world
            .now(world.app.notify_test(world.id, &"nobody".into()))
            .is_err()
    );
}
