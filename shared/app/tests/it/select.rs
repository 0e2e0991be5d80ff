//! Branches that are built for people to select from.

use greenroom_app::Error;
use greenroom_app::releases::Selectable;
use greenroom_core::command::Command;
use greenroom_core::name::Revision;
use greenroom_testkit::world::World;

use crate::STAGE_FILE;

fn world() -> World {
    World::new(&STAGE_FILE.replace("{ branch: develop }", "{ select: \"topic/**\" }"))
}

/// Whether a run is under way at once.
fn deploy(world: &World, release: &str) -> Result<bool, String> {
    let command = Command::Deploy {
        revision: Revision::new(release),
        reference: None,
    };
    let id = world.stage_id("dev");
    match world.now(world.app.command(&id, &World::operator(), &command)) {
        Ok(granted) => granted
            .map(|plan| plan.next.run.is_some())
            .map_err(|no| no.why),
        Err(Error::NotFound { what, .. }) => Err(what),
        Err(other) => panic!("{other}"),
    }
}

fn selectable(world: &World) -> Vec<Selectable> {
    let listed = world.now(world.app.selectable(world.id, None));
    listed.expect("a list")
}

fn shown(world: &World) -> Vec<(String, Revision, &'static str)> {
    let one = |it: Selectable| (it.branch, it.revision, it.state);
    selectable(world).into_iter().map(one).collect()
}

#[test]
fn a_push_is_built_and_stands_nowhere_until_somebody_selects_it() {
    let mut world = world();
    let one = world.push("topic/a", "alice");
    let two = world.push("topic/b", "bob");
    assert_eq!(world.stands("dev"), None);
    assert_eq!(
        shown(&world),
        [
            ("topic/a".to_owned(), one.clone(), "built"),
            ("topic/b".to_owned(), two.clone(), "built"),
        ]
    );
    assert!(selectable(&world).iter().all(|it| it.artifact.is_some()));
    deploy(&world, "topic/b").expect("selected");
    world.settle();
    assert_eq!(world.green("dev"), Some(two.clone()));
    deploy(&world, &one.as_str()[..12]).expect("selected");
    world.settle();
    assert_eq!(world.green("dev"), Some(one));
    let builds = world.ports().pipelines.deployments();
    assert_eq!(builds.iter().filter(|it| it.revision == two).count(), 1);
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn what_was_never_built_is_built_first() {
    let mut world = world();
    let revision = world.ports().source.commit("topic/a", "alice", "x", &[]);
    assert_eq!(deploy(&world, "topic/a"), Ok(false), "it is being built");
    world.settle();
    assert_eq!(world.green("dev"), Some(revision));
}

#[test]
fn what_is_nothing_or_of_another_pattern_is_refused() {
    let mut world = world();
    world.push("release/1", "alice");
    let no = deploy(&world, "release/1").expect_err("refused");
    assert!(no.contains("topic/**"), "{no}");
    let no = deploy(&world, "topic/none").expect_err("refused");
    assert!(no.contains("topic/none"), "{no}");
}

#[test]
fn a_late_webhook_builds_what_the_branch_really_holds() {
    let mut world = world();
    let old = world.ports().source.commit("topic/a", "bob", "old", &[]);
    let new = world.push("topic/a", "bob");
    world.told_of("topic/a", "bob", &old);
    world.settle();
    assert_eq!(shown(&world), [("topic/a".to_owned(), new, "built")]);
}

#[test]
fn a_branch_that_goes_can_be_selected_no_more() {
    let mut world = world();
    let revision = world.push("topic/a", "bob");
    world.delete("topic/a", "bob");
    assert_eq!(
        shown(&world),
        [("topic/a".to_owned(), revision.clone(), "built")]
    );
    assert!(deploy(&world, "topic/a").is_err(), "by its name");
    deploy(&world, revision.as_str()).expect("by its commit");
}

#[test]
fn the_newest_that_was_built_is_listed_while_the_next_is_not() {
    let mut world = world();
    let one = world.push("topic/a", "bob");
    world.ports().pipelines.set_away(true);
    let two = world.push("topic/a", "bob");
    assert_eq!(
        shown(&world),
        [
            ("topic/a".to_owned(), two, "building"),
            ("topic/a".to_owned(), one, "built"),
        ]
    );
}
