//! What stands is tested again though nothing was deployed, from the table alone.

use greenroom_core::command::Command;
use greenroom_core::message::{Kind, Next};
use greenroom_core::name::Revision;
use greenroom_testkit::world::World;
use jiff::SignedDuration;

use crate::STAGE_FILE;

/// `dev` is green and watched.
fn watched() -> (World, Revision) {
    let dev = "verify: [smoke], alert: [team, mail] }\n  nightly";
    let with = "verify: [smoke], watch: { every: 15m }, alert: [team, mail] }\n  nightly";
    let mut world = World::new(&STAGE_FILE.replacen(dev, with, 1));
    let release = world.push("develop", "bob");
    assert_eq!(world.green("dev"), Some(release.clone()));
    (world, release)
}

/// Attempts that were run for rounds.
fn rounds(world: &World) -> usize {
    let runs = world.ports().suites.runs();
    runs.iter().filter(|id| id.contains("/round-")).count()
}

fn kinds(world: &World) -> Vec<Kind> {
    let told = world.ports().channels.told("team");
    told.into_iter().map(|told| told.kind).collect()
}

#[test]
fn a_red_round_is_told_once_and_its_end_as_well() {
    let (mut world, release) = watched();
    world.pass(SignedDuration::from_mins(20));
    assert_eq!((rounds(&world), kinds(&world)), (1, Vec::new()));
    world.ports().suites.fail(&release);
    world.pass(SignedDuration::from_mins(60));
    assert_eq!(kinds(&world), [Kind::Broke]);
    let told = world.ports().channels.told("team");
    assert!(
        matches!(told[0].next, Some(Next::Retest { .. })),
        "{told:?}"
    );
    assert_eq!(told[0].suspects.len(), 0, "nothing was deployed");
    assert_eq!(world.green("dev"), None);
    world.ports().suites.mend(&release);
    world.pass(SignedDuration::from_mins(20));
    assert_eq!(kinds(&world).len(), 2);
    assert_eq!(world.green("dev"), Some(release));
}

#[test]
fn what_is_told_later_says_when_it_is_really_tested_next() {
    let (mut world, release) = watched();
    let mute = Command::Mute {
        until: world.until(SignedDuration::from_mins(22)),
        reason: "the database moves".to_owned(),
    };
    let (dev, operator) = (world.stage_id("dev"), World::operator());
    let muted = world.now(world.app.command(&dev, &operator, &mute));
    assert!(muted.expect("an answer").is_ok());
    world.ports().suites.fail(&release);
    world.pass(SignedDuration::from_mins(24));
    let told = world.ports().channels.told("team");
    let judged = world.stage("dev").and_then(|stage| stage.watch.of);
    let next = judged.map(|of| of.at + SignedDuration::from_mins(15));
    assert_eq!(told[0].next, next.map(|at| Next::Retest { at }));
}

#[test]
fn without_hints_the_sweep_alone_finds_the_next_round() {
    let (mut world, _) = watched();
    world.hints = false;
    world.pass(SignedDuration::from_hours(2));
    assert!((5..=8).contains(&rounds(&world)), "{}", rounds(&world));
}

#[test]
fn what_nobody_could_tell_is_asked_again_by_the_next_round() {
    let (mut world, release) = watched();
    // Every attempt of one round.
    world.ports().suites.err(3);
    world.pass(SignedDuration::from_mins(20));
    assert_eq!(kinds(&world), [Kind::Unverified]);
    assert_eq!(world.green("dev"), None);
    world.pass(SignedDuration::from_mins(20));
    assert_eq!(world.green("dev"), Some(release));
}
