//! The sweep: everything pending is found, poison keeps nobody waiting.

use greenroom_app::ports::store::{Condition, Key, Store as _, Write};
use greenroom_app::sweep::Due;
use greenroom_app::work::Work;
use greenroom_app::{keys, table};
use greenroom_core::name::DeliveryId;
use greenroom_testkit::world::{Fault, World};
use jiff::{SignedDuration, Timestamp};

use crate::STAGE_FILE;

fn commit(world: &World, writes: Vec<Write>) {
    let done = world.now(greenroom_app::ports::Ports::store(world.ports()).commit(writes));
    done.expect("the store answers");
}

fn garbage(key: Key) -> Write {
    Write::Put {
        key,
        value: b"not a record".to_vec(),
        condition: Condition::Any,
    }
}

#[test]
fn a_marker_that_nobody_owns_is_taken_away() {
    let mut world = World::new(STAGE_FILE);
    let gone = Work::Delivery(DeliveryId::new("gone"));
    commit(
        &world,
        vec![table::mark(gone.marker(Timestamp::UNIX_EPOCH))],
    );
    world.settle();
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn what_was_put_off_and_is_not_due_yet_keeps_a_marker() {
    let mut world = World::new(STAGE_FILE);
    world.hints = false;
    world.ports().pipelines.set_away(true);
    world.push("develop", "bob");
    world.pass(SignedDuration::from_mins(1));
    let pending = world.pending();
    let effect = |due: &&Due| matches!(due.work, Work::Effect(_));
    let effect = pending.iter().find(effect).expect("a start that waits");
    // As when it failed, was put off, and is looked at by a clock that is slower.
    let put_off = Due {
        marker: effect.work.marker(Timestamp::UNIX_EPOCH),
        ..effect.clone()
    };
    let moved = vec![
        table::mark(put_off.marker.clone()),
        table::unmark(effect.marker.clone()),
    ];
    commit(&world, moved);
    world.now(world.app.perform_due(&put_off));
    let markers = |all: Vec<Due>| all.into_iter().map(|due| due.marker).collect::<Vec<_>>();
    assert_eq!(markers(world.pending()), markers(pending));
}

#[test]
fn what_two_processes_found_is_put_off_once() {
    let world = World::new(STAGE_FILE);
    let id = DeliveryId::new("poison");
    let marker = Work::Delivery(id.clone()).marker(Timestamp::UNIX_EPOCH);
    commit(
        &world,
        vec![garbage(keys::delivery(&id)), table::mark(marker.clone())],
    );
    let of_it = |due: Due| (due.work == Work::Delivery(id.clone())).then_some(due);
    let found: Vec<Due> = world.pending().into_iter().filter_map(of_it).collect();
    let [found] = found.as_slice() else {
        panic!("one marker: {found:?}");
    };
    world.now(world.app.perform_due(found));
    world.now(world.app.perform_due(found));
    let left: Vec<Due> = world.pending().into_iter().filter_map(of_it).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_ne!(left[0].marker, marker, "it made room");
}

#[test]
fn poison_in_front_of_every_line_keeps_nobody_waiting() {
    let mut world = World::new(STAGE_FILE);
    for n in 0..600 {
        let id = DeliveryId::new(format!("poison-{n}"));
        let work = Work::Delivery(id.clone());
        commit(
            &world,
            vec![
                garbage(keys::delivery(&id)),
                table::mark(work.marker(Timestamp::UNIX_EPOCH)),
            ],
        );
    }
    for shard in 0..keys::SHARDS {
        let unknown = (0..40).map(|n| {
            let key = Key::new(keys::due_partition(shard), format!("{n:015}#novelty#{n}"));
            table::mark(key)
        });
        commit(&world, unknown.collect());
    }
    world.hints = false;
    let revision = world.push("develop", "bob");
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(world.green("dev"), Some(revision));
}

#[test]
fn claims_of_the_dead_are_taken_over_at_once_by_whoever_is_alone() {
    // Dies while a suite runs: its claim would last for half an hour.
    let mut died = false;
    for nth in 1..400 {
        let mut other = World::new(STAGE_FILE);
        other.ports().faults.plan(nth, Fault::DieAfter);
        other.push("develop", "bob");
        if other.ports().suites.runs().len() == 2 {
            died = true;
            assert!(
                other.green("dev").is_some(),
                "without waiting for the claim's end"
            );
            break;
        }
    }
    assert!(died, "some death leaves a suite claimed");
}

#[test]
fn claims_of_the_living_are_left_alone() {
    let mut world = World::new(STAGE_FILE);
    let id = world.now(world.app.notify_test(world.id, &"team".into()));
    let id = id.expect("a channel");
    // Claim, and die before the send.
    let mut claimed = false;
    for nth in 1..20 {
        world.ports().faults.plan(nth, Fault::DieBefore);
        let (app, effect) = (&world.app, id.clone());
        let mut attempt = Box::pin(async move { Box::pin(app.perform(&effect)).await });
        let waker = std::task::Waker::noop();
        let polled = attempt
            .as_mut()
            .poll(&mut std::task::Context::from_waker(waker));
        drop(polled);
        drop(attempt);
        let entry = world.now(world.app.effect(&id)).expect("read");
        claimed = entry.is_some_and(|entry| entry.claim.is_some());
        if claimed {
            break;
        }
    }
    assert!(claimed);
    assert!(world.ports().channels.tries().is_empty());
    let another = world.another();
    world.now(another.perform(&id)).expect("left alone");
    assert!(world.ports().channels.tries().is_empty());
    world.ports().pass(SignedDuration::from_mins(3));
    world.now(another.perform(&id)).expect("the claim is over");
    let told = world.ports().channels.told("team");
    assert_eq!(told.len(), 1);
    assert!(told[0].possibly_repeated, "nobody knows what the first did");
    world.ports().forget_hints();
    world.settle();
}
