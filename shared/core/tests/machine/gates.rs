//! What a build must have shown before its release is deployed.

use greenroom_core::accept::RejectionKind;
use greenroom_core::command::Command;
use greenroom_core::evidence::{
    Api, Coverage, Evidence, Finding, Group, Percent, SuiteRead, Tests,
};
use greenroom_core::execution::Observation;
use greenroom_core::name::StageName;
use greenroom_core::plan::{Plan, Row, table};
use greenroom_core::policy::View;
use greenroom_core::stage::Cause;

use crate::world::*;

const GATED: &str = r#"
version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - name: build
        run: make
        once: true
        artifact: dist/
        reports: { junit: "reports/*.xml", lcov: coverage.info, openapi: openapi.yaml }
      - { name: deploy, run: make deploy }
suites:
  api: { files: "t/api/*.hurl", base_url: "http://127.0.0.1:1" }
  smoke: { files: "t/smoke/*.hurl", base_url: "http://127.0.0.1:1" }
stages:
  dev: { from: { branch: develop }, pipeline: service, verify: [api] }
  staging:
    from: { branch: master }
    pipeline: service
    verify: [smoke]
    gates: { tests: passed, coverage: 80, endpoints: tested, docs: complete }
  prod:
    from: { promote: staging }
    pipeline: service
    verify: [smoke]
    gates: { coverage: 90.5 }
"#;

fn percent(text: &str) -> Percent {
    Percent::parse(text).expect("a percentage")
}

