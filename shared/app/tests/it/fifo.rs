//! Each change by itself, from pushes that come faster than they are deployed.

use greenroom_app::inbox::Received;
use greenroom_app::work::Work;
use greenroom_core::name::{DeliveryId, RefName, Revision};
use greenroom_github::SourceEvent;
use greenroom_github::event::{self, What};
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

#[test]
fn what_a_poll_read_before_the_line_grew_takes_nothing_out_of_it() {
    let mut world = world();
    world.hints = false;
    let pushed = ["first", "second", "third"].map(|text| {
        let revision = world.ports().source.commit("develop", "bob", text, &[]);
        let (id, body) = (
            world.delivery(),
            world.push_body("develop", "bob", &revision),
        );
        assert_eq!(world.post("push", &id, &body).status, 202);
        decide(&mut world, &DeliveryId::new(&id));
        revision
    });
    // It was set aside after it had read the heads, and compares them with what is known only now.
    let apps = world.now(world.app.apps()).expect("apps");
    let app = apps.first().expect("one");
    let stale = SourceEvent {
        repository: app.repository.id,
        repository_name: app.name.clone(),
        default_branch: app.default_branch.clone(),
        what: What::Push(event::Push {
            reference: RefName::new("refs/heads/develop"),
            before: Some(pushed[2].clone()),
            after: Some(pushed[0].clone()),
            created: false,
            forced: false,
        }),
        actor: None,
        subject: None,
        sender_is_bot: false,
    };
    let poll = DeliveryId::new("poll-1");
    let received = world.now(world.app.receive(&poll, stale, true));
    assert_eq!(received.expect("an answer"), Received::New);
    decide(&mut world, &poll);
    world.hints = true;
    world.settle();
    assert_eq!(deployed(&world), pushed);
}

fn decide(world: &mut World, id: &DeliveryId) {
    let work = Work::Delivery(id.clone());
    world
        .now(world.app.perform_work(&work))
        .expect("a decision");
}
