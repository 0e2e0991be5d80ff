//! A muted stage tells nothing, and loses nothing that still matters when the mute is over.

use greenroom_core::accept::{MUTE_MAX, RejectionKind};
use greenroom_core::command::Command;
use greenroom_core::execution::Observation;
use greenroom_core::stage::Stage;
use jiff::SignedDuration;

use crate::watch::{due, ends, watched};
use crate::world::*;

fn mute(world: &World, length: SignedDuration) -> Command {
    Command::Mute {
        reason: "the database moves".to_owned(),
        until: world.now.checked_add(length).expect("an instant"),
    }
}

fn muted(world: &mut World, name: &str) {
    let command = mute(world, minutes(120));
    let plan = world.command(name, &person("alice"), command);
    let plan = plan.expect("anybody may mute");
    assert_eq!(codes(&plan).last(), Some(&"muted"));
    // Something else may be due before it ends.
    assert!(plan.wake <= world.now.checked_add(minutes(120)).ok());
    assert!(plan.wake.is_some());
}

fn next_round(world: &mut World) {
    world.pass(minutes(15));
    world.replan("preprod");
}

fn unmute(world: &mut World, name: &str) {
    world
        .command(name, &person("bob"), Command::Unmute)
        .expect("it is muted");
}

fn red(world: &mut World, n: u32, tests: &[&str]) {
    world.push("dev", n);
    world.built(n);
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(tests));
}

#[test]
fn what_breaks_while_muted_is_told_once_when_the_mute_is_over() {
    for by_itself in [true, false] {
        let mut world = World::new();
        world.green("dev", 1);
        muted(&mut world, "dev");
        red(&mut world, 2, &["a"]);
        assert!(world.told().is_empty());
        let brk = world.stage("dev").brk.clone().expect("it is broken");
        assert!(brk.told.is_empty());
        world.pass(minutes(119));
        world.replan("dev");
        assert!(world.told().is_empty());
        if by_itself {
            world.pass(minutes(1));
            world.replan("dev");
        } else {
            unmute(&mut world, "dev");
        }
        assert_eq!(world.told(), ["team: broke", "mail: broke"]);
        let brk = world.stage("dev").brk.clone().expect("it is broken");
        assert_eq!((brk.told.len(), brk.untold), (2, None));
        world.pass(minutes(600));
        world.replan("dev");
        red(&mut world, 3, &["a"]);
        assert_eq!(world.told().len(), 2);
        world.green("dev", 4);
        assert_eq!(world.told()[2..], ["team: recovered", "mail: recovered"]);
    }
}

#[test]
fn what_broke_and_recovered_while_muted_is_told_to_nobody_and_logged() {
    let mut world = World::new();
    world.green("dev", 1);
    muted(&mut world, "dev");
    red(&mut world, 2, &["a"]);
    world.green("dev", 3);
    unmute(&mut world, "dev");
    world.pass(minutes(600));
    world.replan("dev");
    assert!(world.told().is_empty());
    let codes = world.codes();
    for code in ["muted", "broke", "recovered", "unmuted"] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
}

#[test]
fn whoever_was_alarmed_before_the_mute_hears_the_end_at_once() {
    let mut world = World::new();
    red(&mut world, 1, &["a"]);
    muted(&mut world, "dev");
    world.green("dev", 2);
    assert_eq!(world.told()[2..], ["team: recovered", "mail: recovered"]);
}

#[test]
fn a_known_break_that_changes_while_muted_is_told_to_have_changed_afterwards() {
    let mut world = World::new();
    red(&mut world, 1, &["a"]);
    muted(&mut world, "dev");
    red(&mut world, 2, &["b"]);
    red(&mut world, 3, &["c"]);
    assert_eq!(world.told().len(), 2);
    unmute(&mut world, "dev");
    assert_eq!(world.told()[2..], ["team: changed", "mail: changed"]);
    world.replan("dev");
    assert_eq!(world.told().len(), 4);
}

#[test]
fn a_mute_that_is_over_when_the_next_round_begins_tells_before_it_ends() {
    let mut world = watched();
    due(&mut world);
    ends(&mut world, passed());
    let command = mute(&world, minutes(29));
    world
        .command("preprod", &operator(), command)
        .expect("granted");
    next_round(&mut world);
    ends(&mut world, failed(&["a"]));
    assert!(world.stage("preprod").brk.is_some());
    next_round(&mut world);
    // The mute ended with the plan that began the round, so it was told then.
    assert_eq!(world.told(), ["team: broke"]);
    ends(&mut world, passed());
    assert_eq!(world.told(), ["team: broke", "team: recovered"]);
}

