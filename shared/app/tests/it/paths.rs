//! A stage that only some paths of its repository concern.

use greenroom_app::query::journey::Where;
use greenroom_core::name::Revision;
use greenroom_testkit::world::World;

use crate::STAGE_FILE;

const DEV: &str = "dev: { from: { branch: develop }, pipeline: service, verify: [smoke], ";

/// `dev` is about `orders/`, and green.
fn world(more: &str) -> (World, Revision) {
    let paths = format!("{DEV}paths: [\"orders/**\"], {more}");
    let mut world = World::new(&STAGE_FILE.replace(DEV, &paths));
    let first = world.push("develop", "bob");
    assert_eq!(world.green("dev"), Some(first.clone()));
    (world, first)
}

fn commit(world: &World, path: &str) -> Revision {
    let source = &world.ports().source;
    source.commit("develop", "bob", path, &[(path, path)])
}

fn tell(world: &mut World, id: &str, revision: &Revision) {
    let body = world.push_body("develop", "bob", revision);
    assert_eq!(world.post("push", id, &body).status, 202);
    world.settle();
}

/// Where a commit is known at all.
fn way(world: &World, revision: &Revision) -> Vec<(String, Where)> {
    let app = world.now(world.app.app(world.id)).expect("an app");
    let way = world.now(world.app.journey(&app, revision.as_str()));
    let legs = way.expect("it has a way").stages.into_iter();
    let known = legs.filter(|leg| leg.state != Where::NotOnTheWay);
    known
        .map(|leg| (leg.stage.to_string(), leg.state))
        .collect()
}

fn deployed(world: &World) -> Vec<Revision> {
    let all = world.ports().pipelines.deployments().into_iter();
    all.map(|it| it.revision).collect()
}

#[test]
fn a_push_that_changes_other_paths_is_known_and_not_deployed() {
    let (mut world, first) = world("");
    let other = commit(&world, "bills/a");
    tell(&mut world, "d-2", &other);
    assert_eq!(deployed(&world), std::slice::from_ref(&first));
    assert_eq!(world.green("dev"), Some(first.clone()));
    let legs = way(&world, &other);
    assert_eq!(legs, [("dev".to_owned(), Where::PassedBy)]);
    let ours = commit(&world, "orders/a");
    commit(&world, "bills/b");
    let last = commit(&world, "bills/c");
    // What the webhook of our change would have told is not lost with it.
    tell(&mut world, "d-5", &last);
    assert_ne!(ours, last);
    assert_eq!(deployed(&world), [first, last.clone()]);
    assert_eq!(world.green("dev"), Some(last));
}

#[test]
fn a_branch_that_was_forced_elsewhere_is_deployed_whatever_it_changes() {
    let (mut world, first) = world("");
    let ours = commit(&world, "orders/a");
    tell(&mut world, "d-2", &ours);
    world.ports().source.set("refs/heads/develop", Some(&first));
    let beside = commit(&world, "bills/a");
    tell(&mut world, "d-3", &beside);
    assert_eq!(deployed(&world), [first, ours, beside]);
}

#[test]
fn in_a_line_each_change_is_compared_with_the_one_before_it() {
    let (mut world, first) = world("queue: fifo, ");
    let ours = commit(&world, "orders/a");
    tell(&mut world, "d-2", &ours);
    let other = commit(&world, "bills/a");
    tell(&mut world, "d-3", &other);
    let next = commit(&world, "orders/b");
    tell(&mut world, "d-4", &next);
    assert_eq!(deployed(&world), [first, ours, next]);
}
