//! Nothing happens to a stage that its log does not tell.

use greenroom_core::command::Command;

use crate::world::*;

#[test]
fn the_way_of_a_push_is_told_in_order() {
    let mut world = World::new();
    world.green("dev", 1);
    assert_eq!(
        world.codes(),
        [
            "candidate",
            "claimed",
            "admitted",
            "deployed",
            "tested",
            "succeeded"
        ]
    );
}

#[test]
fn a_break_and_its_end_are_told() {
    let mut world = World::new();
    world.push("dev", 1);
    world.build_failed(1);
    assert_eq!(world.codes(), ["candidate", "build_failed", "broke"]);
    world.log.clear();
    world
        .command("dev", &operator(), Command::Acknowledge { note: None })
        .expect("granted");
    world.green("dev", 2);
    let codes = world.codes();
    assert!(codes.contains(&"acknowledged"), "{codes:?}");
    assert!(codes.contains(&"superseded"), "{codes:?}");
    assert!(codes.contains(&"recovered"), "{codes:?}");
}

#[test]
fn what_people_do_is_told_with_who_and_why() {
    let mut world = World::new();
    let reason = "because".to_owned();
    let lock = Command::Lock {
        reason: reason.clone(),
        until: None,
    };
    world.command("dev", &operator(), lock).expect("granted");
    world
        .command("dev", &operator(), Command::Unlock)
        .expect("granted");
    world
        .command("dev", &operator(), Command::Refresh)
        .expect("granted");
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    world.log.clear();
    let abort = Command::Abort { reason };
    world.command("dev", &operator(), abort).expect("granted");
    assert_eq!(world.log[0].code, "stopping");
    assert!(world.log[0].text.contains("olga: because"));
}

#[test]
fn what_a_rollback_takes_the_place_of_is_not_called_contained() {
    let mut world = World::new();
    world.green("dev", 1);
    world.green("dev", 2);
    world.push("dev", 3);
    world.log.clear();
    let rollback = Command::Rollback {
        to: None,
        reason: "bad".to_owned(),
    };
    world
        .command("dev", &operator(), rollback)
        .expect("granted");
    let codes = world.codes();
    assert!(codes.contains(&"dropped"), "{codes:?}");
    assert!(codes.contains(&"held"), "{codes:?}");
    assert!(!codes.contains(&"superseded"), "{codes:?}");
}

#[test]
fn what_was_approved_and_deployed_is_not_called_void() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    world.approve("alice").expect("approved");
    world.approve("bob").expect("approved");
    world.pass(jiff::SignedDuration::from_hours(48));
    world.replan("prod");
    world.deploy("prod");
    world.all_pass("prod");
    world.green("preprod", 2);
    world.replan("prod");
    assert_eq!(world.stage("prod").approvals, []);
    let codes = world.codes();
    assert!(!codes.contains(&"approval_void"), "{codes:?}");
}

#[test]
fn approvals_and_rejections_are_told() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    world.log.clear();
    world.approve("alice").expect("approved");
    let reject = Command::Reject {
        revision: None,
        reason: "no".to_owned(),
    };
    world
        .command("prod", &person("bob"), reject)
        .expect("rejected");
    world
        .command("prod", &operator(), Command::Promote)
        .expect("granted");
    assert_eq!(
        world.codes(),
        [
            "approved",
            "rejected",
            "approval_void",
            "dropped",
            "unrejected",
            "candidate"
        ]
    );
}

#[test]
fn what_is_promoted_contains_what_waited_unless_the_stage_before_was_rolled_back() {
    let mut world = World::new();
    for n in [1, 2] {
        world.green("preprod", n);
        world.replan("prod");
    }
    let contains = |world: &mut World| {
        let candidate = world.stage("prod").candidate.clone().expect("it waits");
        let contained = candidate.contains.into_iter().map(|it| it.revision);
        (candidate.revision, contained.collect::<Vec<_>>())
    };
    assert_eq!(contains(&mut world), (revision(2), vec![revision(1)]));
    let back = Command::Rollback {
        to: None,
        reason: "orders vanish".to_owned(),
    };
    world
        .command("preprod", &operator(), back)
        .expect("granted");
    world.deploy("preprod");
    world.all_pass("preprod");
    world.replan("prod");
    assert_eq!(contains(&mut world), (revision(1), Vec::new()));
}
