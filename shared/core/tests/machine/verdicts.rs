//! Suites answer: three values, and what they make of a run.

use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::SuiteName;
use greenroom_core::stage::{Failing, Health, Outcome};
use greenroom_core::waiting::Wait;
use jiff::SignedDuration;

use crate::world::*;

fn testing(name: &str) -> World {
    let mut world = World::new();
    world.push(name, 1);
    world.built(1);
    world.deploy(name);
    world
}

#[test]
fn every_suite_must_pass() {
    let mut world = testing("preprod");
    world.verdict("preprod", "api", passed());
    assert!(world.stage("preprod").run.is_some());
    world.verdict("preprod", "smoke", passed());
    assert_eq!(world.stage("preprod").health, Health::Green);
}

#[test]
fn failed_beats_errored() {
    let mut world = testing("preprod");
    world.verdict("preprod", "smoke", failed(&["a"]));
    for _ in 0..2 {
        world.verdict("preprod", "api", errored());
        world.pass(minutes(1));
        world.replan("preprod");
    }
    assert_eq!(world.last("preprod").outcome, Some(Outcome::Failed));
    let brk = world.stage("preprod").brk.clone().expect("it is broken");
    assert!(brk.fingerprint.contains("smoke: a"));
}

#[test]
fn an_errored_attempt_is_repeated_and_its_late_answer_ignored() {
    let mut world = testing("dev");
    let plan = world.verdict("dev", "smoke", errored());
    assert_eq!(codes(&plan), ["verifying"]);
    let again = world.now.checked_add(SignedDuration::from_secs(5));
    assert_eq!(plan.wake, again.ok());
    world.pass(SignedDuration::from_secs(5));
    world.replan("dev");
    let attempts: Vec<_> = world
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::RunSuite { attempt, .. } => Some(*attempt),
            _ => None,
        })
        .collect();
    assert_eq!(attempts, [1, 2]);
    let before = world.stage("dev").clone();
    world.fact(
        "dev",
        Fact::VerdictReported {
            generation: 1,
            suite: SuiteName::new("smoke"),
            attempt: 1,
            report: failed(&["late"]),
        },
    );
    assert_eq!(*world.stage("dev"), before);
    world.verdict("dev", "smoke", passed());
    assert_eq!(world.stage("dev").health, Health::Green);
}

#[test]
fn verdicts_of_other_runs_and_unknown_suites_are_ignored() {
    let mut world = testing("dev");
    let before = world.stage("dev").clone();
    for (generation, suite) in [(0, "smoke"), (2, "smoke"), (1, "api")] {
        world.fact(
            "dev",
            Fact::VerdictReported {
                generation,
                suite: SuiteName::new(suite),
                attempt: 1,
                report: failed(&["x"]),
            },
        );
        assert_eq!(*world.stage("dev"), before);
    }
}

#[test]
fn a_verdict_before_the_deployment_is_ignored() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    let before = world.stage("dev").clone();
    world.verdict("dev", "smoke", failed(&["x"]));
    assert_eq!(*world.stage("dev"), before);
}

#[test]
fn when_nobody_can_tell_again_and_again_it_is_told_once_and_is_no_break() {
    let mut world = testing("dev");
    for run in 1..=3 {
        for _ in 0..2 {
            world.verdict("dev", "smoke", errored());
            world.pass(minutes(1));
            world.replan("dev");
        }
        world.pass(minutes(1));
        world.replan("dev");
        if run < 3 {
            assert_eq!(world.told(), [""; 0], "run {run} is tried again");
            world.deploy("dev");
        }
    }
    assert_eq!(world.told(), ["team: unverified", "mail: unverified"]);
    let stage = world.stage("dev");
    assert_eq!(stage.health, Health::Unverified);
    assert_eq!((stage.brk.clone(), stage.episodes), (None, 0));
    assert_eq!(stage.verified, None);
    world.pass(minutes(600));
    assert_eq!(codes(&world.replan("dev")), ["failed_here"]);
    assert_eq!(world.told().len(), 2);
}

#[test]
fn tests_that_never_answer_time_out() {
    let mut world = testing("dev");
    world.pass(minutes(60));
    world.replan("dev");
    assert_eq!(world.last("dev").outcome, Some(Outcome::TimedOut));
}

