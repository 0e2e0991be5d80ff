//! What a build left behind about itself, read after real steps in a real checkout.

use greenroom_core::evidence::{Api, Evidence, Finding};
use greenroom_core::stage_file::Reports;

use super::*;

fn reporter(run: &str, reports: Reports) -> Step {
    Step {
        once: true,
        reports: Some(reports),
        ..step("test", run)
    }
}

fn junit(glob: &str) -> Reports {
    Reports {
        junit: Some(glob.to_owned()),
        ..Reports::default()
    }
}

fn lcov(glob: &str) -> Reports {
    Reports {
        lcov: Some(glob.to_owned()),
        ..Reports::default()
    }
}

/// The evidence of a build of these steps, and its log.
async fn evidence_of(origin: &Origin, steps: &[Step]) -> (Evidence, String) {
    let data = folder();
    let house = House::new(data.path(), |_| {});
    let revision = origin.commit("more");
    let request = build(origin.repository(), &revision, steps);
    let end = house.run(&request).await;
    let log = house.log(&request).await;
    match end {
        Observation::Succeeded {
            evidence: Some(evidence),
            ..
        } => (*evidence, log),
        other => panic!("{other:?}\n{log}"),
    }
}

fn missing<T>(path: &str) -> Finding<T> {
    Finding::Missing {
        path: path.to_owned(),
    }
}

fn why<T: fmt::Debug>(finding: Option<Finding<T>>) -> String {
    match finding {
        Some(Finding::Unreadable { path, why }) => format!("{path}: {why}"),
        other => panic!("{other:?}"),
    }
}

const SUITE: &str = r#"<testsuite name="unit" tests="2"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>"#;

#[tokio::test]
async fn reports_of_several_steps_are_one_builds_evidence() {
    let (origin, _) = origin();
    origin.write("unit.xml", SUITE);
    origin.write("cover", "SF:a\nDA:1,1\nDA:2,0\nend_of_record\n");
    let steps = [
        reporter(
            "mkdir -p out/deep && cp unit.xml out/deep/1.xml && cp unit.xml out/deep/2.xml",
            junit("out/**/*.xml"),
        ),
        Step {
            name: "cover".to_owned(),
            ..reporter("cp cover coverage.info", lcov("./coverage.info"))
        },
    ];
    let (evidence, log) = evidence_of(&origin, &steps).await;
    let Some(Finding::Read(tests)) = evidence.tests else {
        panic!("{log}");
    };
    assert_eq!((tests.total, tests.failed), (4, 2));
    assert_eq!(tests.named, ["b", "b"]);
    let Some(Finding::Read(coverage)) = evidence.coverage else {
        panic!("{log}");
    };
    assert_eq!(coverage.percent.to_string(), "50");
    assert_eq!(evidence.api, None);
    assert!(log.contains("tests: 4 tests, 2 failed, 0 skipped"), "{log}");
    assert!(log.contains("coverage: 50 % of the lines"), "{log}");
}

#[tokio::test]
async fn a_report_that_is_missing_or_broken_does_not_fail_the_build_and_says_why() {
    let (origin, _) = origin();
    let (evidence, log) = evidence_of(
        &origin,
        &[reporter("echo '<testsuite>' > cut.xml", junit("cut.xml"))],
    )
    .await;
    assert_eq!(
        why(evidence.tests),
        "cut.xml: it ends in the middle of an element"
    );
    assert!(
        log.contains("warning: tests: the report cut.xml cannot be read"),
        "{log}"
    );
    let (evidence, log) = evidence_of(&origin, &[reporter("true", lcov("no/where.info"))]).await;
    assert_eq!(evidence.coverage, Some(missing("no/where.info")));
    assert!(
        log.contains("warning: coverage: no report at no/where.info"),
        "{log}"
    );
}

#[tokio::test]
async fn a_report_that_came_with_the_commit_is_none() {
    let (origin, _) = origin();
    origin.write("unit.xml", SUITE);
    let (evidence, _) = evidence_of(&origin, &[reporter("true", junit("unit.xml"))]).await;
    assert_eq!(
        why(evidence.tests),
        "unit.xml: it came with the commit, no step wrote it"
    );
    let rewritten = [reporter(
        "cat unit.xml > new && mv new unit.xml",
        junit("*.xml"),
    )];
    let (evidence, log) = evidence_of(&origin, &rewritten).await;
    assert!(matches!(evidence.tests, Some(Finding::Read(_))), "{log}");
}

