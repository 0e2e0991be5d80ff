//! A channel gets so many messages in a window, and what is above in exactly one digest.

use greenroom_app::outbox;
use greenroom_app::ports::Ports as _;
use greenroom_app::ports::channels::SendError;
use greenroom_app::ports::store::Store as _;
use greenroom_app::records::AppRecord;
use greenroom_app::{keys, table};
use greenroom_core::effect::{Effect, HELD_MAX, News};
use greenroom_core::message::Kind;
use greenroom_core::policy::{CHANNEL_CAP, CHANNEL_WINDOW, FLAPPING_BREAKS, FLAPPING_WITHIN};
use greenroom_core::stage::Break;
use greenroom_testkit::world::{Fault, World};
use jiff::{SignedDuration, Timestamp};

use crate::STAGE_FILE;

/// A break that was told on `team`, alone in its window; from here on calls are counted.
fn world() -> (World, Break) {
    let mut world = World::new(STAGE_FILE);
    world.push("develop", "bob");
    turn_red(&mut world);
    let brk = world.stage("dev").and_then(|stage| stage.brk);
    world.pass(CHANNEL_WINDOW);
    world.ports().faults.plan_all(&[]);
    (world, brk.expect("it broke"))
}

fn turn_red(world: &mut World) {
    let source = &world.ports().source;
    let bad = source.commit("develop", "bob", "Break it", &[]);
    world.ports().suites.fail(&bad);
    world.told_of("develop", "bob", &bad);
    world.settle();
}

/// As if these episodes of `dev` had opened, or ended, just now; only `team` is to hear of it.
fn enter(world: &World, brk: &Break, episodes: impl Iterator<Item = u64>, over: bool) {
    let app: Option<table::Versioned<AppRecord>> = world
        .now(table::load(world.ports().store(), &keys::app(world.id)))
        .expect("the store answers");
    let config = app.and_then(|app| app.record.config).expect("a stage file");
    let (owner, at) = (world.stage_id("dev"), world.ports().now());
    for episode in episodes {
        let brk = Break {
            episode,
            ..brk.clone()
        };
        let release = brk.release.clone();
        let news = match over {
            true => News::Recovered { brk, release, at },
            false => News::Broke { brk, at },
        };
        let effect = Effect::Announce {
            stage: owner.stage.clone(),
            channel: "team".into(),
            config: config.clone(),
            news: Box::new(news),
        };
        let mut writes = Vec::new();
        let work = outbox::enter(&mut writes, &owner, effect, at).expect("it can be written");
        world
            .now(world.ports().store().commit(writes))
            .expect("the store answers");
        world.ports().hint(work);
    }
}

/// What arrived on `team` after the first break: the lines of digests, and of all else the subject;
/// in order.
fn heard(world: &World) -> Vec<String> {
    let told = world.ports().channels.told("team");
    let lines = told.iter().skip(1).flat_map(|one| match &one.kind {
        Kind::Digest { held, .. } => held.iter().map(|held| held.what.clone()).collect(),
        _ => vec![one.subject()],
    });
    lines.collect()
}

fn broke(episodes: impl Iterator<Item = u64>) -> Vec<String> {
    episodes
        .map(|n| format!("[dev] broke: 1 test (#{n})"))
        .collect()
}

fn recovered(episodes: impl Iterator<Item = u64>) -> Vec<String> {
    episodes
        .map(|n| format!("[dev] recovered after 10 min (#{n})"))
        .collect()
}

/// How many messages arrived on `team`, and how many of them were digests.
fn arrived(world: &World) -> (usize, usize) {
    let told = world.ports().channels.told("team");
    let digests = told.iter().skip(1);
    let digests = digests.filter(|one| matches!(one.kind, Kind::Digest { .. }));
    (told.len() - 1, digests.count())
}

const CAP: u64 = CHANNEL_CAP as u64;

#[test]
fn what_is_above_the_cap_is_in_one_digest_at_the_end_of_the_window() {
    let (mut world, brk) = world();
    enter(&world, &brk, 101..101 + CAP + 5, false);
    world.settle();
    assert_eq!(heard(&world), broke(101..101 + CAP));
    world.pass(CHANNEL_WINDOW - SignedDuration::from_secs(1));
    assert_eq!(arrived(&world), (10, 0));
    enter(&world, &brk, 200..201, false);
    world.pass(SignedDuration::from_secs(2));
    assert_eq!(arrived(&world), (11, 1));
    assert_eq!(
        heard(&world),
        broke((101..101 + CAP + 5).chain([200])),
        "in the order in which they came"
    );
    assert_eq!(world.leftovers(), Vec::<String>::new());
    enter(&world, &brk, 300..301, false);
    world.settle();
    assert_eq!(arrived(&world), (12, 1), "and then each by itself again");
}

