//! What a round of a watch means to others: what was green before, the commits, and the lines
//! downstream.

use greenroom_core::commit_status::{StatusState, of};
use greenroom_core::execution::Observation;
use greenroom_core::plan::build_wanted;
use greenroom_core::stage::{Health, Outcome};

use crate::watch::{answer, due, ends, file, watched};
use crate::world::*;

/// Prod deploys each change by itself, and preprod is watched.
fn in_line() -> World {
    let text = file().replace("    soak: 1h\n", "    queue: fifo\n");
    let mut world = World::of(&text);
    world.replan("prod");
    world.green("preprod", 1);
    world.replan("prod");
    world
}

/// Nobody could tell, twice.
fn ends_unclear(world: &mut World) {
    ends(world, errored());
    world.pass(minutes(1));
    world.replan("preprod");
    let round = world.stage("preprod").watch.rounds;
    answer(world, round, "smoke", 2, errored());
    let last = world.stage("preprod").watch.last.as_ref();
    assert_eq!(last.map(|last| last.outcome), Some(Outcome::Errored));
}

fn line(world: &mut World) -> Vec<greenroom_core::name::Revision> {
    let stage = world.stage("prod");
    stage.line().map(|it| it.revision.clone()).collect()
}

#[test]
fn while_nobody_can_tell_upstream_a_change_keeps_its_place_and_waits() {
    let mut world = in_line();
    due(&mut world);
    ends_unclear(&mut world);
    assert_eq!(
        codes(&world.replan("prod")),
        ["upstream_unverified", "approval"]
    );
    assert_eq!(line(&mut world), [revision(1)]);
    // Something else goes there; what was green once, is.
    world.push("preprod", 2);
    world.built(2);
    world.deploy("preprod");
    assert_eq!(codes(&world.replan("prod")), ["approval"]);
    world.verdict("preprod", "api", passed());
    world.verdict("preprod", "smoke", failed(&["a"]));
    assert_eq!(codes(&world.replan("prod")), ["approval"]);
    assert_eq!(line(&mut world), [revision(1)]);
}

#[test]
fn a_build_that_failed_upstream_says_nothing_of_what_stands_there() {
    let mut world = in_line();
    world.push("preprod", 2);
    world.build_failed(2);
    assert!(world.stage("preprod").brk.is_some());
    due(&mut world);
    ends_unclear(&mut world);
    world.replan("prod");
    assert_eq!(line(&mut world), [revision(1)]);
}

#[test]
fn red_upstream_takes_a_change_out_of_the_line_whatever_a_later_round_cannot_tell() {
    let mut world = in_line();
    due(&mut world);
    ends(&mut world, failed(&["a"]));
    due(&mut world);
    ends_unclear(&mut world);
    world.replan("prod");
    assert_eq!(line(&mut world), []);
}

#[test]
fn unclear_and_then_red_is_red() {
    let mut world = in_line();
    due(&mut world);
    ends_unclear(&mut world);
    due(&mut world);
    ends(&mut world, failed(&["a"]));
    world.replan("prod");
    assert_eq!(line(&mut world), []);
}

#[test]
fn the_build_of_what_was_passed_over_is_loaded_once_it_is_green_anew() {
    let mut world = in_line();
    let release = world.release(1);
    let prod = world.stages.get_mut("prod").expect("it is there");
    let first = prod.candidate.take().expect("it waits");
    prod.queue.pass_over(
        first.revision,
        "its coverage is too low".to_owned(),
        at("2026-03-02T09:00:00Z"),
    );
    let wanted = |world: &World| {
        let policy = world.policy("prod").expect("a stage");
        build_wanted(&world.stages["prod"], world.stages.get("preprod"), &policy)
    };
    assert_eq!(wanted(&world), None);
    let upstream = world.stages.get_mut("preprod").expect("it is there");
    for green in upstream.greens.iter_mut().chain(&mut upstream.verified) {
        green.generation += 1;
    }
    assert_eq!(wanted(&world), Some((revision(1), release.recipe)));
    world.replan("prod");
    assert_eq!(line(&mut world), [revision(1)]);
}

#[test]
fn what_is_deployed_once_more_and_green_in_a_round_is_the_newest_green() {
    let mut world = watched();
    world.green("preprod", 2);
    world.push("preprod", 1);
    world.deploy("preprod");
    world.verdict("preprod", "api", passed());
    world.verdict("preprod", "smoke", failed(&["a"]));
    due(&mut world);
    ends(&mut world, passed());
    let greens = &world.stage("preprod").greens;
    let order: Vec<_> = greens
        .iter()
        .map(|green| green.release.revision.clone())
        .collect();
    assert_eq!(order, [revision(1), revision(2)]);
}

#[test]
fn a_red_stage_is_watched_though_a_run_never_came_there_since() {
    let mut world = World::new();
    world.push("preprod", 1);
    world.built(1);
    world.deploy("preprod");
    world.verdict("preprod", "api", passed());
    world.verdict("preprod", "smoke", failed(&["a"]));
    world.push("preprod", 2);
    world.built(2);
    for _ in 0..3 {
        world.started("preprod");
        let why = "no capacity".to_owned();
        let at = world.now;
        world.observe("preprod", Observation::Errored { why, at });
        world.pass(minutes(1));
        world.replan("preprod");
    }
    assert_eq!(world.last("preprod").outcome, Some(Outcome::Errored));
    let tried = world.stage("preprod").tried.clone();
    world.file = stage_file(&file());
    due(&mut world);
    ends(&mut world, passed());
    assert_eq!(world.stage("preprod").health, Health::Green);
    assert_eq!(world.stage("preprod").tried, tried, "2 is not tried anew");
}

#[test]
fn what_was_red_is_watched_from_its_end_on_though_what_came_at_once_never_got_there() {
    let mut world = World::of(&file());
    let red = |world: &mut World, n: u32| {
        world.push("preprod", n);
        world.built(n);
        world.deploy("preprod");
        world.verdict("preprod", "api", passed());
    };
    red(&mut world, 1);
    world.verdict("preprod", "smoke", failed(&["a"]));
    world.pass(minutes(10));
    red(&mut world, 2);
    world.push("preprod", 1);
    world.verdict("preprod", "smoke", failed(&["a"]));
    for _ in 0..3 {
        world.started("preprod");
        let why = "no capacity".to_owned();
        let at = world.now;
        world.observe("preprod", Observation::Errored { why, at });
        world.pass(minutes(2));
        world.replan("preprod");
    }
    assert_eq!(world.stage("preprod").watch.rounds, 0);
    world.pass(minutes(9));
    world.replan("preprod");
    assert_eq!(world.stage("preprod").watch.rounds, 1);
}

#[test]
fn beside_a_commit_stands_what_the_last_round_found() {
    let mut world = watched();
    let shown = |world: &mut World| {
        let status = of(world.stage("preprod"), &revision(1)).expect("it is shown");
        (status.state, status.sentence)
    };
    let green = (StatusState::Success, "green on preprod".to_owned());
    assert_eq!(shown(&mut world), green);
    due(&mut world);
    assert_eq!(shown(&mut world), green);
    ends(&mut world, failed(&["a"]));
    let red = "failed on preprod: 1 of 6 tests failed".to_owned();
    assert_eq!(shown(&mut world), (StatusState::Failure, red));
    due(&mut world);
    ends(&mut world, passed());
    assert_eq!(shown(&mut world), green);
    world.push("preprod", 2);
    assert_eq!(
        shown(&mut world),
        green,
        "until something else stands there"
    );
}
