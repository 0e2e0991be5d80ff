//! Windows and pauses over the table: what is committed meanwhile makes a claim or an admission void,
//! and whoever waits wakes up.

use greenroom_app::ports::pipelines::AdmissionRequest;
use greenroom_app::ports::store::{Condition, Store as _, StoreError, Write};
use greenroom_app::stages::{Input, Loaded};
use greenroom_app::{Error, keys};
use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;
use greenroom_core::name::ExecutionId;
use greenroom_core::pause::PauseCommand;
use greenroom_core::principal::Principal;
use greenroom_core::waiting::Wait;
use greenroom_testkit::world::World;
use jiff::{SignedDuration, Timestamp};

use crate::STAGE_FILE;

fn stop(until: Option<Timestamp>) -> PauseCommand {
    PauseCommand::Pause {
        reason: "the network is down".to_owned(),
        until,
    }
}

fn pause(world: &World, command: &PauseCommand) {
    let olga = World::operator();
    let asked = world.app.pause(world.id, &olga, command);
    let paused = world.now(asked).expect("the store answers");
    paused.expect("an operator may");
}

fn codes(world: &World, stage: &str) -> Vec<&'static str> {
    let explained = world.now(world.app.explain(&world.stage_id(stage)));
    let (_, plan) = explained.expect("a stage");
    plan.waiting_on.iter().map(Wait::code).collect()
}

/// One attempt over what was loaded before: whose version had changed, if it came to nothing.
fn attempt(world: &World, loaded: &Loaded, input: &Input<'_>) -> Option<String> {
    match world.now(world.app.try_step(loaded, input, &[])) {
        Ok(_) => None,
        Err(Error::Store(StoreError::Conflict { key })) => Some(key.to_string()),
        Err(other) => panic!("{other}"),
    }
}

/// dev wants something that is built, and only a lock is in the way.
fn wanted() -> World {
    let mut world = World::new(STAGE_FILE);
    let id = world.stage_id("dev");
    let lock = Command::Lock {
        reason: "so that it waits".to_owned(),
        until: None,
    };
    let olga = World::operator();
    let asked = world.app.command(&id, &olga, &lock);
    assert!(world.now(asked).expect("an answer").is_ok());
    world.push("develop", "bob");
    world.settle();
    assert_eq!(codes(&world, "dev"), ["locked"]);
    world
}

/// dev as it is now, but for the lock: planned, it is claimed.
fn unlocked(world: &World) -> Loaded {
    let loaded = world.now(world.app.load_stage(&world.stage_id("dev"), None));
    let mut loaded = loaded.expect("a stage");
    loaded.stage.lock = None;
    loaded
}

#[test]
fn a_pause_that_is_committed_first_voids_the_claim_and_the_admission() {
    let world = wanted();
    let app = keys::app(world.id).to_string();
    let before = unlocked(&world);
    pause(&world, &stop(None));
    assert_eq!(attempt(&world, &before, &Input::Nothing), Some(app.clone()));
    assert_eq!(world.stage("dev").expect("a stage").generation, 0);
    pause(&world, &PauseCommand::Resume);
    assert_eq!(attempt(&world, &unlocked(&world), &Input::Nothing), None);

    let before = unlocked(&world);
    let run = before.stage.run.clone().expect("it is claimed");
    let execution = ExecutionId::new("its-own");
    let admit = Command::Admit {
        generation: run.generation,
        nonce: run.nonce.clone(),
        execution: execution.clone(),
        revision: run.release.revision.clone(),
    };
    let principal = Principal::Pipeline;
    let input = Input::Command {
        principal: &principal,
        command: &admit,
    };
    pause(&world, &stop(None));
    assert_eq!(attempt(&world, &before, &input), Some(app));
    let request = AdmissionRequest {
        app: world.id.to_string(),
        stage: "dev".to_owned(),
        generation: run.generation,
        nonce: run.nonce,
        execution,
        revision: run.release.revision,
        definition: None,
    };
    let no = world.now(world.app.admit(&request)).expect("an answer");
    let no = no.expect_err("everything is paused");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert!(no.why.contains("the network is down"), "{}", no.why);
}

#[test]
fn whoever_waited_for_a_pause_goes_on_when_it_is_over() {
    let mut world = World::new(STAGE_FILE);
    pause(&world, &stop(None));
    let pushed = world.push("develop", "bob");
    world.pass(SignedDuration::from_hours(2));
    assert_eq!(
        (world.green("dev"), codes(&world, "dev")),
        (None, vec!["paused"])
    );
    // It sleeps for good, until somebody changes the end.
    pause(
        &world,
        &stop(Some(world.until(SignedDuration::from_hours(1)))),
    );
    world.pass(SignedDuration::from_mins(59));
    assert_eq!(world.green("dev"), None);
    world.pass(SignedDuration::from_mins(2));
    assert_eq!(world.green("dev"), Some(pushed));
    let second = {
        pause(&world, &stop(None));
        world.push("develop", "bob")
    };
    world.settle();
    pause(&world, &PauseCommand::Resume);
    world.settle();
    assert_eq!(world.green("dev"), Some(second));
}

