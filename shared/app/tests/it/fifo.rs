//! Each change by itself, from pushes that come faster than they are deployed.

use greenroom_core::name::Revision;
use greenroom_testkit::github_payloads::{Commit, Person, Push};
use greenroom_testkit::world::World;
use jiff::Timestamp;

use crate::STAGE_FILE;

fn world() -> World {
    let dev = "dev: { from: { branch: develop }, pipeline: service, verify: [smoke], ";
    World::new(&STAGE_FILE.replace(dev, &format!("{dev}queue: fifo, ")))
}

/// What GitHub says of a push to `develop`, and when it says it the branch may have gone on.
fn body(world: &World, before: &Revision, after: &Revision) -> String {
    let bob = Person::new("bob", 7);
    let commit = Commit::new(after.as_str(), bob.clone(), "Change", Timestamp::UNIX_EPOCH);
    let commits = vec![commit];
    Push::to_branch(world.github(), "develop", before.as_str(), bob, commits).body()
}

fn deployed(world: &World) -> Vec<Revision> {
    let all = world.ports().pipelines.deployments().into_iter();
    all.map(|it| it.revision).collect()
}

#[test]
fn pushes_that_are_decided_after_the_next_one_are_deployed_in_their_turn() {
    let mut world = world();
    let first = world.push("develop", "bob");
    let commit = |text| world.ports().source.commit("develop", "bob", text, &[]);
    let (second, third) = (commit("second"), commit("third"));
    let told = [
        ("d-2", body(&world, &first, &second)),
        ("d-3", body(&world, &second, &third)),
    ];
    for (id, body) in &told {
        assert_eq!(world.post("push", id, body).status, 202);
    }
    world.settle();
    assert_eq!(deployed(&world), [first, second, third.clone()]);
    assert_eq!(world.green("dev"), Some(third));
}

#[test]
fn an_older_push_that_is_told_of_last_does_not_come_after_the_newer() {
    let mut world = world();
    let first = world.push("develop", "bob");
    let commit = |text| world.ports().source.commit("develop", "bob", text, &[]);
    let (second, third) = (commit("second"), commit("third"));
    for (id, before, after) in [("d-3", &second, &third), ("d-2", &first, &second)] {
        let body = body(&world, before, after);
        world.post("push", id, &body);
        world.settle();
    }
    assert_eq!(deployed(&world), [first, third]);
}
