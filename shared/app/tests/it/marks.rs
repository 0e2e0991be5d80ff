//! What people say of releases, raced against claims and admissions.

use greenroom_app::Error;
use greenroom_app::keys;
use greenroom_app::ports::store::StoreError;
use greenroom_app::stages::Input;
use greenroom_core::command::Command;
use greenroom_core::mark::{BAD, Saying};
use greenroom_core::name::Revision;
use greenroom_core::waiting::Wait;
use greenroom_testkit::world::World;

use crate::STAGE_FILE;

fn bad() -> Saying {
    Saying::Mark {
        mark: BAD.to_owned(),
        note: Some("it loses orders".to_owned()),
    }
}

fn say(world: &World, release: &str, saying: &Saying) {
    let principal = World::operator();
    let said = world.app.mark(world.id, release, &principal, saying);
    let said = world.now(said).expect("it is decided");
    said.expect("it is granted");
}

fn unmark(world: &mut World, release: &str, word: &str) {
    let mark = word.to_owned();
    say(world, release, &Saying::Unmark { mark });
    world.settle();
}

fn command(world: &World, stage: &str, command: &Command) {
    let id = world.stage_id(stage);
    let principal = World::operator();
    let asked = world.app.command(&id, &principal, command);
    let answer = world.now(asked).expect("it is decided");
    assert!(answer.is_ok(), "{answer:?}");
}

fn codes(world: &World, stage: &str) -> Vec<&'static str> {
    let explained = world.now(world.app.explain(&world.stage_id(stage)));
    let (_, plan) = explained.expect("it is explained");
    plan.waiting_on.iter().map(Wait::code).collect()
}

fn lock(world: &World) {
    let lock = Command::Lock {
        reason: "for now".to_owned(),
        until: None,
    };
    command(world, "dev", &lock);
}

/// A stage that only a lock keeps from its candidate, which is built.
fn waiting() -> (World, Revision) {
    let mut world = World::new(STAGE_FILE);
    lock(&world);
    let revision = world.push("develop", "bob");
    assert_eq!(codes(&world, "dev"), ["locked"]);
    (world, revision)
}

#[test]
fn a_claim_that_has_not_seen_the_mark_bad_is_not_committed() {
    let (mut world, revision) = waiting();
    let id = world.stage_id("dev");
    let loaded = world.now(world.app.load_stage(&id, None)).expect("a stage");
    say(&world, "develop", &bad());
    let principal = World::operator();
    let input = Input::Command {
        principal: &principal,
        command: &Command::Unlock,
    };
    let late = world.now(world.app.try_step(&loaded, &input, &[]));
    assert!(matches!(
        late,
        Err(Error::Store(StoreError::Conflict { key })) if key == keys::marks(world.id, &revision)
    ));
    command(&world, "dev", &Command::Unlock);
    world.settle();
    assert_eq!(codes(&world, "dev"), ["marked_bad"]);
    assert_eq!(world.stands("dev"), None);
    unmark(&mut world, revision.as_str(), BAD);
    assert_eq!(
        world.stands("dev"),
        Some(revision),
        "asked again when it was unmarked"
    );
}

#[test]
fn an_admission_that_has_not_seen_the_mark_bad_is_not_committed() {
    let (world, revision) = waiting();
    command(&world, "dev", &Command::Unlock);
    let id = world.stage_id("dev");
    let loaded = world.now(world.app.load_stage(&id, None)).expect("a stage");
    let run = loaded.stage.run.clone().expect("a claim");
    say(&world, &revision.as_str()[..12], &bad());
    let principal = greenroom_core::principal::Principal::Pipeline;
    let admit = Command::Admit {
        generation: run.generation,
        nonce: run.nonce,
        execution: "exec-1".into(),
        revision: revision.clone(),
    };
    let input = Input::Command {
        principal: &principal,
        command: &admit,
    };
    let late = world.now(world.app.try_step(&loaded, &input, &[]));
    assert!(matches!(
        late,
        Err(Error::Store(StoreError::Conflict { key })) if key == keys::marks(world.id, &revision)
    ));
    let again = world.now(world.app.command(&id, &principal, &admit));
    let no = again.expect("it is decided").expect_err("refused");
    assert!(no.why.contains("bad: it loses orders"), "{}", no.why);
}

#[test]
fn a_stage_that_waits_for_a_mark_goes_on_when_it_is_given() {
    let file = STAGE_FILE
        .replace("stages:\n", "marks:\n  seen: {}\nstages:\n")
        .replace(
            "{ branch: develop }, ",
            "{ branch: develop }, marks: [seen], ",
        );
    let mut world = World::new(&file);
    let revision = world.push("develop", "bob");
    assert_eq!(codes(&world, "dev"), ["mark_missing"]);
    let mark = "seen".to_owned();
    say(&world, "develop", &Saying::Mark { mark, note: None });
    world.settle();
    assert_eq!(world.green("dev"), Some(revision.clone()));
    let log = world.now(world.app.stage_log(&world.stage_id("dev"), 50));
    let said = format!("olga marked {} seen", revision.short());
    assert!(log.expect("a log").iter().any(|line| line.text == said));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn what_stands_somewhere_and_is_bad_is_shown_there() {
    let mut world = World::new(STAGE_FILE);
    let revision = world.push("develop", "bob");
    say(&world, "develop", &bad());
    world.settle();
    let card = world
        .now(world.app.stage_card(&world.stage_id("dev")))
        .expect("a card");
    let marks: Vec<_> = card
        .marks
        .iter()
        .map(|it| (&it.revision, it.mark.as_str()))
        .collect();
    assert_eq!(marks, [(&revision, BAD)]);
    assert_eq!(world.green("dev"), Some(revision), "it stands as it stood");
}

#[test]
fn a_name_of_several_commits_is_refused_with_all_of_them() {
    let mut world = World::new(STAGE_FILE);
    let one = world.push("develop", "bob");
    let two = world.push("release/1", "bob");
    let source = &world.ports().source;
    source.set("refs/tags/develop", Some(&two));
    let found = |world: &World, typed: &str| world.now(world.app.find_release(world.id, typed));
    let Err(Error::Invalid { why, help }) = found(&world, "develop") else {
        panic!("it is ambiguous");
    };
    assert!(
        why.contains(one.short()) && why.contains(two.short()),
        "{why}"
    );
    assert!(help.contains("refs/tags/"), "{help}");
    let tag = found(&world, "refs/tags/develop").expect("one thing");
    assert_eq!(tag.revision, two);
    for typed in [two.as_str(), &two.as_str()[..12]] {
        assert_eq!(found(&world, typed).expect("a commit").revision, two);
    }
    for nothing in ["nothing", "feature/../x", "", "ffffffff", &"f".repeat(40)] {
        assert!(
            matches!(found(&world, nothing), Err(Error::NotFound { .. })),
            "{nothing}"
        );
    }
}