#[test]
fn a_window_that_comes_into_force_first_voids_the_claim() {
    let mut world = wanted();
    let before = unlocked(&world);
    let always = "windows: { never: { deny: { cron: \"0 * * * *\", for: 2h, timezone: UTC }, reason: closed } }\n";
    let file = STAGE_FILE.replace("dev: { ", "dev: { windows: [never], ") + always;
    let source = &world.ports().source;
    source.commit("master", "olga", "Close dev", &[("greenroom.yaml", &file)]);
    world.now(world.app.poll()).expect("the repository answers");
    // The stage is as it is now; only the stage file is the one that was read before.
    let between = Loaded {
        app: before.app,
        file: before.file,
        ..unlocked(&world)
    };
    let changed = attempt(&world, &between, &Input::Nothing);
    assert_eq!(changed, Some(keys::app(world.id).to_string()));
    world.settle();
    assert_eq!(codes(&world, "dev"), ["locked", "frozen"]);
}

#[test]
fn what_waits_for_a_window_goes_on_when_it_opens() {
    let noon = "windows: { noon: { allow: { cron: \"0 12 * * *\", for: 1h, timezone: UTC }, reason: lunch } }\n";
    let file = STAGE_FILE.replace("dev: { ", "dev: { windows: [noon], ") + noon;
    let mut world = World::new(&file);
    let pushed = world.push("develop", "bob");
    world.settle();
    assert_eq!(codes(&world, "dev"), ["frozen"]);
    let id = world.stage_id("dev");
    let shown = world
        .now(world.app.freeze(None, Some(&id)))
        .expect("a stage");
    let twelve: Timestamp = "2026-03-02T12:00:00Z".parse().expect("an instant");
    assert_eq!(
        (shown[0].open, shown[0].turns.changes_at),
        (false, Some(twelve))
    );
    assert_eq!(
        (shown[0].windows[0].open, shown[0].windows.len()),
        (false, 1)
    );
    world.work_until("2026-03-02T11:59:59Z".parse().expect("an instant"));
    assert_eq!(world.green("dev"), None);
    world.work_until("2026-03-02T12:10:00Z".parse().expect("an instant"));
    assert_eq!(world.green("dev"), Some(pushed));
}

#[test]
fn all_apps_are_paused_one_after_the_other() {
    let world = World::new(STAGE_FILE);
    let alice = Principal::Operator {
        name: "alice".to_owned(),
    };
    let all = |who: &Principal, command: &PauseCommand| {
        let asked = world.now(world.app.pause_all(who, command));
        asked.expect("the store answers").expect("an operator may")
    };
    let paused = all(&alice, &stop(None));
    let by = |paused: &[greenroom_app::apps::Paused]| -> Vec<Option<String>> {
        let by = paused
            .iter()
            .map(|one| one.pause.as_ref().map(|it| it.by.clone()));
        by.collect()
    };
    assert_eq!(by(&paused), [Some("alice".to_owned())]);
    let again = all(&World::operator(), &stop(None));
    assert_eq!(by(&again), [Some("alice".to_owned())], "it stays hers");
    for _ in 0..2 {
        assert_eq!(by(&all(&alice, &PauseCommand::Resume)), [None]);
    }
}

#[test]
fn all_apps_stay_paused_for_as_long_as_anybody_asked() {
    let world = World::new(STAGE_FILE);
    let who = |name: &str| Principal::Operator {
        name: name.to_owned(),
    };
    let all = |name: &str, hours: Option<i64>| {
        let until = hours.map(|hours| world.until(SignedDuration::from_hours(hours)));
        let asked = world.now(world.app.pause_all(&who(name), &stop(until)));
        let paused = asked.expect("the store answers").expect("an operator may");
        let pause = paused[0].pause.clone().expect("it is paused");
        (pause.by, pause.until == until)
    };
    let short = ("alice".to_owned(), true);
    assert_eq!(all("alice", Some(1)), short);
    assert_eq!(all("olga", Some(3)), ("olga".to_owned(), true), "longer");
    assert_eq!(all("alice", Some(2)).0, "olga", "hers ends later");
    assert_eq!(all("alice", None), short, "until somebody resumes");
    assert_eq!(all("olga", Some(9)).0, "alice");
    // What people call themselves is cut.
    let long = "n".repeat(150);
    let asked = world.now(world.app.pause_all(&who("alice"), &PauseCommand::Resume));
    asked.expect("the store answers").expect("an operator may");
    assert!(all(&long, Some(2)).1);
    assert!(all(&long, Some(1)).1, "their own is theirs to change");
}

#[test]
fn a_resume_wakes_everybody_without_a_poll_and_past_a_bad_record() {
    let mut world = World::new(STAGE_FILE);
    pause(&world, &stop(None));
    let pushed = world.push("release/1", "carol");
    assert_eq!(codes(&world, "preprod"), ["paused"]);
    let bad = Write::Put {
        key: keys::stage(&world.stage_id("dev")),
        value: b"{".to_vec(),
        condition: Condition::Any,
    };
    let written = world.now(world.ports().store.commit(vec![bad]));
    written.expect("the table takes anything");
    pause(&world, &PauseCommand::Resume);
    world.restart();
    world.pass(SignedDuration::from_mins(5));
    assert_eq!(world.green("preprod"), Some(pushed));
}

#[test]
fn a_bad_record_keeps_no_other_stage_from_a_new_stage_file() {
    let world = World::new(STAGE_FILE);
    let bad = Write::Put {
        key: keys::stage(&world.stage_id("dev")),
        value: b"{".to_vec(),
        condition: Condition::Any,
    };
    let written = world.now(world.ports().store.commit(vec![bad]));
    written.expect("the table takes anything");
    let more = format!("{STAGE_FILE}  qa: {{ from: {{ branch: qa }}, pipeline: service }}\n");
    let source = &world.ports().source;
    source.commit("master", "olga", "Add qa", &[("greenroom.yaml", &more)]);
    world.now(world.app.poll()).expect("an answer");
    assert!(world.stage("qa").is_some());
}
