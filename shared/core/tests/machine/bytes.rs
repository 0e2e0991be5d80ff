//! Which bytes a candidate means, and whose outputs a run begins with.

use greenroom_core::build::Build;
use greenroom_core::name::{Nonce, RecipeHash};
use greenroom_core::plan::{Plan, plan};
use greenroom_core::policy::View;

use crate::world::*;

/// Plans `name` with `build` at hand, whatever it is the build of.
fn plan_with(world: &World, name: &str, build: &Build) -> Plan {
    let policy = world.policy(name);
    let upstream = policy
        .as_ref()
        .and_then(|policy| policy.upstream.as_ref())
        .and_then(|upstream| world.stages.get(upstream.stage.as_str()));
    let view = View {
        stage: &world.stages[name],
        upstream,
        build: Some(build),
        nonce: &Nonce::new("n"),
        now: world.now,
        pause: None,
        marks: &world.marks,
        through: None,
        toggle: None,
        uses: &[],
    };
    plan(&view, policy.as_ref())
}

/// The build of revision 1, which has succeeded, and it as another revision's and recipe's.
fn builds(world: &World) -> [Build; 3] {
    let build = world
        .builds
        .values()
        .find(|build| build.revision == revision(1));
    let build = build.cloned().expect("it was asked for");
    let (mut elsewhere, mut otherwise) = (build.clone(), build.clone());
    elsewhere.revision = revision(9);
    otherwise.recipe = RecipeHash::new("another");
    [build, elsewhere, otherwise]
}

#[test]
fn only_the_build_of_its_revision_by_the_recipe_in_force_is_a_candidates() {
    let mut world = World::new();
    world.green("dev", 1);
    let [build, elsewhere, otherwise] = builds(&world);
    let mut world = World::new();
    world.push("dev", 1);
    for other in [elsewhere, otherwise] {
        let plan = plan_with(&world, "dev", &other);
        assert_eq!(codes(&plan), ["building"]);
    }
    let plan = plan_with(&world, "dev", &build);
    assert_eq!(plan.next.run.map(|run| run.release), Some(world.release(1)));
}

#[test]
fn a_run_begins_with_the_outputs_of_its_own_build_only() {
    let mut world = World::new();
    world.green("preprod", 1);
    world.replan("prod");
    world.pass(minutes(61));
    world.approve("alice").expect("approved");
    let [build, elsewhere, otherwise] = builds(&world);
    let said = |build: &Build| {
        let mut ready = World::new();
        ready.stages.clone_from(&world.stages);
        ready.now = world.now;
        let prod = ready.stages.get_mut("prod").expect("it exists");
        let mut second = prod.approvals[0].clone();
        second.by = "bob".to_owned();
        prod.approvals.push(second);
        let run = plan_with(&ready, "prod", build).next.run.expect("claimed");
        run.outputs.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(said(&build), ["COVERAGE"]);
    assert_eq!(said(&elsewhere), [""; 0]);
    assert_eq!(said(&otherwise), [""; 0]);
}
