//! The suites run again on what stands, though nothing was deployed.

use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::*;
use greenroom_core::pause::Pause;
use greenroom_core::plan::Plan;
use greenroom_core::stage::{Health, Lock, Outcome};
use greenroom_core::verdict::SuiteReport;
use jiff::{SignedDuration, Timestamp};

use crate::world::*;

const WATCH: &str = "verify: [api, smoke]\n    watch: { every: 15m }";

pub fn file() -> String {
    FILE.replace("verify: [api, smoke]", WATCH)
}

/// Preprod is green since now, and watched.
pub fn watched() -> World {
    let mut world = World::of(&file());
    world.green("preprod", 1);
    world
}

/// Time passes until the next round has begun.
pub fn due(world: &mut World) -> Plan {
    world.pass(minutes(15));
    let plan = world.replan("preprod");
    assert_eq!(*codes(&plan).last().expect("a wait"), "watching");
    plan
}

pub fn answer(
    world: &mut World,
    round: u64,
    suite: &str,
    attempt: u32,
    report: SuiteReport,
) -> Plan {
    let fact = Fact::WatchReported {
        round,
        suite: SuiteName::new(suite),
        attempt,
        report,
    };
    world.fact("preprod", fact)
}

/// The round under way ends with this of the suite `smoke`.
pub fn ends(world: &mut World, report: SuiteReport) -> Plan {
    let round = world.stage("preprod").watch.rounds;
    answer(world, round, "api", 1, passed());
    answer(world, round, "smoke", 1, report)
}

fn asked(world: &World) -> Vec<(u64, String, u32)> {
    let asked = |effect: &Effect| match effect {
        Effect::RunSuite {
            round: Some(round),
            suite,
            attempt,
            ..
        } => Some((*round, suite.to_string(), *attempt)),
        _ => None,
    };
    world.effects.iter().filter_map(asked).collect()
}

fn green_since(world: &mut World) -> Option<Timestamp> {
    let verified = world.stage("preprod").verified.as_ref();
    verified.map(|verified| verified.since)
}

