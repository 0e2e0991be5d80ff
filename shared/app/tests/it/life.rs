//! A stage of one's own that nobody uses, from the warning to its end and back.

use greenroom_app::ports::pipelines::Purpose;
use greenroom_app::query::journey::Where;
use greenroom_core::command::Command;
use greenroom_core::mark::{BAD, Saying};
use greenroom_core::message::Kind;
use greenroom_core::name::Revision;
use greenroom_testkit::world::World;
use jiff::SignedDuration;

use crate::STAGE_FILE;

fn world() -> World {
    let deploy = "      - { name: deploy, run: make deploy, outputs: [URL] }\n";
    let teardown =
        "    teardown: { steps: [{ name: remove, run: make remove }], leftovers: make list }\n";
    let own = "from: { branch: \"feature/**\" }, pipeline: service }";
    let goes = "from: { branch: \"feature/**\" }, pipeline: service, expires: { idle: 7d, warn: 1d, tell: [team] } }";
    World::new(
        &STAGE_FILE
            .replace(deploy, &format!("{deploy}{teardown}"))
            .replace(own, goes),
    )
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

/// Every execution that was for the stage: its commit and its steps.
fn executions(world: &World, stage: &str) -> Vec<(Revision, Vec<String>)> {
    let all = world.ports().pipelines.executions().into_iter();
    all.filter(|it| matches!(&it.request.purpose, Purpose::Deploy { stage: of, .. } if of == stage))
        .map(|it| {
            let steps = it.request.steps.iter().map(|step| step.name.clone());
            (it.request.revision, steps.collect())
        })
        .collect()
}

/// What the stage's record says stands there.
fn stands(world: &World) -> Option<Revision> {
    let stage = world.stage("alice")?;
    let deployed = stage.stands()?;
    Some(deployed.release.revision.clone())
}

fn told(world: &World) -> Vec<Kind> {
    let told = world.ports().channels.told("team").into_iter();
    told.map(|it| it.kind).collect()
}

fn command(world: &mut World, command: &Command) {
    let id = world.stage_id("alice");
    let principal = World::operator();
    let asked = world.app.command(&id, &principal, command);
    let answer = world.now(asked).expect("it is decided");
    assert!(answer.is_ok(), "{answer:?}");
    world.settle();
}

#[test]
fn a_teardown_runs_the_default_branch_and_a_push_brings_the_stage_back() {
    let mut world = world();
    let own = world.push("feature/x", "alice");
    assert_eq!(stands(&world), Some(own.clone()));
    let master = world
        .ports()
        .source
        .tip("master")
        .expect("a default branch");
    assert_ne!(own, master);
    world.pass(days(6));
    world.pass(SignedDuration::from_mins(5));
    assert!(
        matches!(told(&world)[..], [Kind::Expiring { .. }]),
        "{:?}",
        told(&world)
    );
    world.pass(days(1));
    assert_eq!(stands(&world), None);
    let stage = world.stage("alice").expect("it is known");
    assert!(stage.deployed.is_none() && stage.life.gone.is_some());
    let ran = executions(&world, "alice");
    assert_eq!(ran.len(), 2);
    assert_eq!(
        ran[1],
        (master, vec!["remove".to_owned(), "leftovers".to_owned()])
    );
    assert!(
        matches!(told(&world)[..], [_, Kind::TornDown { .. }]),
        "{:?}",
        told(&world)
    );

    // Nothing but a push brings it back.
    world.pass(days(3));
    assert_eq!(stands(&world), None);
    let newer = world.push("feature/x", "alice");
    assert_eq!(stands(&world), Some(newer));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn without_hints_the_sweep_alone_tears_it_down() {
    let mut world = world();
    world.hints = false;
    world.push("feature/x", "alice");
    world.pass(SignedDuration::from_mins(30));
    assert!(stands(&world).is_some());
    world.pass(days(7));
    world.pass(SignedDuration::from_mins(30));
    assert!(
        world
            .stage("alice")
            .is_some_and(|stage| stage.life.gone.is_some())
    );
}

#[test]
fn destroy_goes_the_same_way_and_no_commit_of_the_default_branch_has_gone_there() {
    let mut world = world();
    world.push("feature/x", "alice");
    let destroy = Command::Destroy {
        reason: "not needed".to_owned(),
    };
    command(&mut world, &destroy);
    assert_eq!(stands(&world), None);
    let master = world
        .ports()
        .source
        .tip("master")
        .expect("a default branch");
    let app = world.now(world.app.app(world.id)).expect("it is there");
    let went = world.now(world.app.journey(&app, master.as_str()));
    let went = went.expect("it is looked up");
    let mut there = went.stages.iter();
    let there = there.find(|leg| leg.stage.as_str() == "alice");
    assert_eq!(there.map(|leg| leg.state), Some(Where::NotOnTheWay));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_teardown_that_cannot_be_started_leaves_an_orphan() {
    let mut world = world();
    world.push("feature/x", "alice");
    world.ports().pipelines.refuse(Some("no such pipeline"));
    let destroy = Command::Destroy {
        reason: "not needed".to_owned(),
    };
    command(&mut world, &destroy);
    world.pass(SignedDuration::from_mins(10));
    let stage = world.stage("alice").expect("it is known");
    let orphan = stage.life.orphan.expect("it stands, and should not");
    assert!(orphan.why.contains("no such pipeline"), "{}", orphan.why);
    assert!(
        matches!(told(&world)[..], [Kind::Orphaned { .. }]),
        "{:?}",
        told(&world)
    );
    world.ports().pipelines.refuse(None);
    command(&mut world, &destroy);
    assert!(
        world
            .stage("alice")
            .is_some_and(|stage| stage.life.gone.is_some())
    );
}

#[test]
fn what_is_said_of_the_default_branch_keeps_no_stage_standing() {
    let mut world = world();
    world.push("feature/x", "alice");
    let bad = Saying::Mark {
        mark: BAD.to_owned(),
        note: Some("it loses orders".to_owned()),
    };
    let principal = World::operator();
    let said = world.app.mark(world.id, "master", &principal, &bad);
    world.now(said).expect("it is decided").expect("granted");
    let destroy = Command::Destroy {
        reason: "not needed".to_owned(),
    };
    command(&mut world, &destroy);
    assert!(
        world
            .stage("alice")
            .is_some_and(|stage| stage.life.gone.is_some())
    );
}