#[test]
fn at_the_deadline_what_has_failed_has_failed() {
    let mut world = testing("preprod");
    world.verdict("preprod", "api", failed(&["a"]));
    world.pass(minutes(60));
    world.replan("preprod");
    assert_eq!(world.last("preprod").outcome, Some(Outcome::Failed));
}

#[test]
fn the_last_verdict_counts_even_if_it_is_read_after_the_deadline() {
    let mut world = testing("dev");
    world.pass(minutes(61));
    world.verdict("dev", "smoke", passed());
    assert_eq!(world.last("dev").outcome, Some(Outcome::Succeeded));
}

#[test]
fn what_is_kept_of_failures_does_not_depend_on_who_answers_first() {
    let many: Vec<String> = (0..30).map(|n| format!("t{n:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let fingerprint = |order: [&str; 2]| {
        let mut world = testing("preprod");
        for suite in order {
            world.verdict("preprod", suite, failed(&many));
        }
        let brk = world.stage("preprod").brk.clone().expect("it is broken");
        let Failing::Tests { failed, tests, .. } = brk.failing else {
            panic!("tests failed");
        };
        assert_eq!((failed, tests.len()), (60, 20));
        brk.fingerprint
    };
    assert_eq!(fingerprint(["api", "smoke"]), fingerprint(["smoke", "api"]));
}

#[test]
fn a_stage_stays_small_whatever_tests_and_pipelines_write() {
    let mut world = testing("preprod");
    let huge = "\u{1}🎭".repeat(100_000);
    for suite in ["api", "smoke"] {
        let mut report = failed(&[huge.as_str(); 100]);
        for failure in &mut report.failures {
            failure.message.clone_from(&huge);
            failure.file.clone_from(&huge);
        }
        report.error = Some(huge.clone());
        world.verdict("preprod", suite, report);
    }
    let json = serde_json::to_string(world.stage("preprod")).expect("it can be written");
    assert!(json.len() < 100_000, "{} bytes", json.len());
}

#[test]
fn a_deployment_that_ends_after_the_deadline_is_not_tested_any_more() {
    let mut world = World::new();
    world.push("dev", 1);
    world.built(1);
    world.started("dev");
    world.admit("dev").expect("admitted");
    world.pass(minutes(61));
    world.succeeded("dev");
    assert_eq!(world.last("dev").outcome, Some(Outcome::TimedOut));
    let suites = |effect: &Effect| matches!(effect, Effect::RunSuite { .. });
    assert_eq!(world.count(suites), 0);
}

#[test]
fn each_suite_keeps_its_share_of_the_failures() {
    let suite =
        "  api: { files: \"t/api/*.hurl\", base_url: \"http://127.0.0.1:1\", retries: 1 }\n";
    let more = ["api2", "api3"].map(|name| suite.replace("api:", &format!("{name}:")));
    let four = FILE
        .replace(suite, &(suite.to_owned() + &more.concat()))
        .replace("verify: [api, smoke]", "verify: [api, api2, api3, smoke]");
    let many: Vec<String> = (0..30).map(|n| format!("t{n:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (file, share) in [(FILE, 20), (four.as_str(), 10)] {
        let mut world = World::of(file);
        world.push("preprod", 1);
        world.built(1);
        world.deploy("preprod");
        world.verdict("preprod", "api", failed(&many));
        let report = world.run("preprod").suites[&SuiteName::new("api")]
            .report
            .clone()
            .expect("answered");
        assert_eq!((report.failed, report.failures.len()), (30, share));
    }
}

#[test]
fn a_stage_that_is_tested_waits_for_the_suites_without_an_answer() {
    let mut world = testing("preprod");
    let open = |plan: &greenroom_core::plan::Plan| match &plan.waiting_on[..] {
        [Wait::Verifying { suites, .. }] => suites.join(" "),
        other => panic!("{other:?}"),
    };
    assert_eq!(open(&world.replan("preprod")), "api smoke");
    assert_eq!(open(&world.verdict("preprod", "api", passed())), "smoke");
    let plan = world.verdict("preprod", "smoke", errored());
    assert_eq!(open(&plan), "smoke", "it is tried again");
}
