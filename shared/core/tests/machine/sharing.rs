//! Stages that write to the same resource.

use greenroom_core::accept::RejectionKind;
use greenroom_core::effect::Effect;
use greenroom_core::name::StageName;
use greenroom_core::stage::Unstopped;

use crate::world::*;

const RESOURCES: &str = "resources:\n  trades: { owner: preprod, writers: [dev] }\n";

/// `dev` and `preprod` write to the same database.
fn world() -> World {
    World::of(&format!("{FILE}{RESOURCES}"))
}

fn sentence(world: &mut World, name: &str) -> String {
    let plan = world.replan(name);
    plan.waiting_on[0].explain(&StageName::new(name)).sentence
}

#[test]
fn while_one_writer_runs_the_other_waits_and_is_told_when_it_has_ended() {
    let mut world = world();
    world.push("dev", 1);
    world.built(1);
    world.deploy("dev");
    world.push("preprod", 1);
    assert_eq!(codes(&world.replan("preprod")), ["resource_in_use"]);
    assert_eq!(
        sentence(&mut world, "preprod"),
        "run 1 of dev writes to trades, and has not ended"
    );
    let plan = world.replan("preprod");
    assert!(plan.wake.is_some(), "should nobody tell");
    let asked =
        |it: &Effect| matches!(it, Effect::Ask { stage, .. } if stage.as_str() == "preprod");
    let before = world.count(asked);
    world.all_pass("dev");
    assert_eq!(world.count(asked), before + 1);
    world.replan("preprod");
    assert_eq!(world.run("preprod").writes, ["trades"]);
    // Now it is the other way round.
    world.push("dev", 2);
    world.built(2);
    assert_eq!(codes(&world.replan("dev")), ["resource_in_use"]);
}

#[test]
fn what_writes_to_nothing_of_others_waits_for_nobody() {
    let mut world = world();
    world.push("dev", 1);
    world.built(1);
    world.deploy("dev");
    world.push("bare", 1);
    assert!(world.stage("bare").run.is_some());
    assert!(world.run("bare").writes.is_empty());
}

#[test]
fn an_execution_that_would_not_stop_may_still_be_writing() {
    let mut world = world();
    let since = world.now;
    world.push("dev", 1);
    let mut dev = world.stage("dev").clone();
    dev.unstopped = Some(Unstopped {
        generation: 7,
        execution: "dev-7".into(),
        since,
    });
    world.stages.insert("dev".to_owned(), dev);
    world.built(1);
    world.push("preprod", 1);
    assert_eq!(codes(&world.replan("preprod")), ["resource_in_use"]);
}

#[test]
fn of_two_that_were_claimed_before_they_took_turns_one_is_let_in() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.push("preprod", 1);
    world.replan("preprod");
    world.started("preprod");
    world.file = stage_file(&format!("{FILE}{RESOURCES}"));
    world.admit("preprod").expect("it is the first");
    let no = world.admit("dev").expect_err("the other writes");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert!(no.why.contains("of preprod writes to trades"), "{}", no.why);
}

#[test]
fn a_run_whose_stage_may_not_write_any_more_is_refused_at_the_fence() {
    let mut world = world();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    let gone = "resources:\n  trades: { owner: preprod }\n";
    world.file = stage_file(&format!("{FILE}{gone}"));
    let no = world.admit("dev").expect_err("it is preprod's");
    assert_eq!(no.kind, RejectionKind::Closed);
    assert_eq!(no.why, "dev would write to trades, which is preprod's");
    // Of a resource that is not shared any more nobody is told anything.
    world.file = stage_file(FILE);
    world.admit("dev").expect("nobody else uses it");
}
