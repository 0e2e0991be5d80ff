//! A push on its way to a green stage, and what may come in between.

use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::name::{ExecutionId, RefName};
use greenroom_core::stage::{Cause, Health, Outcome, Phase};

use crate::world::*;

#[test]
fn a_push_is_built_deployed_tested_and_green() {
    let mut world = World::new();
    let plan = world.push("dev", 1);
    assert_eq!(codes(&plan), ["building"]);
    assert_eq!(plan.next.run, None);
    world.built(1);
    assert_eq!(world.run("dev").phase, Phase::Starting);
    assert_eq!(world.run("dev").release, world.release(1));
    world.started("dev");
    let plan = world.admit("dev").expect("admitted");
    assert_eq!(codes(&plan), ["deploying"]);
    assert!(plan.next.stands().is_none(), "nobody can say what stands");
    let plan = world.succeeded("dev");
    assert_eq!(codes(&plan), ["verifying"]);
    assert!(plan.next.stands().is_some());
    let plan = world.verdict("dev", "smoke", passed());
    assert_eq!(plan.next.run, None);
    assert_eq!(plan.next.health, Health::Green);
    assert_eq!(
        plan.next.verified.map(|green| green.release),
        Some(world.release(1))
    );
    assert_eq!(codes(&world.replan("dev")), ["up_to_date"]);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn a_pipeline_without_once_steps_needs_no_build_and_without_suites_no_tests() {
    let mut world = World::new();
    world.push("bare", 1);
    assert_eq!(world.run("bare").release.artifact, None);
    world.deploy("bare");
    assert_eq!(world.last("bare").outcome, Some(Outcome::Succeeded));
    assert_eq!(
        world.count(|effect| matches!(effect, Effect::RequestBuild { .. })),
        0
    );
}

#[test]
fn outputs_of_the_build_and_of_the_deployment_are_merged() {
    let mut world = World::new();
    world.green("dev", 1);
    let outputs = world
        .stage("dev")
        .deployed
        .clone()
        .expect("deployed")
        .outputs;
    assert_eq!(outputs["COVERAGE"], "83");
    assert_eq!(outputs["URL"], "http://here");
    assert_eq!(world.last("dev").outputs, outputs);
}

#[test]
fn outputs_of_a_deployment_that_is_stopped_too_late_are_merged_as_well() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    let reason = "wrong".to_owned();
    let abort = greenroom_core::command::Command::Abort { reason };
    world
        .command("dev", &operator(), abort)
        .expect("it can be aborted");
    world.succeeded("dev");
    let deployed = world.stage("dev").deployed.clone().expect("deployed");
    assert!(deployed.complete);
    assert_eq!(deployed.outputs["COVERAGE"], "83");
    assert_eq!(world.last("dev").outcome, Some(Outcome::Aborted));
}

#[test]
fn a_newer_push_takes_the_place_of_the_waiting_one_and_contains_it() {
    let mut world = World::new();
    world.green("dev", 1);
    world.push("dev", 2);
    world.push("dev", 3);
    world.push("dev", 4);
    let candidate = world.stage("dev").candidate.clone().expect("it waits");
    assert_eq!(candidate.revision, revision(4));
    let contained: Vec<_> = candidate.contains.iter().map(|it| &it.revision).collect();
    assert_eq!(contained, [&revision(3), &revision(2)]);
    world.built(4);
    assert_eq!(world.run("dev").contains.len(), 2);
}

#[test]
fn what_waits_of_another_branch_gives_way_and_is_not_called_contained() {
    let mut world = World::new();
    world.head("bare", "refs/heads/bare/x", 1, push());
    world.deploy("bare");
    world.head("bare", "refs/heads/bare/x", 2, push());
    world.head("bare", "refs/heads/bare/x", 3, push());
    world.log.clear();
    world.head("bare", "refs/heads/bare/y", 4, push());
    let candidate = world.stage("bare").candidate.clone().expect("it waits");
    assert_eq!(candidate.revision, revision(4));
    assert_eq!(candidate.contains, []);
    let texts: Vec<_> = world.log.iter().map(|entry| entry.text.as_str()).collect();
    let gave_way = "00000003 gave way to 00000004 of bare/y";
    assert!(texts.contains(&gave_way), "{texts:?}");
}

