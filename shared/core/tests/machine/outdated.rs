//! Pipelines that stand by themselves, and were made from something else.

use greenroom_core::accept::RejectionKind;
use greenroom_core::definition::{self, Applied, Definition};
use greenroom_core::effect::Effect;
use greenroom_core::name::{PipelineName, RuleName, StageName};
use greenroom_core::stage_file::StageFile;

use crate::world::*;

/// Everything that the file makes.
fn applied(file: &StageFile) -> Applied {
    let all = definition::all(&file.app, file);
    all.into_iter().map(|it| (it.name, it.hash)).collect()
}

fn build(file: &StageFile) -> Definition {
    let name = PipelineName::new("service");
    Definition::of_build(&file.app, file, &name).expect("it builds")
}

fn stage(file: &StageFile, rule: &str) -> Definition {
    let rule = file.rule(&RuleName::new(rule)).expect("a rule");
    Definition::of_stage(&file.app, file, rule).expect("it deploys")
}

fn asked_for_builds(world: &World) -> usize {
    let is_request = |effect: &&Effect| matches!(effect, Effect::RequestBuild { .. });
    world.effects.iter().filter(is_request).count()
}

#[test]
fn nothing_is_built_or_deployed_by_a_pipeline_of_another_file() {
    let mut world = World::new();
    world.applied = Some(Applied::new());
    let plan = world.push("dev", 1);
    // One wait for the pipeline that deploys, one for the one that builds.
    assert_eq!(codes(&plan), ["pipeline_outdated", "pipeline_outdated"]);
    let said: Vec<_> = plan
        .waiting_on
        .iter()
        .map(|wait| wait.explain(&StageName::new("dev")))
        .collect();
    for (said, wanted) in said
        .iter()
        .zip([stage(&world.file, "dev"), build(&world.file)])
    {
        assert!(said.sentence.contains(&wanted.name), "{}", said.sentence);
        assert_eq!(said.command.as_deref(), Some("greenroom apply"));
        assert!(said.who.contains("operator"));
    }
    assert_eq!(asked_for_builds(&world), 0);

    // The build alone: it is built, and waits.
    let all = applied(&world.file);
    let mut some = all.clone();
    some.remove(&stage(&world.file, "dev").name);
    world.applied = Some(some);
    let plan = world.replan("dev");
    assert_eq!(codes(&plan), ["pipeline_outdated", "building"]);
    assert_eq!(asked_for_builds(&world), 1);
    world.built(1);
    assert_eq!(codes(&world.replan("dev")), ["pipeline_outdated"]);

    world.applied = Some(all);
    assert_eq!(codes(&world.replan("dev")), ["starting"]);
    assert_eq!(asked_for_builds(&world), 1);
}

#[test]
fn only_what_a_stage_itself_runs_by_counts() {
    let mut world = World::new();
    let mut some = Applied::new();
    let bare = stage(&world.file, "bare");
    some.insert(bare.name, bare.hash);
    world.applied = Some(some);
    assert_eq!(codes(&world.push("bare", 1)), ["starting"]);
}

#[test]
fn a_definition_of_the_same_name_and_another_hash_is_another() {
    let mut world = World::new();
    let mut all = applied(&world.file);
    let other = stage_file(&FILE.replace("run: make deploy, outputs: [URL]", "run: make deploy"));
    let (old, new) = (stage(&other, "dev"), stage(&world.file, "dev"));
    assert_eq!(old.name, new.name);
    all.insert(old.name, old.hash);
    world.applied = Some(all.clone());
    world.push("dev", 1);
    world.built(1);
    assert_eq!(codes(&world.replan("dev")), ["pipeline_outdated"]);
    all.insert(new.name, new.hash);
    world.applied = Some(all);
    assert_eq!(codes(&world.replan("dev")), ["starting"]);
}

#[test]
fn a_pipeline_replaced_between_claim_and_admission_is_not_admitted() {
    let mut world = World::new();
    world.applied = Some(applied(&world.file));
    world.push("dev", 1);
    world.built(1);
    world.replan("dev");
    world.applied = Some(Applied::new());
    let refused = world.admit("dev").expect_err("the fence is closed");
    assert_eq!(refused.kind, RejectionKind::Closed);
    assert!(
        refused.why.contains(&stage(&world.file, "dev").name),
        "{}",
        refused.why
    );
}
