//! A release that passes another stage, from the push to both deployments.

use greenroom_core::command::Command;
use greenroom_core::waiting::Wait;
use greenroom_testkit::world::World;
use jiff::SignedDuration;

use crate::STAGE_FILE;

fn world() -> World {
    let live =
        "  live: { from: { branch: trunk }, through: dev, pipeline: service, verify: [smoke] }\n";
    World::new(&format!("{STAGE_FILE}{live}"))
}

fn codes(world: &World, stage: &str) -> Vec<&'static str> {
    let explained = world.now(world.app.explain(&world.stage_id(stage)));
    let (_, plan) = explained.expect("it is explained");
    plan.waiting_on.iter().map(Wait::code).collect()
}

fn command(world: &mut World, stage: &str, command: &Command) {
    let id = world.stage_id(stage);
    let principal = World::operator();
    let asked = world.app.command(&id, &principal, command);
    let answer = world.now(asked).expect("it is decided");
    assert!(answer.is_ok(), "{answer:?}");
    world.settle();
}

/// What was put where, in order.
fn deployed(world: &World) -> Vec<(String, String)> {
    let all = world.ports().pipelines.deployments().into_iter();
    all.map(|it| (it.stage.clone(), it.revision.short().to_owned()))
        .collect()
}

#[test]
fn it_goes_through_the_other_stage_and_then_comes_here() {
    let mut world = world();
    let own = world.push("develop", "bob");
    let release = world.push("trunk", "alice");
    let (own, short) = (own.short().to_owned(), release.short().to_owned());
    assert_eq!(
        deployed(&world),
        [
            ("dev".to_owned(), own),
            ("dev".to_owned(), short.clone()),
            ("live".to_owned(), short),
        ]
    );
    assert_eq!(world.green("live"), Some(release));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn without_hints_the_sweep_alone_takes_it_through() {
    let mut world = world();
    world.hints = false;
    let release = world.push("trunk", "alice");
    world.pass(SignedDuration::from_mins(30));
    assert_eq!(world.green("live"), Some(release));
}

#[test]
fn a_lock_there_holds_it_up_and_its_end_lets_it_go_on() {
    let mut world = world();
    let lock = Command::Lock {
        reason: "load test".to_owned(),
        until: None,
    };
    command(&mut world, "dev", &lock);
    let release = world.push("trunk", "alice");
    assert_eq!(codes(&world, "live"), ["through"]);
    assert_eq!(world.stands("live"), None);
    command(&mut world, "dev", &Command::Unlock);
    assert_eq!(world.green("live"), Some(release));
}

#[test]
fn a_process_that_dies_on_the_way_takes_it_through_all_the_same() {
    let mut world = world();
    world.ports().pipelines.take_long(true);
    let release = world.push("trunk", "alice");
    world.restart();
    world.ports().pipelines.take_long(false);
    world.pass(SignedDuration::from_mins(30));
    assert_eq!(world.green("live"), Some(release));
}

#[test]
fn red_there_keeps_it_away_until_it_is_mended_there() {
    let mut world = world();
    let release = world.ports().source.commit("trunk", "alice", "x", &[]);
    world.ports().suites.fail(&release);
    world.told_of("trunk", "alice", &release);
    world.settle();
    assert_eq!(codes(&world, "live"), ["through"]);
    assert_eq!(world.stands("live"), None);
    world.ports().suites.mend(&release);
    command(&mut world, "dev", &Command::Retry);
    assert_eq!(world.green("live"), Some(release));
}