#[test]
fn a_branch_that_takes_a_stage_over_is_told_of_until_it_gives_it_back() {
    let mut world = World::new();
    let had = |world: &mut World| {
        let deployed = world.stage("bare").deployed.clone().expect("deployed");
        deployed.took_over.map(|had| had.people().to_owned())
    };
    for (n, branch, before) in [
        (1, "bare/x", None),
        (2, "bare/x", None),
        (3, "bare/y", Some("bare/x")),
        (4, "bare/y", Some("bare/x")),
        (5, "bare/x", Some("bare/y")),
    ] {
        world.log.clear();
        world.head("bare", &format!("refs/heads/{branch}"), n, push());
        world.deploy("bare");
        assert_eq!(had(&mut world).as_deref(), before, "{n}");
        assert_eq!(world.codes().contains(&"taken_over"), n == 3 || n == 5);
    }
}

#[test]
fn a_branch_that_is_told_of_late_takes_the_stage_back_from_nobody() {
    let mut world = World::new();
    for (n, branch) in [(1, "bare/x"), (2, "bare/y")] {
        world.head("bare", &format!("refs/heads/{branch}"), n, push());
        world.deploy("bare");
    }
    // What the poller had found before.
    world.head("bare", "refs/heads/bare/x", 1, push());
    let stage = world.stage("bare");
    assert_eq!((&stage.candidate, &stage.run), (&None, &None));
    let head = stage.head.as_ref().map(|head| head.revision.clone());
    assert_eq!(head, Some(revision(2)));
    // It moves, and has the stage.
    world.head("bare", "refs/heads/bare/x", 3, push());
    world.deploy("bare");
    world.head("bare", "refs/heads/bare/y", 4, push());
    world.deploy("bare");
    // The one that has it goes: whatever else leads here is as good as new.
    let reference = RefName::new("refs/heads/bare/y");
    let at = world.now;
    world.fact("bare", Fact::HeadGone { reference, at });
    world.head("bare", "refs/heads/bare/x", 3, Cause::Poll);
    assert_eq!(world.run("bare").release.revision, revision(3));
}

#[test]
fn pushing_the_waiting_revision_after_its_build_failed_keeps_what_it_contains() {
    let mut world = World::new();
    world.push("dev", 1);
    world.push("dev", 2);
    world.build_failed(2);
    world.push("dev", 1);
    world.push("dev", 2);
    let candidate = world.stage("dev").candidate.clone().expect("it waits");
    let contained: Vec<_> = candidate.contains.iter().map(|it| &it.revision).collect();
    assert_eq!(contained, [&revision(1)]);
}

#[test]
fn what_a_candidate_contains_is_bounded() {
    let mut world = World::new();
    for n in 1..100 {
        world.push("dev", n);
    }
    let candidate = world.stage("dev").candidate.clone().expect("it waits");
    assert_eq!(
        candidate.contains.len(),
        greenroom_core::stage::CONTAINS_MAX
    );
    assert_eq!(candidate.contains[0].revision, revision(98));
}

#[test]
fn a_deploying_run_is_never_interrupted_by_a_push() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    let plan = world.push("dev", 2);
    assert_eq!(codes(&plan), ["deploying"]);
    assert_eq!(world.run("dev").release.revision, revision(1));
    world.succeeded("dev");
    world.all_pass("dev");
    assert_eq!(world.last("dev").outcome, Some(Outcome::Succeeded));
    world.built(2);
    assert_eq!(world.run("dev").release.revision, revision(2));
}

#[test]
fn a_revision_that_waits_runs_or_stands_is_not_wanted_twice() {
    let mut world = World::new();
    world.push("dev", 1);
    let waiting = world.stage("dev").candidate.clone();
    world.pass(minutes(1));
    world.head("dev", "refs/heads/develop", 1, Cause::Poll);
    assert_eq!(world.stage("dev").candidate, waiting);
    world.built(1);
    world.push("dev", 1);
    assert_eq!(world.stage("dev").candidate, None);
    world.deploy("dev");
    world.all_pass("dev");
    world.push("dev", 1);
    assert_eq!(world.stage("dev").candidate, None);
    assert_eq!(world.stage("dev").generation, 1);
}

