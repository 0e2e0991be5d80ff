//! Effects: at least once, harmless twice, and nobody's neighbour waits.

use greenroom_core::command::Command;
use greenroom_core::stage::Health;
use greenroom_testkit::world::World;
use jiff::SignedDuration;

use crate::STAGE_FILE;

fn command(world: &mut World, stage: &str, command: &Command) {
    let id = world.stage_id(stage);
    let answer = world.now(world.app.command(&id, &World::operator(), command));
    drop(answer.expect("the store answers").expect("granted"));
    world.settle();
}

#[test]
fn several_stages_share_one_build_and_all_go_on_when_it_ends() {
    let mut world = World::new(STAGE_FILE);
    world.ports().pipelines.freeze(true);
    let revision = world.push("develop", "bob");
    for (branch, actor) in [("release/1", "bob"), ("feature/x", "alice")] {
        let reference = format!("refs/heads/{branch}");
        world.ports().source.set(&reference, Some(&revision));
        world.told_of(branch, actor, &revision);
    }
    world.settle();
    assert_eq!(world.ports().pipelines.executions().len(), 1, "one build");
    world.ports().pipelines.freeze(false);
    world.settle();
    for stage in ["dev", "preprod", "alice"] {
        assert_eq!(world.stands(stage).as_ref(), Some(&revision), "{stage}");
    }
    assert_eq!(world.ports().pipelines.executions().len(), 4);
}

#[test]
fn a_build_that_fails_breaks_every_stage_that_wanted_it() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.ports().source.commit("develop", "bob", "x", &[]);
    world.ports().pipelines.fail_build_of(&revision);
    world.told_of("develop", "bob", &revision);
    world.settle();
    assert_eq!(
        world.stage("dev").map(|stage| stage.health),
        Some(Health::Red)
    );
    assert_eq!(world.ports().channels.told("team").len(), 1);
}

#[test]
fn a_start_whose_answer_is_lost_starts_nothing_twice() {
    let mut world = World::new(STAGE_FILE);
    world.ports().pipelines.lose_answers(2);
    let revision = world.push("develop", "bob");
    world.pass(SignedDuration::from_mins(2));
    assert_eq!(world.green("dev"), Some(revision));
    assert_eq!(
        world.ports().pipelines.executions().len(),
        2,
        "a build and a deploy"
    );
    assert!(
        world
            .ports()
            .pipelines
            .starts()
            .values()
            .any(|calls| *calls > 1)
    );
}

#[test]
fn a_pipeline_that_was_away_for_an_hour_goes_on() {
    let mut world = World::new(STAGE_FILE);
    world.ports().pipelines.set_away(true);
    let revision = world.push("develop", "bob");
    world.pass(SignedDuration::from_mins(50));
    world.ports().pipelines.set_away(false);
    world.pass(SignedDuration::from_mins(15));
    assert_eq!(world.green("dev"), Some(revision));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_pipeline_away_in_the_middle_of_a_run_delays_no_other_stage() {
    let mut world = World::new(STAGE_FILE);
    world.ports().pipelines.freeze(true);
    world.push("develop", "bob");
    world.ports().pipelines.set_away(true);
    world.pass(SignedDuration::from_mins(10));
    world.ports().pipelines.set_away(false);
    world.ports().pipelines.freeze(false);
    world.pass(SignedDuration::from_mins(15));
    assert!(world.green("dev").is_some());
}

#[test]
fn a_start_that_is_refused_ends_the_run_and_says_so() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.push("develop", "bob");
    world.ports().pipelines.refuse(Some("no such runner"));
    world.push("develop", "bob");
    world.pass(SignedDuration::from_mins(5));
    assert_eq!(world.stands("dev"), Some(revision));
    assert_eq!(world.leftovers(), Vec::<String>::new());
    assert!(
        !world.ports().channels.told("team").is_empty(),
        "people hear of it"
    );
}

