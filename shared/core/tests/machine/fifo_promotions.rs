//! A line of promotions: each release that turns green upstream, in its turn.

use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;

use crate::fifo::{line, queued, through};
use crate::world::*;

/// 1 was green upstream and waits for approvals; 2 is green there now, and behind it.
fn two_green() -> World {
    let mut world = queued();
    world.replan("prod");
    for n in [1, 2] {
        world.green("preprod", n);
        world.replan("prod");
    }
    world
}

#[test]
fn each_green_release_is_promoted_in_order_though_the_upstream_went_on() {
    let mut world = queued();
    world.replan("prod");
    for n in 1..=3 {
        world.green("preprod", n);
        if n != 2 {
            world.replan("prod");
        }
    }
    assert_eq!(line(&mut world, "prod"), [1, 2, 3], "2 was green unseen");
    for n in 1..=3 {
        for name in ["alice", "bob"] {
            world.approve(name).expect("approved");
        }
        assert_eq!(world.run("prod").release, world.release(n));
        through(&mut world, "prod");
    }
    assert_eq!(codes(&world.replan("prod")), ["up_to_date"]);
}

#[test]
fn what_was_green_goes_on_while_the_upstream_is_red_and_not_while_it_goes_back() {
    let mut world = queued();
    world.replan("prod");
    world.green("preprod", 1);
    world.replan("prod");
    world.green("preprod", 2);
    world.replan("prod");
    world.push("preprod", 3);
    world.built(3);
    world.deploy("preprod");
    world.verdict("preprod", "api", failed(&["a"]));
    world.verdict("preprod", "smoke", passed());
    assert_eq!(codes(&world.replan("prod")), ["approval", "queued"]);
    let back = Command::Rollback {
        to: Some(revision(1)),
        reason: "2 is bad as well".to_owned(),
    };
    world
        .command("preprod", &operator(), back)
        .expect("rolled back");
    let plan = world.replan("prod");
    assert_eq!(codes(&plan)[0], "upstream_unverified");
    assert!(plan.wake.is_some(), "nobody tells if it is withdrawn");
    through(&mut world, "preprod");
    world.replan("prod");
    assert_eq!(line(&mut world, "prod"), [1], "2 is wanted no more");
}

#[test]
fn what_turned_red_where_it_stands_upstream_is_not_promoted() {
    let mut world = queued();
    world.replan("prod");
    world.green("preprod", 1);
    world.replan("prod");
    // The upstream is watched, and a round was red; what was tried there last is another release.
    let upstream = world.stages.get_mut("preprod").expect("it is there");
    upstream.verified = None;
    upstream.tried = None;
    assert_eq!(
        codes(&world.replan("prod")),
        ["upstream_unverified", "approval"]
    );
}

#[test]
fn what_was_green_upstream_and_red_again_before_anybody_looked_is_not_taken() {
    let mut world = queued();
    world.replan("prod");
    world.green("preprod", 1);
    let first = world.release(1);
    let upstream = world.stages.get_mut("preprod").expect("it is there");
    upstream.verified = None;
    upstream.tried = Some(first);
    world.replan("prod");
    assert_eq!(line(&mut world, "prod"), [0; 0]);
}

#[test]
fn in_a_line_as_well_a_yes_is_never_for_a_candidate_nobody_has_seen() {
    let mut world = queued();
    world.replan("prod");
    for n in [1, 2] {
        world.green("preprod", n);
        world.replan("prod");
    }
    // The first was red when it ran there again; nobody has looked at the line since.
    let first = world.release(1);
    world.stages.get_mut("preprod").expect("it is there").tried = Some(first);
    let no = world.approve("alice").expect_err("another is in front");
    assert_eq!(no.kind, RejectionKind::Conflict);
    let approve = Command::Approve {
        revision: Some(revision(2)),
    };
    let yes = world.command("prod", &person("alice"), approve);
    assert!(yes.is_ok(), "this one was seen");
}

#[test]
fn what_waits_behind_may_be_rejected_and_does_not_come_back() {
    let mut world = queued();
    world.replan("prod");
    for n in 1..=3 {
        world.green("preprod", n);
        world.replan("prod");
    }
    let no = |n| Command::Reject {
        revision: Some(revision(n)),
        reason: "not this one".to_owned(),
    };
    world.command("prod", &operator(), no(2)).expect("rejected");
    world.command("prod", &operator(), no(3)).expect("rejected");
    world.replan("prod");
    assert_eq!(line(&mut world, "prod"), [1]);
    let unknown = world.command("prod", &operator(), no(7)).map(drop);
    assert_eq!(
        unknown.expect_err("it waits nowhere").kind,
        RejectionKind::Conflict
    );
}

#[test]
fn what_was_green_under_other_terms_gives_way_for_nobody_verifies_it_there_anew() {
    let mut world = two_green();
    let text = FILE.replace("    soak: 1h\n", "    queue: fifo\n");
    let stricter = text.replace("verify: [api, smoke]", "verify: [api]");
    world.file = stage_file(&stricter);
    world.replan("prod");
    let passed = &world.stage("prod").queue.passed[0];
    assert_eq!(passed.revision, revision(1));
    assert_eq!(
        line(&mut world, "prod"),
        [2],
        "it stands there, and may be verified anew"
    );
    assert_eq!(
        codes(&world.replan("prod")),
        ["upstream_outdated", "approval"]
    );
}
