//! A stage that takes what a person selects.

use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::RefName;
use greenroom_core::plan::Plan;
use greenroom_core::stage::{Cause, Health};

use crate::world::*;

fn world() -> World {
    World::of(&FILE.replace("{ branch: develop }", "{ select: \"{feature,fix}/**\" }"))
}

fn selection(n: u32, branch: Option<&str>) -> Command {
    Command::Deploy {
        revision: revision(n),
        reference: branch.map(|branch| RefName::new(format!("refs/heads/{branch}"))),
    }
}

impl World {
    pub fn select(&mut self, who: &str, n: u32, branch: &str) -> Plan {
        let command = selection(n, Some(branch));
        self.command("dev", &person(who), command).expect("granted")
    }

    fn selected(&mut self, who: &str, n: u32, branch: &str) {
        self.select(who, n, branch);
        if self.stage("dev").run.is_none() {
            self.built(n);
        }
        self.deploy("dev");
        self.all_pass("dev");
    }
}

fn cause(plan: &Plan) -> String {
    let candidate = plan.next.candidate.as_ref().map(|it| it.cause.sentence());
    let run = plan.next.run.as_ref().map(|run| run.cause.sentence());
    candidate.or(run).expect("something is wanted")
}

#[test]
fn nobody_selects_what_is_no_branch_such_as_the_head_of_a_strangers_pull_request() {
    let mut world = world();
    let command = Command::Deploy {
        revision: revision(1),
        reference: Some(RefName::of_pull_request(7)),
    };
    let refused = world.command("dev", &operator(), command);
    let refused = refused.expect_err("it is no branch");
    assert_eq!(refused.kind, RejectionKind::Invalid);
    assert_eq!(
        refused.why,
        "dev takes branches, and refs/pull/7/head is none"
    );
}

#[test]
fn what_was_never_built_is_built_first() {
    let mut world = world();
    let plan = world.select("alice", 1, "feature/x");
    assert_eq!(codes(&plan), ["building"]);
    assert_eq!(cause(&plan), "selected by alice");
    world.built(1);
    let run = world.run("dev");
    assert_eq!(run.release, world.release(1));
    assert_eq!(run.reference, Some(RefName::new("refs/heads/feature/x")));
}

#[test]
fn every_switch_runs_the_suites_and_so_does_the_same_release_again() {
    let mut world = world();
    world.selected("alice", 1, "feature/x");
    for expected in 2..4 {
        world.selected("bob", 1, "feature/x");
        let last = world.last("dev");
        assert_eq!(last.generation, expected);
        assert!(last.suites.values().all(|suite| suite.report.is_some()));
    }
    let runs = world.count(|effect| matches!(effect, Effect::RunSuite { .. }));
    assert_eq!(runs, 3);
    assert_eq!(world.stage("dev").health, Health::Green);
    let builds = world.count(|effect| matches!(effect, Effect::StartBuild { .. }));
    assert_eq!(builds, 1, "built once, and taken as it is");
}

#[test]
fn the_newest_selection_takes_over_and_says_from_whom() {
    let mut world = world();
    world.selected("alice", 1, "feature/x");
    let plan = world.select("bob", 2, "fix/y");
    assert_eq!(
        cause(&plan),
        "selected by bob, takes over from feature/x at 00000001, selected by alice"
    );
    let plan = world.select("carol", 3, "feature/z");
    assert_eq!(
        cause(&plan),
        "selected by carol, takes over from fix/y at 00000002, selected by bob"
    );
    let candidate = plan.next.candidate.expect("a candidate");
    assert_eq!(
        candidate.contains,
        [],
        "another branch contains nothing of it"
    );
    assert_eq!(world.codes().last(), Some(&"taken_over"));
}

#[test]
fn a_selection_during_a_run_waits_for_its_end() {
    let mut world = world();
    world.select("alice", 1, "feature/x");
    world.built(1);
    world.admit("dev").expect("admitted");
    let plan = world.select("bob", 2, "fix/y");
    assert_eq!(plan.next.run.expect("a run").release, world.release(1));
    world.succeeded("dev");
    world.all_pass("dev");
    world.built(2);
    assert_eq!(world.run("dev").release, world.release(2));
}

