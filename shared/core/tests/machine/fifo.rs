//! A stage that deploys each change by itself, in the order it was seen.

use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::mark::{BAD, Mark, Marked};
use greenroom_core::name::RefName;
use greenroom_core::stage::{Cause, Outcome, QUEUE_MAX, Stage};

use crate::world::*;

pub fn queued() -> World {
    let file = FILE
        .replace(
            "alert: [team, mail] }",
            "alert: [team, mail], queue: fifo }",
        )
        .replace("    soak: 1h\n", "    queue: fifo\n");
    World::of(&file)
}

/// The revisions that wait, what is next first.
pub fn line(world: &mut World, name: &str) -> Vec<u32> {
    let stage = world.stage(name);
    let number = |text: &str| u32::from_str_radix(&text[..8], 16).expect("a revision of ours");
    let waits = stage.line().map(|it| number(it.revision.as_str()));
    waits.collect()
}

/// `dev` runs 1, and 2 to `n` wait.
fn behind_one(n: u32) -> World {
    let mut world = queued();
    world.push("dev", 1);
    world.built(1);
    for n in 2..=n {
        world.push("dev", n);
    }
    world
}

pub fn through(world: &mut World, name: &str) {
    world.deploy(name);
    world.all_pass(name);
}

#[test]
fn each_change_is_deployed_by_itself_in_its_turn() {
    let mut world = behind_one(3);
    assert_eq!(line(&mut world, "dev"), [2, 3]);
    for n in 2..=3 {
        world.built(n);
    }
    for n in 1..=3 {
        assert_eq!(world.run("dev").release.revision, revision(n));
        assert!(world.run("dev").contains.is_empty());
        through(&mut world, "dev");
    }
    assert_eq!(codes(&world.replan("dev")), ["up_to_date"]);
    let queued: Vec<_> = world.log.iter().filter(|it| it.code == "queued").collect();
    assert_eq!(
        queued[1].text,
        "00000003 waits in line, 2 in front of it: push by carol"
    );
}

#[test]
fn why_says_who_waits_behind_whom() {
    let mut world = behind_one(3);
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["starting", "queued"]);
    let told = plan.waiting_on[1].explain(&world.stage("dev").id.stage.clone());
    assert_eq!(
        told.sentence,
        "00000002, 00000003 wait in line, each for its own turn"
    );
}

#[test]
fn builds_of_the_next_three_are_made_before_their_turn() {
    let mut world = behind_one(6);
    let asked = |effect: &Effect| matches!(effect, Effect::RequestBuild { .. });
    assert_eq!(world.count(asked), 4, "of what runs and of three more");
    world.built(2);
    through(&mut world, "dev");
    assert_eq!(world.run("dev").release.revision, revision(2));
    assert_eq!(world.count(asked), 5);
}

#[test]
fn what_is_red_keeps_nobody_waiting_and_its_break_stays_open_until_green() {
    let mut world = behind_one(2);
    world.built(2);
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(&["a"]));
    assert_eq!(world.run("dev").release.revision, revision(2));
    assert!(world.stage("dev").brk.is_some());
    through(&mut world, "dev");
    assert!(world.stage("dev").brk.is_none());
    let told = [
        "team: broke",
        "mail: broke",
        "team: recovered",
        "mail: recovered",
    ];
    assert_eq!(world.told(), told);
}

#[test]
fn what_cannot_be_built_gives_way_and_is_told_of() {
    let mut world = behind_one(3);
    world.build_failed(2);
    world.built(3);
    through(&mut world, "dev");
    let last = &world.stage("dev").queue.passed[0];
    assert_eq!(last.revision, revision(2));
    world.replan("dev");
    assert_eq!(world.run("dev").release.revision, revision(3));
    assert_eq!(world.told(), ["team: broke", "mail: broke"]);
    assert!(world.codes().contains(&"passed_over"));
}

#[test]
fn what_is_marked_bad_gives_way_unless_it_is_the_last() {
    let mut world = behind_one(3);
    let mut bad = |n| {
        let mark = Mark {
            by: "olga".to_owned(),
            at: world.now,
            note: Some("leaks".to_owned()),
        };
        let marks = [(BAD.to_owned(), mark)].into();
        world.marks.insert(Marked {
            revision: revision(n),
            marks,
        });
    };
    bad(2);
    bad(3);
    world.built(2);
    world.built(3);
    through(&mut world, "dev");
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["marked_bad"]);
    assert_eq!(line(&mut world, "dev"), [3]);
}

#[test]
fn nobody_could_tell_so_it_is_tried_again_before_the_next() {
    let mut world = behind_one(2);
    world.built(2);
    for _ in 0..3 {
        assert_eq!(world.run("dev").release.revision, revision(1));
        world.started("dev");
        let why = "gone".to_owned();
        let at = world.now;
        world.observe("dev", Observation::Errored { why, at });
        world.pass(minutes(1));
        world.replan("dev");
    }
    assert_eq!(world.run("dev").release.revision, revision(2));
    assert_eq!(world.told(), ["team: unverified", "mail: unverified"]);
}