#[test]
fn five_hundred_breaks_in_five_minutes_are_ten_messages_and_a_digest() {
    let (mut world, brk) = world();
    for minute in 0..5 {
        let first = 1000 + 100 * minute;
        enter(&world, &brk, first..first + 100, false);
        world.pass(SignedDuration::from_mins(1));
    }
    world.pass(CHANNEL_WINDOW);
    let told = world.ports().channels.told("team");
    assert_eq!(told.len(), 1 + 10 + 1);
    let Some(Kind::Digest { held, more }) = told.last().map(|one| &one.kind) else {
        panic!("{told:?}");
    };
    assert_eq!(held.len(), HELD_MAX);
    assert_eq!(held.len() + *more as usize, 490);
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_recovery_stands_behind_its_break_in_the_digest_or_comes_after_it() {
    let (mut world, brk) = world();
    enter(&world, &brk, 101..101 + CAP + 2, false);
    enter(&world, &brk, 110..101 + CAP + 2, true);
    world.settle();
    world.ports().channels.answer(
        "team",
        &[SendError::Ambiguous {
            why: "no answer".to_owned(),
        }],
    );
    world.pass(CHANNEL_WINDOW);
    world.pass(SignedDuration::from_secs(10));
    let told = world.ports().channels.told("team");
    let last = told.last().map(|last| last.possibly_repeated);
    assert_eq!(last, Some(true), "the digest came twice, perhaps");
    let first = broke(101..101 + CAP + 2);
    let both = [first, recovered(110..101 + CAP + 2)].concat();
    assert_eq!(heard(&world), both);
}

#[test]
fn a_recovery_waits_for_the_digest_that_tells_its_break() {
    let (mut world, brk) = world();
    enter(&world, &brk, 101..101 + CAP + 2, false);
    world.settle();
    let away = SendError::Unavailable {
        why: "no route".to_owned(),
    };
    world.ports().channels.kill("team", Some(away));
    world.pass(CHANNEL_WINDOW + SignedDuration::from_secs(1));
    // The digest was tried, and takes no more in; there is room for others beside it.
    enter(&world, &brk, 111..112, true);
    enter(&world, &brk, 300..301, false);
    world.settle();
    world.ports().channels.kill("team", None);
    enter(&world, &brk, 301..302, false);
    world.settle();
    assert_eq!(heard(&world).last(), broke(301..302).first());
    world.pass(SignedDuration::from_hours(8));
    let heard = heard(&world);
    let place = |line: &str| heard.iter().position(|one| one.contains(line));
    let (brk, over) = (place("broke: 1 test (#111)"), place("recovered after"));
    assert!(brk.is_some() && brk < over, "{heard:?}");
    assert_eq!(heard.len(), 10 + 2 + 3);
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_digest_that_could_not_be_told_is_in_the_next() {
    let (mut world, brk) = world();
    enter(&world, &brk, 101..101 + CAP + 2, false);
    world.settle();
    let away = SendError::Unavailable {
        why: "no route".to_owned(),
    };
    world.ports().channels.kill("team", Some(away));
    world.pass(CHANNEL_WINDOW);
    enter(&world, &brk, 201..201 + CAP + 2, false);
    world.settle();
    world.ports().channels.kill("team", None);
    world.pass(SignedDuration::from_hours(9));
    let mut heard = heard(&world);
    heard.sort();
    let mut all = broke((101..101 + CAP + 2).chain(201..201 + CAP + 2));
    all.sort();
    assert_eq!(heard, all, "each once");
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_channel_that_is_away_has_as_long_to_come_back_in_a_storm_as_in_a_calm() {
    let (mut world, brk) = world();
    let away = SendError::Unavailable {
        why: "no route".to_owned(),
    };
    world.ports().channels.kill("team", Some(away));
    let mut all = Vec::new();
    for n in 1..=8 {
        let first = 100 * n + 1;
        enter(&world, &brk, first..first + CAP + 2, false);
        all.extend(broke(first..first + CAP + 2));
        world.pass(CHANNEL_WINDOW);
    }
    world.ports().channels.kill("team", None);
    world.pass(SignedDuration::from_hours(9));
    let mut heard = heard(&world);
    heard.sort();
    all.sort();
    assert_eq!(heard, all, "each once");
}

#[test]
fn a_channel_that_is_dead_in_a_storm_is_said_to_be_on_another() {
    let (mut world, brk) = world();
    enter(&world, &brk, 101..101 + CAP + 2, false);
    world.settle();
    let dead = SendError::Refused {
        why: "the bot was blocked".to_owned(),
    };
    world.ports().channels.kill("team", Some(dead));
    world.pass(CHANNEL_WINDOW);
    let told = world.ports().channels.told("mail");
    let about = told.iter().find_map(|one| match &one.kind {
        Kind::Exhausted { about, .. } => Some(about.as_str()),
        _ => None,
    });
    assert_eq!(about, Some("a digest of 2 messages"));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

/// Every message is heard at least once, and one that nobody died over just once.
fn nothing_is_lost(fault: Fault) {
    let count = {
        let (mut world, brk) = world();
        enter(&world, &brk, 101..101 + CAP + 3, false);
        world.pass(CHANNEL_WINDOW);
        assert_eq!(arrived(&world), (11, 1));
        world.ports().faults.calls()
    };
    for nth in 1..=count {
        let (mut world, brk) = world();
        world.ports().faults.plan(nth, fault);
        enter(&world, &brk, 101..101 + CAP + 3, false);
        world.pass(CHANNEL_WINDOW);
        world.pass(SignedDuration::from_hours(1));
        let heard: std::collections::BTreeSet<_> = heard(&world).into_iter().collect();
        let all: std::collections::BTreeSet<_> = broke(101..101 + CAP + 3).into_iter().collect();
        assert_eq!(heard, all, "{fault:?} at call {nth}");
        assert!(arrived(&world).0 <= 13, "{fault:?} at call {nth}");
        assert_eq!(world.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn whoever_dies_at_whatever_call_no_message_of_a_storm_is_lost() {
    nothing_is_lost(Fault::DieBefore);
    nothing_is_lost(Fault::DieAfter);
}

#[test]
fn many_who_tell_one_channel_at_once_hold_each_other_up_and_nothing_is_lost() {
    let (mut world, brk) = world();
    enter(&world, &brk, 101..101 + CAP + 10, false);
    let due = world.pending();
    let apps: Vec<_> = due.iter().map(|_| world.another()).collect();
    world.ports().faults.take_turns(true);
    let tasks = due.iter().zip(&apps).map(|(due, app)| {
        Box::pin(async move { app.perform_due(due).await })
            as std::pin::Pin<Box<dyn Future<Output = ()> + '_>>
    });
    let turns: Vec<usize> = (0..apps.len() * 200).map(|n| n % apps.len()).collect();
    greenroom_testkit::world::together(tasks.collect(), &turns);
    world.ports().faults.take_turns(false);
    drop(apps);
    world.pass(CHANNEL_WINDOW);
    let mut heard = heard(&world);
    heard.sort();
    assert_eq!(heard, broke(101..101 + CAP + 10));
    assert_eq!(arrived(&world), (11, 1));
}

#[test]
fn what_is_told_is_counted() {
    let (mut world, brk) = world();
    enter(&world, &brk, 101..102, false);
    world.settle();
    let flow: Option<table::Versioned<greenroom_app::records::Flow>> = world
        .now(table::load(
            world.ports().store(),
            &keys::flow(world.id, &"team".into()),
        ))
        .expect("the store answers");
    let flow = flow.expect("it was counted").record;
    assert_eq!((flow.told, flow.digests), (1, 0));
    assert!(flow.since > Timestamp::UNIX_EPOCH);
}

#[test]
fn a_stage_that_flaps_and_stays_broken_is_told_both_and_that_it_recovered() {
    let mut world = World::new(STAGE_FILE);
    world.push("develop", "bob");
    for n in 1..=FLAPPING_BREAKS {
        turn_red(&mut world);
        if n < FLAPPING_BREAKS {
            world.push("develop", "bob");
        }
    }
    world.pass(FLAPPING_WITHIN);
    world.push("develop", "bob");
    for channel in ["team", "mail"] {
        let told = world.ports().channels.told(channel);
        assert_eq!(told.len(), 2 * (FLAPPING_BREAKS - 1) + 3);
        let last = &told[told.len() - 3..];
        let kinds: Vec<_> = last.iter().map(|one| &one.kind).collect();
        assert!(
            matches!(
                kinds[..],
                [
                    Kind::Flapping { breaks: 4, .. },
                    Kind::Broke,
                    Kind::Recovered { .. }
                ]
            ),
            "{channel}: {kinds:?}"
        );
        assert_eq!(last[1].flapped, Some(4));
        assert_eq!(last[0].thread(), last[1].thread());
    }
    assert_eq!(world.leftovers(), Vec::<String>::new());
}