#[test]
fn nothing_comes_but_what_is_selected() {
    let mut world = world();
    let plan = world.push("dev", 1);
    assert_eq!(plan.next.candidate, None, "a push is built, not deployed");
    assert_eq!(codes(&plan), ["nothing_yet"]);
    let no = world
        .try_command("dev", &operator(), &Command::Refresh)
        .expect_err("refused");
    assert_eq!(no.help, "greenroom deploy dev --release BRANCH");
}

#[test]
fn a_branch_that_goes_takes_no_selection_along() {
    let mut world = world();
    world.select("alice", 1, "feature/x");
    let gone = Fact::HeadGone {
        reference: RefName::new("refs/heads/feature/x"),
        at: world.now,
    };
    let plan = world.fact("dev", gone);
    assert!(plan.next.candidate.is_some());
}

#[test]
fn branches_of_another_pattern_and_other_stages_are_refused_with_what_to_use() {
    let mut world = world();
    let no = world
        .try_command("dev", &person("alice"), &selection(1, Some("main")))
        .expect_err("refused");
    assert_eq!(no.kind, RejectionKind::Invalid);
    assert!(no.why.contains("{feature,fix}/**"), "{}", no.why);
    for (stage, help) in [
        ("prod", "greenroom promote prod"),
        (
            "preprod",
            "push to that branch, or greenroom refresh preprod",
        ),
        ("tagged", "push such a tag"),
    ] {
        let no = world
            .try_command(stage, &person("alice"), &selection(1, None))
            .expect_err("refused");
        assert_eq!((no.kind, no.help.as_str()), (RejectionKind::Invalid, help));
    }
}

#[test]
fn a_rollback_holds_nothing_where_people_select() {
    let mut world = world();
    world.selected("alice", 1, "feature/x");
    world.selected("alice", 2, "feature/x");
    let back = Command::Rollback {
        to: None,
        reason: "the demo".to_owned(),
    };
    world.command("dev", &operator(), back).expect("granted");
    world.deploy("dev");
    world.all_pass("dev");
    assert_eq!(codes(&world.replan("dev")), ["up_to_date"]);
    world.selected("bob", 3, "fix/y");
    assert_eq!(world.stage("dev").hold, None);
    assert!(matches!(world.last("dev").cause, Cause::Selected { .. }));
}

#[test]
fn what_failed_to_build_is_built_again_when_it_is_selected_again() {
    let mut world = world();
    world.select("alice", 1, "feature/x");
    world.build_failed(1);
    assert_eq!(codes(&world.replan("dev")), ["build_failed"]);
    assert_eq!(codes(&world.select("alice", 1, "feature/x")), ["building"]);
    world.built(1);
    assert_eq!(world.run("dev").release, world.release(1));
}

#[test]
fn what_was_selected_is_promoted_with_the_same_digest() {
    let text = FILE
        .replace("{ branch: develop }", "{ select: \"**\" }")
        .replace(
            "from: { promote: preprod }\n    soak: 1h",
            "from: { promote: dev }",
        )
        .replace("    approvals: { count: 2, by: [owner] }\n", "");
    let mut world = World::of(&text);
    world.selected("alice", 1, "feature/x");
    world.replan("prod");
    assert_eq!(world.run("prod").release, world.release(1));
}

#[test]
fn what_was_selected_before_is_not_called_contained_in_what_is_promoted_next() {
    let file = FILE
        .replace("{ branch: develop }", "{ select: \"feature/**\" }")
        .replace("{ promote: preprod }", "{ promote: dev }");
    let mut world = World::of(&file);
    world.selected("alice", 1, "feature/x");
    world.replan("prod");
    world.selected("bob", 2, "feature/y");
    world.log.clear();
    world.replan("prod");
    let candidate = world.stage("prod").candidate.clone().expect("it waits");
    assert_eq!(
        (candidate.revision, candidate.contains),
        (revision(2), Vec::new())
    );
    let texts: Vec<_> = world.log.iter().map(|entry| entry.text.as_str()).collect();
    assert!(
        texts.contains(&"00000001 gives way to 00000002"),
        "{texts:?}"
    );
}