#[test]
fn what_stands_is_tested_again_each_time_so_long_after_the_suites_ended() {
    let mut world = watched();
    let since = world.now;
    let plan = world.replan("preprod");
    assert_eq!(codes(&plan), ["up_to_date", "watched"]);
    let at = |minutes: i64| since + SignedDuration::from_mins(minutes);
    assert_eq!(plan.wake, Some(at(15)));
    due(&mut world);
    let both = |round| [(round, "api".to_owned(), 1), (round, "smoke".to_owned(), 1)];
    assert_eq!(asked(&world), both(1));
    world.pass(minutes(2));
    let plan = ends(&mut world, passed());
    assert_eq!(plan.wake, Some(at(32)), "since the suites ended");
    assert_eq!(green_since(&mut world), Some(since), "the soak goes on");
    due(&mut world);
    assert_eq!(asked(&world)[2..], both(2));
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn a_red_round_opens_a_break_and_the_next_green_one_ends_it() {
    let mut world = watched();
    due(&mut world);
    ends(&mut world, failed(&["a"]));
    let stage = world.stage("preprod");
    assert_eq!(
        (stage.health, stage.verified.is_none()),
        (Health::Red, true)
    );
    let brk = stage.brk.clone().expect("it is broken");
    assert!(brk.fingerprint.contains("smoke: a"));
    assert_eq!(world.told(), ["team: broke"]);
    for _ in 0..3 {
        due(&mut world);
        ends(&mut world, failed(&["a"]));
    }
    let reds = world.stage("preprod").brk.as_ref().map(|brk| brk.reds);
    assert_eq!(reds, Some(1), "a round is no run");
    assert_eq!(world.told(), ["team: broke"], "the same again is no news");
    due(&mut world);
    ends(&mut world, failed(&["a", "b"]));
    assert_eq!(world.told(), ["team: broke", "team: changed"]);
    due(&mut world);
    ends(&mut world, passed());
    let now = world.now;
    assert_eq!(green_since(&mut world), Some(now), "a soak begins anew");
    assert_eq!(world.stage("preprod").health, Health::Green);
    assert_eq!(world.stage("preprod").tried, None);
    assert_eq!(
        world.told().last().map(String::as_str),
        Some("team: recovered")
    );
}

#[test]
fn nothing_is_promoted_from_a_stage_that_turned_red_until_it_has_soaked_anew() {
    let mut world = watched();
    world.replan("prod");
    for who in ["alice", "bob"] {
        world.approve(who).expect("approved");
    }
    for _ in 0..2 {
        due(&mut world);
        ends(&mut world, passed());
    }
    due(&mut world);
    let plan = ends(&mut world, failed(&["a"]));
    let asks = |effect: &Effect| matches!(effect, Effect::Ask { stage, .. } if stage == &StageName::new("prod"));
    assert!(plan.effects.iter().any(asks), "prod looks at once");
    assert_eq!(codes(&world.replan("prod")), ["upstream_unverified"]);
    due(&mut world);
    ends(&mut world, passed());
    world.pass(minutes(59));
    assert_eq!(codes(&world.replan("prod")), ["soaking"]);
    world.pass(minutes(1));
    assert_eq!(codes(&world.replan("prod")), ["starting"]);
}

#[test]
fn a_refresh_does_not_put_what_turned_red_there_again() {
    let mut world = watched();
    due(&mut world);
    ends(&mut world, failed(&["a"]));
    world.push("preprod", 1);
    assert_eq!(world.stage("preprod").candidate, None);
    assert_eq!(codes(&world.replan("preprod")), ["failed_here", "watched"]);
}

#[test]
fn an_errored_round_is_repeated_then_told_once_and_is_no_break() {
    let mut world = watched();
    for round in 1..=2 {
        due(&mut world);
        ends(&mut world, errored());
        assert_eq!(world.stage("preprod").watch.last.is_some(), round > 1);
        world.pass(minutes(1));
        world.replan("preprod");
        answer(&mut world, round, "smoke", 2, errored());
        let stage = world.stage("preprod");
        assert_eq!((stage.brk.clone(), stage.episodes), (None, 0));
        assert_eq!(stage.health, Health::Unverified);
        assert_eq!(stage.verified, None);
        let last = stage.watch.last.as_ref().map(|last| last.outcome);
        assert_eq!(last, Some(Outcome::Errored));
    }
    assert_eq!(world.told(), ["team: unverified"]);
    due(&mut world);
    ends(&mut world, passed());
    let now = world.now;
    assert_eq!(green_since(&mut world), Some(now));
}

#[test]
fn an_errored_round_neither_ends_a_break_nor_tells_of_it() {
    let mut world = watched();
    due(&mut world);
    ends(&mut world, failed(&["a"]));
    due(&mut world);
    ends(&mut world, errored());
    world.pass(minutes(1));
    world.replan("preprod");
    answer(&mut world, 2, "smoke", 2, errored());
    assert_eq!(world.stage("preprod").health, Health::Red);
    assert_eq!(world.told(), ["team: broke"]);
}

#[test]
fn a_claim_does_not_wait_for_a_round_and_late_answers_say_nothing() {
    let mut world = watched();
    due(&mut world);
    world.push("preprod", 2);
    world.built(2);
    assert_eq!(world.run("preprod").generation, 2);
    assert_eq!(world.stage("preprod").watch.round, None);
    assert!(
        world
            .log
            .iter()
            .any(|entry| entry.text == "the watch gives way to run 2")
    );
    let before = world.stage("preprod").clone();
    answer(&mut world, 1, "smoke", 1, failed(&["a"]));
    assert_eq!(*world.stage("preprod"), before);
    world.deploy("preprod");
    let before = world.stage("preprod").clone();
    answer(&mut world, 1, "smoke", 1, failed(&["a"]));
    assert_eq!(*world.stage("preprod"), before);
    world.all_pass("preprod");
    due(&mut world);
    assert_eq!(world.stage("preprod").watch.rounds, 2);
    let before = world.stage("preprod").clone();
    for (round, suite, attempt) in [
        (1, "smoke", 1),
        (3, "smoke", 1),
        (2, "x", 1),
        (2, "smoke", 2),
    ] {
        answer(&mut world, round, suite, attempt, failed(&["a"]));
        assert_eq!(*world.stage("preprod"), before);
    }
}

#[test]
fn a_candidate_that_waits_does_not_stop_the_watch() {
    let mut world = watched();
    let lock = |since| Lock {
        by: "olga".to_owned(),
        reason: "inventory".to_owned(),
        since,
        until: None,
    };
    let now = world.now;
    let mut stage = world.stage("preprod").clone();
    stage.lock = Some(lock(now));
    world.stages.insert("preprod".to_owned(), stage);
    world.push("preprod", 2);
    world.built(2);
    let plan = due(&mut world);
    assert_eq!(codes(&plan), ["locked", "watching"]);
    ends(&mut world, failed(&["a"]));
    assert_eq!(world.stage("preprod").health, Health::Red);
}

#[test]
fn a_pause_stops_the_watch_and_one_round_catches_up() {
    let mut world = watched();
    world.pause = Some(Pause {
        by: "olga".to_owned(),
        reason: "the network".to_owned(),
        since: world.now,
        until: None,
    });
    world.pass(minutes(600));
    let plan = world.replan("preprod");
    assert_eq!(codes(&plan), ["paused", "watched"]);
    assert_eq!(asked(&world), []);
    world.pause = None;
    world.replan("preprod");
    ends(&mut world, passed());
    let plan = world.replan("preprod");
    assert_eq!(codes(&plan), ["up_to_date", "watched"]);
    assert_eq!(world.stage("preprod").watch.rounds, 1);
}

#[test]
fn a_round_that_nobody_answers_ends_at_its_deadline() {
    let mut world = watched();
    let plan = due(&mut world);
    assert_eq!(plan.wake, Some(world.now + minutes(60)));
    world.pass(minutes(60));
    world.replan("preprod");
    let last = world.stage("preprod").watch.last.clone().expect("it ended");
    assert_eq!(last.outcome, Outcome::TimedOut);
    assert_eq!(world.told(), ["team: unverified"]);
}

#[test]
fn what_a_person_stopped_or_a_pipeline_left_halfway_is_not_watched() {
    let mut world = World::of(&file());
    world.push("preprod", 1);
    world.built(1);
    world.deploy("preprod");
    let abort = Command::Abort {
        reason: "not now".to_owned(),
    };
    world
        .command("preprod", &operator(), abort)
        .expect("granted");
    world.pass(minutes(60));
    assert_eq!(codes(&world.replan("preprod")), ["failed_here"]);
    world.push("preprod", 2);
    world.built(2);
    world.started("preprod");
    world.admit("preprod").expect("admitted");
    let plan = world.replan("preprod");
    assert_eq!(codes(&plan), ["deploying"]);
    assert_eq!(world.stage("preprod").watch.rounds, 0);
}

#[test]
fn what_was_red_from_the_start_may_turn_green() {
    let mut world = World::of(&file());
    world.push("preprod", 1);
    world.built(1);
    world.deploy("preprod");
    world.verdict("preprod", "api", passed());
    world.verdict("preprod", "smoke", failed(&["a"]));
    due(&mut world);
    ends(&mut world, passed());
    assert_eq!(world.stage("preprod").health, Health::Green);
    assert_eq!(world.told(), ["team: broke", "team: recovered"]);
    assert_eq!(world.stage("preprod").greens.len(), 1);
}

#[test]
fn under_other_terms_red_is_red_and_green_proves_nothing() {
    let mut world = watched();
    due(&mut world);
    ends(&mut world, failed(&["a"]));
    world.file = stage_file(&file().replace("retries: 1", "retries: 0"));
    let plan = world.replan("preprod");
    let said = plan
        .waiting_on
        .last()
        .expect("a wait")
        .explain(&StageName::new("preprod"));
    assert_eq!(said.command.as_deref(), Some("greenroom retry preprod"));
    due(&mut world);
    ends(&mut world, passed());
    assert_eq!(world.stage("preprod").health, Health::Red);
    assert_eq!(world.told(), ["team: broke"]);
    // Back to what it was deployed under.
    world.file = stage_file(&file());
    due(&mut world);
    ends(&mut world, passed());
    assert_eq!(world.stage("preprod").health, Health::Green);
    // What was green stays so, whatever else is demanded by now.
    world.file = stage_file(&file().replace("retries: 1", "retries: 0"));
    let since = green_since(&mut world);
    due(&mut world);
    ends(&mut world, passed());
    assert_eq!(green_since(&mut world), since);
    due(&mut world);
    ends(&mut world, failed(&["a"]));
    assert_eq!(green_since(&mut world), None);
}

#[test]
fn a_build_that_fails_stays_a_break_whatever_a_round_says_of_what_stands() {
    let mut world = watched();
    world.push("preprod", 2);
    world.build_failed(2);
    assert_eq!(world.told(), ["team: broke"]);
    due(&mut world);
    ends(&mut world, passed());
    assert_eq!(world.told(), ["team: broke"]);
    assert_eq!(world.stage("preprod").health, Health::Red);
    // Nor while the next is being built.
    world.push("preprod", 3);
    due(&mut world);
    ends(&mut world, passed());
    assert_eq!(world.told(), ["team: broke"]);
}

#[test]
fn a_watch_that_leaves_the_stage_file_takes_its_round_along() {
    let mut world = watched();
    due(&mut world);
    world.file = stage_file(FILE);
    world.replan("preprod");
    assert_eq!(world.stage("preprod").watch.round, None);
    world.file = stage_file(&file());
    world.replan("preprod");
    assert_eq!(
        world.stage("preprod").watch.rounds,
        2,
        "a number is used once"
    );
}

#[test]
fn the_log_tells_what_changed_and_not_each_green() {
    let mut world = watched();
    for report in [
        passed(),
        passed(),
        failed(&["a"]),
        failed(&["a"]),
        passed(),
        passed(),
    ] {
        due(&mut world);
        ends(&mut world, report);
    }
    let watched = world.log.iter().filter(|entry| entry.code == "watched");
    let texts: Vec<_> = watched.map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "the watch found it green: 6 tests passed",
            "the watch found it red: 1 of 6 tests failed",
            "the watch found it green: 6 tests passed",
        ]
    );
}

#[test]
fn a_rollback_that_is_watched_stays_behind_what_it_went_back_from() {
    let mut world = watched();
    world.green("preprod", 2);
    let back = Command::Rollback {
        to: None,
        reason: "it loses rows".to_owned(),
    };
    world
        .command("preprod", &operator(), back)
        .expect("granted");
    world.deploy("preprod");
    world.all_pass("preprod");
    due(&mut world);
    ends(&mut world, failed(&["a"]));
    due(&mut world);
    ends(&mut world, passed());
    let greens = &world.stage("preprod").greens;
    let order: Vec<_> = greens
        .iter()
        .map(|green| green.release.revision.clone())
        .collect();
    assert_eq!(order, [revision(2), revision(1)]);
}
