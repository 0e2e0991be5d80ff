//! What builds report, left by the rendered shell program and read from the bucket.

use std::fs;

use greenroom_app::ports::pipelines::{PipelineError, Pipelines};
use greenroom_core::evidence::{Evidence, Finding};
use greenroom_core::execution::Observation;
use greenroom_core::stage_file::StageFile;
use serde_json::{Value, json};

use super::support::Here;

const UNIT: &str = r#"<testsuite tests="2"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>"#;
const COVER: &str = "SF:a\\nDA:1,1\\nDA:2,0\\nend_of_record\\n";
const API: &str = r#"{"openapi":"3.0.0","paths":{"/orders":{"get":{"responses":{"200":{"description":"ok"}}},"delete":{"responses":{"200":{"description":"ok"}}}}}}"#;

/// Two steps that report; the second one may do anything.
fn file(first: &str, reports: &Value, second: &str, more: &Value) -> StageFile {
    let text = json!({
        "version": 1, "app": "acme/orders",
        "pipelines": {"service": {"steps": [
            {"name": "unit", "run": first, "once": true, "reports": reports},
            {"name": "more", "run": second, "once": true, "artifact": "app.txt", "reports": more},
            {"name": "roll-out", "run": "true"}]}},
        "suites": {"api": {"files": "tests/**/*.hurl", "base_url": "http://127.0.0.1:1"}},
        "stages": {"dev": {"from": {"branch": "main"}, "pipeline": "service", "verify": ["api"]}},
    });
    StageFile::parse("greenroom.yaml", text.to_string().as_bytes()).expect("it holds")
}

async fn evidence_of(file: &StageFile) -> (Here, Evidence) {
    let here = Here::with(file, |_| {}).await;
    match here.came_to(&here.build("token")).await {
        Observation::Succeeded {
            evidence: Some(evidence),
            artifact: Some(_),
            ..
        } => (here, *evidence),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn reports_of_several_steps_are_one_builds_evidence() {
    let unit = format!(
        "mkdir -p out/deep 'out/a b' && printf '%s' '{UNIT}' >out/deep/1.xml && cp out/deep/1.xml 'out/a b/-2.xml' \
         && ln -s deep/1.xml out/link.xml && echo no >out/deep/1.txt"
    );
    let more = format!(
        "printf '{COVER}' >coverage.info; printf '%s' '{API}' >openapi.json; echo 'GET http://x/else' >tests/late.hurl"
    );
    let file = file(
        &unit,
        &json!({"junit": "out/**/*.xml"}),
        &more,
        &json!({"lcov": "./coverage.info", "openapi": "openapi.json"}),
    );
    let (_here, evidence) = evidence_of(&file).await;
    let Some(Finding::Read(tests)) = &evidence.tests else {
        panic!("{evidence:?}");
    };
    assert_eq!((tests.total, tests.failed), (4, 2), "no link is followed");
    let Some(Finding::Read(coverage)) = &evidence.coverage else {
        panic!("{evidence:?}");
    };
    assert_eq!(coverage.percent.to_string(), "50");
    let Some(Finding::Read(api)) = &evidence.api else {
        panic!("{evidence:?}");
    };
    assert_eq!(api.operations, 2);
    let [suite] = api.suites.as_slice() else {
        panic!("{api:?}");
    };
    assert_eq!(
        (suite.files.as_str(), &suite.problem),
        ("tests/**/*.hurl", &None)
    );
    let called = api.groups.iter().filter(|group| !group.suites.is_empty());
    let called: Vec<_> = called.flat_map(|group| &group.named).collect();
    assert_eq!(called, ["GET /orders"], "by the tests of the commit alone");
}

#[tokio::test]
async fn a_report_that_is_missing_old_or_broken_fails_no_build_and_says_why() {
    let file = file(
        "true",
        &json!({"junit": "old.xml"}),
        "echo '<coverage' >cut.xml",
        &json!({"cobertura": "cut.xml", "openapi": "no/where.yaml"}),
    );
    let (_here, evidence) = evidence_of(&file).await;
    let Some(Finding::Unreadable { path, why }) = &evidence.tests else {
        panic!("{evidence:?}");
    };
    assert_eq!(path, "old.xml");
    assert!(why.contains("came with the commit"), "{why}");
    assert!(
        matches!(&evidence.coverage, Some(Finding::Unreadable { path, .. }) if path == "cut.xml")
    );
    assert!(matches!(&evidence.api, Some(Finding::Missing { path }) if path == "no/where.yaml"));
}

#[tokio::test]
async fn what_a_step_touches_is_its_report_and_what_is_too_large_is_none() {
    let file = file(
        "touch -d 2001-01-01 old.xml",
        &json!({"junit": "old.xml"}),
        "head -c 9000000 /dev/zero >coverage.info",
        &json!({"lcov": "coverage.info"}),
    );
    let (_here, evidence) = evidence_of(&file).await;
    assert!(matches!(&evidence.tests, Some(Finding::Read(tests)) if tests.total == 2));
    let Some(Finding::Unreadable { why, .. }) = &evidence.coverage else {
        panic!("{evidence:?}");
    };
    assert!(why.contains("bytes"), "{why}");
}

#[tokio::test]
async fn reports_that_are_not_what_the_build_left_show_nothing() {
    let lcov = json!({"lcov": "coverage.info"});
    let file = file("touch old.xml", &json!({"junit": "old.xml"}), "true", &lcov);
    let here = Here::with(&file, |_| {}).await;
    let execution = here.started(&here.build("token")).await;
    assert_eq!(here.ended(&execution).await, "Succeeded");
    let kept = here.folder.path().join("bucket/reports");
    let mut all = fs::read_dir(&kept).expect("they are kept");
    let one = all.next().expect("one").expect("read").path();
    assert!(all.next().is_none(), "all of them in one object");
    let bytes = fs::read(&one).expect("read");
    let evidence = async || match here.pipelines.observe(&execution).await {
        Ok(Observation::Succeeded { evidence, .. }) => evidence,
        other => panic!("{other:?}"),
    };
    assert!(evidence().await.is_some());
    fs::write(&one, [&bytes[..], b"more"].concat()).expect("written");
    assert_eq!(evidence().await, None);
    fs::remove_file(&one).expect("gone");
    assert_eq!(evidence().await, None);
    fs::write(&one, &bytes).expect("written");
    assert!(evidence().await.is_some());
    here.bucket.close();
    let seen = here.pipelines.observe(&execution).await;
    assert!(
        matches!(&seen, Err(PipelineError::Unavailable { .. })),
        "the next look asks again: {seen:?}"
    );
}
