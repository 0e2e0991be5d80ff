//! Redeploying from a branch on a schedule, and by hand.

use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::RefName;
use greenroom_core::stage::Cause;

use crate::world::*;

fn reads(world: &World) -> usize {
    world.count(|effect| matches!(effect, Effect::ReadHead { .. }))
}

/// Preprod exists since yesterday's slot was decided; 06:00 in Rome is 05:00 UTC.
fn scheduled() -> World {
    let mut world = World::new();
    world.now = at("2026-03-02T04:00:00Z");
    let plan = world.replan("preprod");
    assert_eq!(plan.wake, Some(at("2026-03-02T05:00:00Z")));
    assert_eq!(reads(&world), 0, "slots before its time are nobody's");
    world
}

#[test]
fn a_slot_is_decided_once_and_reads_the_branch_once() {
    let mut world = scheduled();
    world.now = at("2026-03-02T05:00:00Z");
    let plan = world.replan("preprod");
    assert_eq!(codes(&plan), ["reading_head"]);
    world.pass(minutes(1));
    world.replan("preprod");
    world.now = at("2026-03-02T04:59:00Z");
    world.replan("preprod");
    world.now = at("2026-03-02T05:02:00Z");
    world.replan("preprod");
    assert_eq!(reads(&world), 1);
    let plan = world.refreshed("preprod", 1);
    assert_eq!(codes(&plan), ["building"]);
    assert_eq!(plan.next.refresh.wish, None);
    assert!(matches!(
        plan.next.candidate.map(|it| it.cause),
        Some(Cause::Refresh { slot: Some(_), .. })
    ));
}

#[test]
fn after_an_outage_one_refresh_catches_up_and_the_missed_are_counted() {
    let mut world = scheduled();
    world.now = at("2026-03-05T12:00:00Z");
    let plan = world.replan("preprod");
    assert_eq!(reads(&world), 1);
    let skipped = plan.next.refresh.skipped.expect("some were missed");
    assert_eq!(skipped.missed, 3);
    assert_eq!(plan.next.refresh.decided, Some(at("2026-03-05T05:00:00Z")));
    world.refreshed("preprod", 1);
    let skipped = world.stage("preprod").refresh.skipped.clone();
    assert_eq!(skipped.map(|skip| skip.missed), Some(3));
}

#[test]
fn an_unchanged_branch_is_skipped_and_said() {
    let mut world = scheduled();
    world.green("preprod", 1);
    world.now = at("2026-03-02T05:30:00Z");
    world.replan("preprod");
    world.now = at("2026-03-03T05:00:00Z");
    world.replan("preprod");
    let plan = world.refreshed("preprod", 1);
    assert_eq!(plan.next.candidate, None);
    let why = plan.next.refresh.skipped.expect("said").why;
    assert_eq!(why, "master at 00000001 is unchanged");
    assert!(world.codes().contains(&"refresh_skipped"));
}

#[test]
fn a_release_in_its_soak_is_not_replaced() {
    let mut world = scheduled();
    world.now = at("2026-03-02T04:30:00Z");
    world.green("preprod", 1);
    world.now = at("2026-03-02T05:00:00Z");
    let plan = world.replan("preprod");
    assert_eq!(reads(&world), 0);
    let why = plan.next.refresh.skipped.expect("said").why;
    assert!(why.contains("soaks until 2026-03-02T05:30:00Z"), "{why}");
}

#[test]
fn a_soak_as_long_as_the_gate_makes_it_is_respected() {
    let mut world = scheduled();
    world.clock_error = minutes(5);
    world.now = at("2026-03-02T03:55:00Z");
    world.green("preprod", 1);
    world.now = at("2026-03-02T05:00:00Z");
    world.replan("preprod");
    assert_eq!(reads(&world), 0, "prod waits until 05:05");
}

#[test]
fn a_branch_that_did_not_succeed_is_left_to_people() {
    let mut world = scheduled();
    world.push("preprod", 1);
    world.built(1);
    world.deploy("preprod");
    for suite in ["api", "smoke"] {
        world.verdict("preprod", suite, failed(&["a"]));
    }
    world.now = at("2026-03-02T05:00:00Z");
    world.replan("preprod");
    let plan = world.refreshed("preprod", 1);
    assert_eq!(plan.next.run, None);
    let why = plan.next.refresh.skipped.expect("said").why;
    assert!(why.ends_with("did not succeed here before"), "{why}");
    world
        .command("preprod", &operator(), Command::Refresh)
        .expect("a person may");
    world.refreshed("preprod", 1);
    assert_eq!(world.run("preprod").release.revision, revision(1));
}