#[test]
fn a_line_that_is_full_puts_the_newest_two_together() {
    let most = u32::try_from(QUEUE_MAX).expect("few");
    let mut world = behind_one(most + 4);
    let stage = world.stage("dev").clone();
    assert_eq!(stage.queue.waiting.len(), QUEUE_MAX);
    let newest = stage.queue.waiting.last().expect("they wait");
    assert_eq!(newest.revision, revision(most + 4));
    let contained: Vec<_> = newest
        .contains
        .iter()
        .map(|it| it.revision.clone())
        .collect();
    assert_eq!(contained, [revision(most + 3), revision(most + 2)]);
    let told = |it: &&greenroom_core::history::Entry| it.code == "superseded";
    assert_eq!(world.log.iter().filter(told).count(), 2);
}

#[test]
fn a_line_full_of_other_branches_says_who_gave_way() {
    let mut world = queued();
    let text = FILE.replace(
        "pipeline: plain }\n  tagged",
        "pipeline: plain, queue: fifo }\n  tagged",
    );
    world.file = stage_file(&text);
    let most = u32::try_from(QUEUE_MAX).expect("few");
    for n in 1..=most + 3 {
        let reference = format!("refs/heads/bare/{n}");
        world.head("bare", &reference, n, Cause::Push { actor: None });
    }
    let queue = world.stage("bare").queue.clone();
    assert_eq!(queue.waiting.len(), QUEUE_MAX);
    assert_eq!(queue.passed[0].revision, revision(most + 2));
    assert!(world.codes().contains(&"passed_over"));
}

#[test]
fn a_reference_that_goes_back_takes_along_what_came_after() {
    let mut world = behind_one(4);
    world.push("dev", 3);
    assert_eq!(line(&mut world, "dev"), [2, 3]);
    world.push("dev", 1);
    assert_eq!(line(&mut world, "dev"), [0_u32; 0]);
    world.push("dev", 5);
    assert_eq!(line(&mut world, "dev"), [5]);
}

#[test]
fn a_branch_that_goes_takes_its_own_changes_along() {
    let mut world = queued();
    let text = FILE.replace(
        "pipeline: plain }\n  tagged",
        "pipeline: plain, queue: fifo }\n  tagged",
    );
    world.file = stage_file(&text);
    let push = |world: &mut World, branch: &str, n| {
        let reference = format!("refs/heads/bare/{branch}");
        world.head("bare", &reference, n, Cause::Push { actor: None });
    };
    for (branch, n) in [("x", 1), ("x", 2), ("y", 3), ("x", 4), ("y", 5)] {
        push(&mut world, branch, n);
    }
    let reference = RefName::new("refs/heads/bare/x");
    let at = world.now;
    world.fact("bare", Fact::HeadGone { reference, at });
    assert_eq!(line(&mut world, "bare"), [3, 5]);
    assert_eq!(world.run("bare").release.revision, revision(1));
}

#[test]
fn a_rollback_goes_in_front_and_the_line_goes_on_once_its_hold_is_lifted() {
    let mut world = behind_one(4);
    for n in 2..=4 {
        world.built(n);
    }
    through(&mut world, "dev");
    world.deploy("dev");
    let lock = Command::Lock {
        reason: "look".to_owned(),
        until: None,
    };
    world.command("dev", &operator(), lock).expect("locked");
    world.verdict("dev", "smoke", failed(&["a"]));
    let back = Command::Rollback {
        to: None,
        reason: "bad".to_owned(),
    };
    world
        .command("dev", &operator(), back)
        .expect("rolled back");
    assert_eq!(line(&mut world, "dev"), [1, 3, 4]);
    world.push("dev", 5);
    assert_eq!(line(&mut world, "dev"), [1, 3, 4, 5], "nothing is lost");
    world
        .command("dev", &operator(), Command::Unlock)
        .expect("unlocked");
    assert_eq!(world.run("dev").release.revision, revision(1));
    through(&mut world, "dev");
    assert_eq!(codes(&world.replan("dev")), ["held", "queued"]);
    world
        .command("dev", &operator(), Command::Refresh)
        .expect("goes on");
    assert_eq!(world.run("dev").release.revision, revision(3));
}

#[test]
fn a_stage_that_takes_the_newest_again_puts_the_line_together() {
    let mut world = behind_one(4);
    world.file = stage_file(FILE);
    world.replan("dev");
    let stage = world.stage("dev").clone();
    let waits = stage.candidate.expect("the newest waits");
    assert_eq!(waits.revision, revision(4));
    assert_eq!(waits.contains.len(), 2);
    assert!(stage.queue.is_blank());
}

#[test]
fn a_record_of_an_older_version_takes_the_newest() {
    let mut world = World::new();
    world.green("dev", 1);
    let stage = world.stage("dev").clone();
    let text = serde_json::to_string(&stage).expect("written");
    assert!(!text.contains("queue"), "nothing is written of no line");
    let read: Stage = serde_json::from_str(&text).expect("read");
    assert_eq!(read, stage);
    assert_eq!(
        stage.last.expect("it ran").outcome,
        Some(Outcome::Succeeded)
    );
}