#[test]
fn what_nobody_could_tell_is_told_after_the_mute_unless_it_is_known_by_then() {
    for known in [false, true] {
        let mut world = watched();
        muted(&mut world, "preprod");
        next_round(&mut world);
        ends(&mut world, errored());
        world.pass(minutes(1));
        world.replan("preprod");
        crate::watch::answer(&mut world, 1, "smoke", 2, errored());
        assert!(world.stage("preprod").verified.is_none());
        assert!(world.told().is_empty());
        if known {
            next_round(&mut world);
            ends(&mut world, passed());
            assert!(world.stage("preprod").verified.is_some());
        }
        unmute(&mut world, "preprod");
        let told: &[&str] = if known { &[] } else { &["team: unverified"] };
        assert_eq!(world.told(), told);
        world.replan("preprod");
        assert_eq!(world.told(), told);
    }
}

#[test]
fn nobody_is_left_untold_because_the_stage_file_has_the_stage_no_more() {
    let mut world = World::new();
    world.green("dev", 1);
    muted(&mut world, "dev");
    red(&mut world, 2, &["a"]);
    let gone = FILE.replace("  dev: {", "  other: {");
    world.file = stage_file(&gone);
    world.pass(minutes(121));
    world.replan("dev");
    assert_eq!(world.told(), ["team: broke", "mail: broke"]);
}

#[test]
fn a_mute_ends_within_a_week_and_has_a_reason() {
    let mut world = World::new();
    let kind = |world: &mut World, command: Command| {
        let answer = world.try_command("dev", &person("alice"), &command);
        answer.map_err(|no| no.kind).map(|_| ())
    };
    for length in [
        SignedDuration::ZERO,
        minutes(-1),
        MUTE_MAX + minutes(1),
        SignedDuration::from_hours(24 * 365),
    ] {
        let command = mute(&world, length);
        assert_eq!(kind(&mut world, command), Err(RejectionKind::Invalid));
    }
    let without = Command::Mute {
        reason: " ".to_owned(),
        until: world.now.checked_add(minutes(1)).expect("an instant"),
    };
    assert_eq!(kind(&mut world, without), Err(RejectionKind::Invalid));
    assert_eq!(
        kind(&mut world, Command::Unmute),
        Err(RejectionKind::NotFound)
    );
    let week = mute(&world, MUTE_MAX);
    assert_eq!(kind(&mut world, week), Ok(()));
}

#[test]
fn a_mute_is_made_longer_by_its_own_person_only() {
    let mut world = World::new();
    muted(&mut world, "dev");
    let longer = mute(&world, minutes(240));
    let other = world.try_command("dev", &person("bob"), &longer);
    assert_eq!(
        other.map_err(|no| no.kind).err(),
        Some(RejectionKind::Conflict)
    );
    let own = world.command("dev", &person("alice"), longer);
    let mute = own.expect("it is hers").next.quiet.mute;
    let until = mute.map(|mute| mute.until);
    assert_eq!(until, world.now.checked_add(minutes(240)).ok());
    world.pass(minutes(241));
    let after = mute_after(&mut world);
    assert!(after.is_ok(), "one that is over is in nobody's way");
}

fn mute_after(world: &mut World) -> Result<(), RejectionKind> {
    let command = mute(world, minutes(1));
    let answer = world.try_command("dev", &person("bob"), &command);
    answer.map_err(|no| no.kind).map(|_| ())
}

#[test]
fn a_record_without_a_mute_is_stored_as_before_it_could_be_muted() {
    let mut world = World::new();
    red(&mut world, 1, &["a"]);
    let stored = serde_json::to_value(world.stage("dev")).expect("JSON");
    assert!(stored.get("quiet").is_none());
    assert!(stored["brk"].get("untold").is_none());
    let read: Stage = serde_json::from_value(stored).expect("it loads");
    assert_eq!(read, *world.stage("dev"));
    muted(&mut world, "dev");
    let stored = serde_json::to_value(world.stage("dev")).expect("JSON");
    let read: Stage = serde_json::from_value(stored).expect("it loads");
    assert_eq!(read, *world.stage("dev"));
}

#[test]
fn what_nobody_can_tell_when_the_mute_is_over_is_told_instead_of_what_was_kept() {
    let mut world = World::new();
    world.green("preprod", 1);
    let command = mute(&world, minutes(60));
    world
        .command("preprod", &operator(), command)
        .expect("granted");
    world.push("preprod", 2);
    world.built(2);
    let errs = |world: &mut World| {
        world.started("preprod");
        let (why, at) = ("gone".to_owned(), world.now);
        world.observe("preprod", Observation::Errored { why, at });
        world.pass(minutes(1));
        world.replan("preprod");
    };
    (0..3).for_each(|_| errs(&mut world));
    assert!(world.stage("preprod").quiet.kept.is_some());
    world
        .command("preprod", &operator(), Command::Retry)
        .expect("granted");
    (0..2).for_each(|_| errs(&mut world));
    world.started("preprod");
    world.pass(minutes(58));
    let (why, at) = ("gone for good".to_owned(), world.now);
    world.observe("preprod", Observation::Errored { why, at });
    assert_eq!(world.told(), ["team: unverified"]);
    world.replan("preprod");
    assert_eq!(world.told(), ["team: unverified"]);
}