#[tokio::test]
async fn where_nobody_could_look_before_nothing_counts_as_made() {
    let (origin, _) = origin();
    for n in 0..=1_000 {
        origin.write(&format!("old{n}.xml"), SUITE);
    }
    let fewer = reporter("rm old1*.xml && touch -d @1 old2.xml", junit("*.xml"));
    let (evidence, log) = evidence_of(&origin, &[fewer]).await;
    assert_eq!(
        why(evidence.tests),
        "*.xml: nobody knows which files came with the commit: it matches more than 1000 files",
        "{log}"
    );
}

#[tokio::test]
async fn nothing_outside_the_checkout_is_read_and_nothing_but_files_is_opened() {
    let (origin, _) = origin();
    let outside = folder();
    std::fs::write(outside.path().join("unit.xml"), SUITE).expect("written");
    let outside = outside.path().display();
    for run in [
        format!("ln -s {outside}/unit.xml unit.xml"),
        "mkfifo unit.xml".to_owned(),
        "mkdir unit.xml".to_owned(),
    ] {
        let (evidence, _) = evidence_of(&origin, &[reporter(&run, junit("unit.xml"))]).await;
        assert_eq!(evidence.tests, Some(missing("unit.xml")), "{run}");
    }
    let run = format!("ln -s {outside} reports");
    for glob in ["reports/unit.xml", "reports/*.xml", "**/unit.xml"] {
        let (evidence, _) = evidence_of(&origin, &[reporter(&run, junit(glob))]).await;
        assert_eq!(evidence.tests, Some(missing(glob)), "{glob}");
    }
}

fn api_of(evidence: Evidence) -> Api {
    match evidence.api {
        Some(Finding::Read(api)) => api,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_api_is_held_against_the_requests_of_the_commits_own_suites() {
    let (origin, _) = origin();
    origin.write(
        "openapi.yaml",
        "openapi: 3.0.0\npaths:\n  /a: { get: {}, delete: {} }\n  /b/{id}: { get: {} }\n",
    );
    origin.write("t/smoke/a.hurl", "GET {{base_url}}/a\nHTTP 200\n");
    origin.write("t/api/b.hurl", "GET {{base_url}}/b/{{id}}?x=1\nHTTP 200\n");
    origin.write("t/bad/c.hurl", "GETT nonsense\n");
    let reports = Reports {
        openapi: Some("openapi.yaml".to_owned()),
        suites: [
            "t/api/*.hurl",
            "t/bad/*.hurl",
            "t/none/*.hurl",
            "t/smoke/*.hurl",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..Reports::default()
    };
    // What a step makes up as a test is none: only the commit's files will be run.
    let run = "printf 'DELETE {{base_url}}/a\\nHTTP 204\\n' > t/smoke/made-up.hurl";
    let (evidence, log) = evidence_of(&origin, &[reporter(run, reports)]).await;
    assert!(
        log.contains("API: 3 operations, 3 without their schemas"),
        "{log}"
    );
    let api = api_of(evidence);
    let groups: Vec<_> = api
        .groups
        .iter()
        .map(|group| (group.suites.clone(), group.named.join(", ")))
        .collect();
    assert_eq!(
        groups,
        [
            (vec![], "DELETE /a".to_owned()),
            (vec![0], "GET /b/{id}".to_owned()),
            (vec![3], "GET /a".to_owned()),
        ]
    );
    let problems: Vec<_> = api
        .suites
        .iter()
        .map(|suite| suite.problem.is_some())
        .collect();
    assert_eq!(problems, [false, true, true, false]);
    assert_eq!(api.suites[2].problem.as_deref(), Some("no file matches"));
}

#[tokio::test]
async fn a_deployment_leaves_no_evidence() {
    let (data, (origin, revision)) = (folder(), origin());
    let house = House::new(data.path(), |_| {});
    let mut step = reporter("true", junit("unit.xml"));
    step.once = false;
    let end = house
        .run(&deploy(origin.repository(), &revision, &[step]))
        .await;
    assert!(
        matches!(end, Observation::Succeeded { evidence: None, .. }),
        "{end:?}"
    );
}