#[test]
fn the_fence_lets_nothing_through_that_is_not_the_claimed_run() {
    let mut world = World::new(STAGE_FILE);
    world.ports().pipelines.freeze(true);
    world.push("develop", "bob");
    world.ports().pipelines.freeze(false);
    world.push("develop", "bob");
    let late = world
        .ports()
        .pipelines
        .executions()
        .into_iter()
        .find_map(|execution| {
            let greenroom_app::ports::pipelines::Purpose::Deploy {
                app,
                stage,
                generation,
                nonce,
                ..
            } = execution.request.purpose
            else {
                return None;
            };
            Some(greenroom_app::ports::pipelines::AdmissionRequest {
                app,
                stage,
                generation,
                nonce,
                execution: "another".into(),
                revision: execution.request.revision,
                definition: None,
            })
        });
    let late = late.expect("a deploy");
    let answer = world
        .now(world.app.admit(&late))
        .expect("the store answers");
    assert!(answer.is_err());
    let nonsense = greenroom_app::ports::pipelines::AdmissionRequest {
        app: "not a number".to_owned(),
        ..late
    };
    assert!(world.now(world.app.admit(&nonsense)).is_err());
}

#[test]
fn an_effect_performed_again_is_harmless() {
    let mut world = World::new(STAGE_FILE);
    world.push("develop", "bob");
    let before = world.ports().pipelines.executions().len();
    let id = world.stage_id("dev");
    for effect in [format!("{id}/start/1"), format!("{id}/suite/1/smoke/1")] {
        world
            .now(world.app.perform(&effect))
            .expect("nothing to do");
    }
    world
        .now(world.app.look_at_stage(&id))
        .expect("nothing to do");
    world.settle();
    assert_eq!(world.ports().pipelines.executions().len(), before);
    assert_eq!(world.ports().suites.runs().len(), 1);
}

#[test]
fn a_refresh_comes_by_schedule_and_by_hand_through_its_head() {
    let mut world = World::new(STAGE_FILE);
    let first = world.push("master", "olga");
    assert_eq!(world.stands("nightly"), None, "a push does not refresh");
    command(&mut world, "nightly", &Command::Refresh);
    assert_eq!(world.green("nightly"), Some(first));
    let second = world.push("master", "olga");
    world.pass(SignedDuration::from_hours(4));
    assert_eq!(world.green("nightly"), Some(second));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_suite_that_cannot_tell_is_tried_again_and_then_told_unverified() {
    let mut world = World::new(STAGE_FILE);
    world.ports().suites.err(1);
    let revision = world.push("develop", "bob");
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(world.green("dev"), Some(revision));
    world.ports().suites.err(100);
    world.push("develop", "bob");
    world.pass(SignedDuration::from_mins(30));
    assert_eq!(
        world.stage("dev").map(|stage| stage.health),
        Some(Health::Unverified)
    );
    assert_eq!(world.ports().channels.told("team").len(), 1);
}

#[test]
fn an_execution_that_would_not_stop_is_read_until_it_has_ended() {
    let mut world = World::new(STAGE_FILE);
    world.ports().pipelines.take_long(true);
    world.push("develop", "bob");
    let reason = "wrong branch".to_owned();
    world.ports().pipelines.set_away(true);
    command(&mut world, "dev", &Command::Abort { reason });
    world.pass(SignedDuration::from_mins(3));
    let newer = world.push("develop", "bob");
    let waits = |world: &World| {
        let stage = world.stage("dev").expect("it exists");
        stage.unstopped.is_some() && stage.run.is_none() && stage.candidate.is_some()
    };
    assert!(waits(&world), "{:?}", world.stage("dev"));
    world.pass(SignedDuration::from_mins(30));
    assert!(waits(&world), "{:?}", world.stage("dev"));
    world.ports().pipelines.set_away(false);
    world.ports().pipelines.take_long(false);
    world.hints = false;
    world.pass(SignedDuration::from_mins(30));
    assert_eq!(world.green("dev"), Some(newer));
    assert_eq!(world.ports().watch.broken(), Vec::<String>::new());
    assert_eq!(world.leftovers(), Vec::<String>::new());
}