#[test]
fn a_person_refreshes_a_branch_stage_without_a_schedule() {
    let mut world = World::new();
    let refresh = || Command::Refresh;
    let no = world.command("bare", &operator(), refresh());
    assert_eq!(no.err().map(|no| no.kind), Some(RejectionKind::NotFound));
    let plan = world
        .command("dev", &operator(), refresh())
        .expect("its branch is known");
    assert_eq!(codes(&plan), ["reading_head"]);
    assert_eq!(reads(&world), 1);
}

#[test]
fn a_branch_that_does_not_exist_ends_the_refresh() {
    let mut world = World::new();
    world
        .command("preprod", &operator(), Command::Refresh)
        .expect("granted");
    let at = world.now;
    let plan = world.fact(
        "preprod",
        Fact::RefreshHeadMissing {
            reference: RefName::new("refs/heads/master"),
            at,
        },
    );
    assert_eq!(plan.next.refresh.wish, None);
    let why = plan.next.refresh.skipped.expect("said").why;
    assert_eq!(why, "refs/heads/master does not exist");
}

#[test]
fn the_answer_to_another_refresh_does_not_end_the_one_under_way() {
    let mut world = scheduled();
    world.now = at("2026-03-02T05:00:00Z");
    world.replan("preprod");
    let slot = world.stage("preprod").refresh.decided;
    world.pass(minutes(1));
    world
        .command("preprod", &operator(), Command::Refresh)
        .expect("granted");
    let cause = Cause::Refresh { slot, by: None };
    let plan = world.head("preprod", "refs/heads/master", 1, cause);
    assert!(plan.next.refresh.wish.is_some(), "hers is not answered");
    let plan = world.refreshed("preprod", 1);
    let why = plan.next.refresh.skipped.expect("said").why;
    assert_eq!(why, "master at 00000001 waits already");
}

#[test]
fn a_branch_that_cannot_be_read_does_not_stop_the_schedule_for_ever() {
    let mut world = scheduled();
    for (day, expected) in [("02", 1), ("03", 2)] {
        world.now = at(&format!("2026-03-{day}T05:00:00Z"));
        world.replan("preprod");
        assert_eq!(reads(&world), expected);
    }
}

#[test]
fn a_changed_schedule_begins_when_it_comes_into_force() {
    let mut world = scheduled();
    world.now = at("2026-03-02T04:30:00Z");
    world.file = stage_file(&FILE.replace("0 6 * * *", "0 5 * * *"));
    let plan = world.replan("preprod");
    assert_eq!(reads(&world), 0, "today's 05:00 in Rome was nobody's");
    assert_eq!(plan.wake, Some(at("2026-03-03T04:00:00Z")));
}

#[test]
fn a_slot_on_time_is_not_told_as_skipped() {
    let mut world = scheduled();
    world.now = at("2026-03-02T05:00:00Z");
    let plan = world.replan("preprod");
    assert_eq!(plan.next.refresh.skipped, None);
}

#[test]
fn a_refresh_under_way_has_a_quarter_of_an_hour() {
    let mut world = World::of(&FILE.replace("0 6 * * *", "*/5 * * * *"));
    world.now = at("2026-03-02T04:58:00Z");
    world.replan("preprod");
    for (minute, expected) in [("00", 1), ("05", 1), ("10", 1), ("15", 2)] {
        world.now = at(&format!("2026-03-02T05:{minute}:00Z"));
        let plan = world.replan("preprod");
        assert_eq!(reads(&world), expected, "at 05:{minute}");
        let why = plan.next.refresh.skipped.map(|skip| skip.why);
        let under_way = matches!(minute, "05" | "10");
        assert_eq!(why.is_some(), under_way, "at 05:{minute}: {why:?}");
    }
}

#[test]
fn a_slot_at_the_very_end_of_a_soak_counts() {
    let mut world = scheduled();
    world.green("preprod", 1);
    world.now = at("2026-03-02T05:00:00Z");
    world.replan("preprod");
    assert_eq!(reads(&world), 1);
}

#[test]
fn a_refresh_by_hand_needs_a_branch_of_the_rule_or_one_that_led_here() {
    let mut world = World::new();
    world.push("bare", 1);
    let plan = world
        .command("bare", &operator(), Command::Refresh)
        .expect("a branch leads here");
    assert!(codes(&plan).contains(&"reading_head"));
}