#[test]
fn a_branch_that_goes_back_to_what_stands_drops_what_waited() {
    let mut world = World::new();
    world.green("dev", 1);
    world.push("dev", 2);
    let plan = world.push("dev", 1);
    assert_eq!(plan.next.candidate, None);
    assert_eq!(codes(&plan), ["up_to_date"]);
}

#[test]
fn a_failed_revision_is_tried_again_only_when_the_branch_moved_to_it_again() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.deploy("dev");
    world.verdict("dev", "smoke", failed(&["a"]));
    let plan = world.head("dev", "refs/heads/develop", 1, Cause::Poll);
    assert_eq!(codes(&plan), ["failed_here"]);
    world.push("dev", 2);
    world.push("dev", 1);
    assert_eq!(world.run("dev").release.revision, revision(1));
    assert_eq!(world.stage("dev").tried, None);
}

#[test]
fn a_failed_build_is_not_asked_for_again_by_the_poller() {
    let mut world = World::new();
    world.push("dev", 1);
    world.build_failed(1);
    let plan = world.head("dev", "refs/heads/develop", 1, Cause::Poll);
    assert_eq!(codes(&plan), ["build_failed"]);
    assert_eq!(
        world.count(|effect| matches!(effect, Effect::StartBuild { .. })),
        1
    );
}

#[test]
fn a_deleted_branch_drops_its_own_candidate_only() {
    let mut world = World::new();
    world.green("dev", 1);
    world.push("dev", 2);
    let at = world.now;
    let gone = |name: &str| Fact::HeadGone {
        reference: RefName::new(name),
        at,
    };
    world.fact("dev", gone("refs/heads/other"));
    assert!(world.stage("dev").candidate.is_some());
    let plan = world.fact("dev", gone("refs/heads/develop"));
    assert_eq!(plan.next.candidate, None);
    assert_eq!(plan.next.head, None);
    assert!(plan.next.verified.is_some(), "what stands stays");
}

#[test]
fn a_branch_that_went_during_its_run_is_not_tried_again() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    let at = world.now;
    let reference = RefName::new("refs/heads/develop");
    world.fact("dev", Fact::HeadGone { reference, at });
    let why = "the machine went away".to_owned();
    let plan = world.observe("dev", Observation::Errored { why, at });
    assert_eq!(plan.next.run, None);
    assert_eq!(plan.next.candidate, None);
}

#[test]
fn executions_of_others_and_of_older_runs_say_nothing() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    let before = world.stage("dev").clone();
    let at = world.now;
    let failed = Observation::Errored {
        why: "foreign".to_owned(),
        at,
    };
    let fact = |generation, execution: &str| Fact::ExecutionObserved {
        generation,
        execution: ExecutionId::new(execution),
        observation: failed.clone(),
    };
    for foreign in [fact(1, "somebody-else"), fact(0, "dev-1"), fact(2, "dev-1")] {
        world.fact("dev", foreign);
        assert_eq!(*world.stage("dev"), before);
    }
    world.observe("dev", Observation::Unknown);
    assert_eq!(*world.stage("dev"), before, "unknown is not an end");
}

#[test]
fn the_first_end_of_an_execution_is_final() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.deploy("dev");
    let at = world.now;
    let before = world.stage("dev").clone();
    world.observe(
        "dev",
        Observation::Failed {
            step: "deploy".to_owned(),
            why: "late".to_owned(),
            at,
        },
    );
    assert_eq!(*world.stage("dev"), before);
}

#[test]
fn a_second_start_answer_does_not_replace_the_first() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    let first = world.started("dev");
    world.fact(
        "dev",
        Fact::ExecutionStarted {
            generation: 1,
            execution: ExecutionId::new("another"),
        },
    );
    assert_eq!(world.run("dev").execution, Some(first));
}

fn push() -> Cause {
    let actor = Some(greenroom_core::name::Actor::new("carol"));
    Cause::Push { actor }
}