fn group(suites: &[usize], named: &[&str]) -> Group {
    Group {
        suites: suites.to_vec(),
        count: u32::try_from(named.len()).expect("few"),
        named: named.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// Evidence that opens everything on staging, and nothing more.
fn good() -> Evidence {
    let suite = |files: &str| SuiteRead {
        files: files.to_owned(),
        problem: None,
    };
    Evidence {
        tests: Some(Finding::Read(Tests {
            total: 41,
            skipped: 1,
            ..Tests::default()
        })),
        coverage: Some(Finding::Read(Coverage {
            percent: percent("80"),
            lines: Some((4, 5)),
        })),
        api: Some(Finding::Read(Api {
            operations: 2,
            suites: vec![suite("t/api/*.hurl"), suite("t/smoke/*.hurl")],
            groups: vec![group(&[0, 1], &["GET /a"]), group(&[1], &["GET /b"])],
            ..Api::default()
        })),
    }
}

/// The plan of staging once its release is built with this evidence.
fn built_with(evidence: Option<Evidence>) -> (World, Plan) {
    let mut world = World::of(GATED);
    world.evidence = evidence;
    world.push("staging", 1);
    world.built(1);
    let plan = world.replan("staging");
    (world, plan)
}

fn sentences(plan: &Plan) -> Vec<String> {
    let stage = StageName::new("staging");
    plan.waiting_on
        .iter()
        .map(|wait| wait.explain(&stage).sentence)
        .collect()
}

#[test]
fn evidence_that_suffices_lets_the_release_through() {
    let (world, plan) = built_with(Some(good()));
    assert_eq!(codes(&plan), ["starting"]);
    assert_eq!(world.run("staging").release, world.release(1));
}

#[test]
fn a_build_without_evidence_opens_no_gate() {
    let (_, plan) = built_with(None);
    assert_eq!(
        codes(&plan),
        ["gate_tests", "gate_coverage", "gate_endpoints", "gate_docs"]
    );
    assert_eq!(
        sentences(&plan)[0],
        "the gate tests is closed to 00000001: its build left no report of its tests; required: tests ran and none failed"
            .replace("00000001", revision(1).short())
    );
}

#[test]
fn a_report_that_is_missing_or_unreadable_says_so_and_opens_nothing() {
    let missing = || Finding::Missing {
        path: "reports/*.xml".to_owned(),
    };
    let evidence = Evidence {
        tests: Some(missing()),
        coverage: Some(Finding::Unreadable {
            path: "coverage.info".to_owned(),
            why: "it ends in the middle of a record".to_owned(),
        }),
        ..good()
    };
    let (_, plan) = built_with(Some(evidence));
    assert_eq!(codes(&plan), ["gate_tests", "gate_coverage"]);
    let told = sentences(&plan);
    assert!(told[0].contains("no report at reports/*.xml"), "{told:?}");
    assert!(
        told[1]
            .contains("the report coverage.info cannot be read: it ends in the middle of a record"),
        "{told:?}"
    );
}

/// What is found behind the one closed gate, or that all are open.
fn found(change: impl FnOnce(&mut Evidence)) -> String {
    let mut evidence = good();
    change(&mut evidence);
    let (_, plan) = built_with(Some(evidence));
    let told = sentences(&plan);
    assert_eq!(told.len(), 1, "{told:?}");
    match told[0].split_once(": ") {
        Some((_, rest)) if told[0].starts_with("the gate") => rest.to_owned(),
        _ => "open".to_owned(),
    }
}

#[test]
fn tests_pass_when_some_ran_and_none_failed() {
    let with = |total, failed, errored, skipped| {
        let named = vec![
            "a".to_owned(),
            "b".to_owned(),
            "c".to_owned(),
            "d".to_owned(),
        ];
        found(move |evidence| {
            evidence.tests = Some(Finding::Read(Tests {
                total,
                failed,
                errored,
                skipped,
                named: if failed + errored > 0 {
                    named
                } else {
                    Vec::new()
                },
            }));
        })
    };
    assert_eq!(with(1, 0, 0, 0), "open");
    let rest = "; required: tests ran and none failed";
    assert_eq!(
        with(0, 0, 0, 0),
        format!("the reports tell of no test{rest}")
    );
    assert_eq!(
        with(3, 0, 0, 3),
        format!("no test ran, 3 were skipped{rest}")
    );
    assert_eq!(
        with(9, 1, 4, 1),
        format!("5 of 8 tests failed: a, b, c and 2 more{rest}")
    );
}

#[test]
fn coverage_is_enough_from_exactly_the_demanded_share_on() {
    let with = |text: &str| {
        let percent = percent(text);
        found(move |evidence| {
            evidence.coverage = Some(Finding::Read(Coverage {
                percent,
                lines: None,
            }));
        })
    };
    assert_eq!(with("80"), "open");
    assert_eq!(with("100"), "open");
    assert_eq!(
        with("79.99"),
        "79.99 %; required: at least 80 % of the lines"
    );
}

#[test]
fn coverage_may_be_told_by_an_output_of_the_build() {
    let outputs = GATED.replace(
        "reports: { junit: \"reports/*.xml\", lcov: coverage.info,",
        "outputs: [COVERAGE]\n        reports: { junit: \"reports/*.xml\",",
    );
    let mut world = World::of(&outputs);
    world.evidence = Some(Evidence {
        coverage: None,
        ..good()
    });
    world.push("staging", 1);
    // The fixture's builds tell COVERAGE=83.
    world.built(1);
    assert_eq!(codes(&world.replan("staging")), ["starting"]);
    let mut world = World::of(&outputs.replace("coverage: 80,", "coverage: 83.5,"));
    world.evidence = Some(good());
    world.push("staging", 1);
    world.built(1);
    let plan = world.replan("staging");
    assert!(sentences(&plan)[0].contains("83 %; required: at least 83.5 %"));
}

#[test]
fn an_output_is_no_coverage_where_a_report_is_expected() {
    let missing = Finding::Missing {
        path: "coverage.info".to_owned(),
    };
    let told = found(|evidence| evidence.coverage = Some(missing));
    assert!(told.starts_with("no report at coverage.info"), "{told}");
}

/// It takes no second look: a release without a soak is claimed in the plan that finds it.
#[test]
fn a_promotion_claimed_at_once_knows_what_its_build_told() {
    let mut world = World::of(&FILE.replace("soak: 1h", "").replace(
        "approvals: { count: 2, by: [owner] }\n    pipeline",
        "pipeline",
    ));
    world.green("preprod", 1);
    let plan = world.replan("prod");
    let run = plan.next.run.expect("claimed at once");
    assert_eq!(run.outputs.get("COVERAGE").map(String::as_str), Some("83"));
}

#[test]
fn endpoints_count_as_tested_by_the_stages_own_suites_only() {
    let api = |groups: Vec<Group>| {
        found(move |evidence| {
            if let Some(Finding::Read(api)) = &mut evidence.api {
                api.groups = groups;
            }
        })
    };
    let rest = "; required: each endpoint is called by smoke";
    assert_eq!(api(vec![group(&[1], &["GET /a", "GET /b"])]), "open");
    assert_eq!(
        api(vec![group(&[0], &["GET /a"]), group(&[], &["GET /b"])]),
        format!("2 of 2 are not called: GET /a, GET /b{rest}")
    );
}

#[test]
fn a_suite_that_could_not_be_read_tests_nothing_and_is_named() {
    let told = found(|evidence| {
        if let Some(Finding::Read(api)) = &mut evidence.api {
            api.suites[1].problem = Some("line 3 is odd".to_owned());
            api.groups = vec![group(&[0], &["GET /a"])];
        }
    });
    assert!(
        told.contains("t/smoke/*.hurl cannot be read: line 3 is odd"),
        "{told}"
    );
    let told = found(|evidence| {
        if let Some(Finding::Read(api)) = &mut evidence.api {
            api.suites.truncate(1);
            api.groups = vec![group(&[0], &["GET /a"])];
        }
    });
    assert!(
        told.contains("its build did not look at t/smoke/*.hurl"),
        "{told}"
    );
}

#[test]
fn docs_are_complete_when_no_operation_lacks_a_schema() {
    let told = found(|evidence| {
        if let Some(Finding::Read(api)) = &mut evidence.api {
            api.undocumented = 1;
            api.named = vec!["POST /a: no request schema".to_owned()];
        }
    });
    assert_eq!(
        told,
        "1 of 2 do not: POST /a: no request schema; required: each operation has its schemas"
    );
}

#[test]
fn a_stage_without_gates_takes_what_has_shown_nothing() {
    let mut world = World::of(GATED);
    world.push("dev", 1);
    world.built(1);
    assert_eq!(codes(&world.replan("dev")), ["starting"]);
}

#[test]
fn a_newer_commit_with_better_evidence_goes_through() {
    let (mut world, _) = built_with(None);
    world.evidence = Some(good());
    world.push("staging", 2);
    world.built(2);
    assert_eq!(codes(&world.replan("staging")), ["starting"]);
    assert_eq!(world.run("staging").release, world.release(2));
}

/// Staging is green with evidence for exactly 80 %.
fn staged() -> World {
    let (mut world, _) = built_with(Some(good()));
    world.deploy("staging");
    world.all_pass("staging");
    world
}

#[test]
fn a_promotion_is_judged_by_the_evidence_of_its_build() {
    let mut world = staged();
    let plan = world.replan("prod");
    assert_eq!(codes(&plan), ["gate_coverage"]);
    assert!(sentences(&plan)[0].contains("80 % (4 of 5 lines); required: at least 90.5 %"));
    world.file = stage_file(&GATED.replace("90.5", "80"));
    assert_eq!(codes(&world.replan("prod")), ["starting"]);
}

#[test]
fn a_gate_raised_between_claim_and_admission_closes_the_fence() {
    let mut world = staged();
    world.file = stage_file(&GATED.replace("90.5", "80"));
    let _ = world.replan("prod");
    let run = world.run("prod").clone();
    world.file = stage_file(GATED);
    let ask = Command::Admit {
        generation: run.generation,
        nonce: run.nonce.clone(),
        execution: greenroom_core::name::ExecutionId::new("exec"),
        revision: run.release.revision.clone(),
    };
    let refused = world
        .try_command(
            "prod",
            &greenroom_core::principal::Principal::Pipeline,
            &ask,
        )
        .expect_err("the gate is closed");
    assert_eq!(refused.kind, RejectionKind::Closed);
    assert!(
        refused.why.contains("the gate coverage is closed"),
        "{}",
        refused.why
    );
}

#[test]
fn a_rollback_has_nothing_to_show() {
    let mut world = staged();
    world.evidence = Some(good());
    world.push("staging", 2);
    world.built(2);
    let _ = world.replan("staging");
    world.deploy("staging");
    world.all_pass("staging");
    // What was good enough then is not by the terms of today.
    world.file = stage_file(&GATED.replace("coverage: 80", "coverage: 95"));
    let plan = world
        .command(
            "staging",
            &operator(),
            Command::Rollback {
                to: Some(revision(1)),
                reason: "orders vanish".to_owned(),
            },
        )
        .expect("granted");
    assert!(
        plan.next
            .run
            .is_some_and(|run| matches!(run.cause, Cause::Rollback { .. }))
    );
}

#[test]
fn what_is_built_otherwise_by_now_is_not_tried_again_as_it_was() {
    let (mut world, _) = built_with(Some(good()));
    world.started("staging");
    world.admit("staging").expect("admitted");
    let gone = Observation::Errored {
        why: "the process is gone".to_owned(),
        at: world.now,
    };
    let _ = world.observe("staging", gone);
    let waits = world.stage("staging").candidate.clone().expect("again");
    assert!(waits.release.is_some(), "the same bytes once more");
    let old = world.release(1);
    world.file = stage_file(&GATED.replace("run: make\n", "run: make all\n"));
    world.now = waits.not_before.expect("after a while");
    let plan = world.replan("staging");
    assert_eq!(codes(&plan), ["building"]);
    world.evidence = Some(Evidence::default());
    world.built(1);
    let plan = world.replan("staging");
    assert_eq!(codes(&plan)[0], "gate_tests", "the new build shows nothing");
    assert_ne!(world.release(1), old);
}

pub fn rows(world: &World, name: &str, n: u32) -> Vec<Row> {
    let stage = &world.stages[name];
    let policy = world.policy(name).expect("a rule");
    let release = world.release(n);
    let build = world
        .builds
        .get(&(release.revision.clone(), release.recipe.clone()));
    let nonce = greenroom_core::name::Nonce::new("unused");
    let view = View {
        stage,
        upstream: policy
            .upstream
            .as_ref()
            .and_then(|upstream| world.stages.get(upstream.stage.as_str())),
        build,
        pause: world.pause.as_ref(),
        marks: &world.marks,
        through: world.through(Some(&policy)),
        uses: &[],
        nonce: &nonce,
        now: world.now,
        toggle: None,
    };
    table(&release, &view, &policy)
}

pub fn shown(rows: &[Row]) -> Vec<String> {
    rows.iter()
        .map(|row| {
            let state = if row.open { "open" } else { "closed" };
            format!("{}: {} / {} / {state}", row.gate, row.required, row.found)
        })
        .collect()
}

#[test]
fn the_table_shows_open_gates_and_closed_ones() {
    let mut world = staged();
    let _ = world.replan("prod");
    assert_eq!(
        shown(&rows(&world, "prod", 1)),
        [
            "build: built once / built at 2026-03-02T08:00:00Z / open",
            "upstream: verified on staging / since 2026-03-02T08:00:00Z / open",
            "coverage: at least 90.5 % of the lines / 80 % (4 of 5 lines) / closed",
            "lock: not locked / not locked / open",
            "hold: not on hold / not on hold / open",
        ]
    );
    assert_eq!(
        shown(&rows(&world, "staging", 1))[1..5],
        [
            "tests: tests ran and none failed / 40 passed, 1 skipped / open",
            "coverage: at least 80 % of the lines / 80 % (4 of 5 lines) / open",
            "endpoints: each endpoint is called by smoke / all 2 are called / open",
            "docs: each operation has its schemas / all 2 have them / open",
        ]
    );
}

#[test]
fn nothing_soaks_where_it_is_not_verified() {
    let text = GATED.replace("gates: { coverage: 90.5 }", "soak: 1h");
    let mut world = World::of(&text);
    world.evidence = None;
    world.push("staging", 1);
    world.built(1);
    let _ = world.replan("prod");
    assert_eq!(
        shown(&rows(&world, "prod", 1))[1..3],
        [
            "upstream: verified on staging / not verified / closed",
            "soak: green on staging for 1h / not begun / closed",
        ]
    );
}

#[test]
fn a_release_that_failed_here_or_was_rejected_shows_it() {
    let mut world = staged();
    world.file = stage_file(&GATED.replace("90.5", "80"));
    let _ = world.replan("prod");
    world.deploy("prod");
    world.verdict("prod", "smoke", failed(&["a"]));
    let closed: Vec<_> = rows(&world, "prod", 1)
        .into_iter()
        .filter(|row| !row.open)
        .map(|row| row.gate)
        .collect();
    assert_eq!(closed, ["failed_here"]);
}

#[test]
fn every_wait_that_closes_a_stage_is_a_line_of_its_table() {
    let mut world = staged();
    let lock = Command::Lock {
        reason: "audit".to_owned(),
        until: None,
    };
    let plan = world.command("prod", &operator(), lock).expect("granted");
    let rows = rows(&world, "prod", 1);
    let closed: Vec<_> = rows.iter().filter(|row| !row.open).collect();
    assert_eq!(closed.len(), plan.waiting_on.len());
    for wait in &plan.waiting_on {
        let told = wait.explain(&StageName::new("prod"));
        assert!(
            closed
                .iter()
                .any(|row| row.why.as_ref() == Some(&told.sentence)),
            "{told:?}"
        );
    }
}
