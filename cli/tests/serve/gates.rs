//! What a build has shown decides where its release may go.

use crate::support::repo::{ALICE, BOB};
use crate::support::site::{STAGES, Site};
use crate::support::until;

const API: &str = "openapi: 3.0.0
paths:
  /health:
    get: { responses: { '200': { content: { text/plain: { schema: { type: string } } } } } }
  /orders:
    post: { responses: { '201': { description: made } } }
";
const TESTED: &str = "GET {{base_url}}/health\nHTTP 200\n\nPOST {{base_url}}/orders\nHTTP 404\n";

/// The usual build, which also reports: one test, and as many of ten lines as are told.
fn build(lines: usize) -> String {
    let lines: String = (0..10)
        .map(|line| format!("DA:{line},{}\\n", usize::from(line < lines)))
        .collect();
    format!(
        "set -e\nmkdir out\ncp app.txt out/\n\
         echo '<testsuite><testcase name=\"adds\"/></testsuite>' > unit.xml\n\
         printf 'SF:app\\n{lines}end_of_record\\n' > coverage.info\n"
    )
}

fn gated() -> String {
    STAGES
        .replace(
            "artifact: out/,",
            "artifact: out/, reports: { junit: \"*.xml\", lcov: coverage.info, openapi: api.yaml },",
        )
        .replace(
            "pipeline: service, verify: [smoke], alert",
            "pipeline: service, verify: [smoke], gates: { tests: passed, coverage: 80, endpoints: tested }, alert",
        )
        .replace(
            "promote: preprod }, approvals: { count: 1, by: [product-owner] },",
            "promote: dev }, gates: { coverage: 75.5 },",
        )
}

async fn gates(site: &Site, revision: &str, stage: &str) -> (i32, String) {
    let said = site
        .cli(&["gates", "--release", &revision[..12], "--stage", stage])
        .await;
    (said.code, said.out)
}

#[tokio::test]
async fn a_release_waits_for_evidence_and_a_better_build_goes_through() {
    let mut site = Site::with(&gated()).await;
    site.serve().await;
    let files = [("build.sh", build(7)), ("api.yaml", API.to_owned())];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let poor = site.push("develop", BOB, "Show too little", &files).await;
    let waiting = |card: &serde_json::Value| card["waiting_on"][0]["code"] == "gate_coverage";
    let card = site.wait("dev", "waits for its coverage", waiting).await;
    assert_eq!(card["waiting_on"][1]["code"], "gate_endpoints", "{card}");
    assert_eq!(card["run"], serde_json::Value::Null, "{card}");
    let (code, shown) = gates(&site, &poor, "dev").await;
    assert_eq!(code, 3, "{shown}");
    for words in [
        "tests      open    tests ran and none failed",
        "70 % (7 of 10 lines)",
        "1 of 2 are not called: POST /orders",
        "lock       open",
    ] {
        assert!(shown.contains(words), "{words:?} is not in\n{shown}");
    }
    let better = build(8);
    let files = [("build.sh", better.as_str()), ("tests/smoke.hurl", TESTED)];
    let good = site.push("develop", ALICE, "Show enough", &files).await;
    site.green("dev", &good).await;
    let (code, shown) = gates(&site, &good, "dev").await;
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("80 % (8 of 10 lines)"), "{shown}");
    let page = site.server().http.get("/api/v1/stages/dev/docs").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains(&good[..8]), "{}", page.text);
    assert!(
        page.text.contains("<span class=\"m\">POST</span> <code>"),
        "{}",
        page.text
    );
    let none = site.server().http.get("/api/v1/stages/preprod/docs").await;
    assert_eq!(none.status, 404, "{}", none.text);
    // The same evidence opens the next stage, at its claim and at its fence.
    site.green("prod", &good).await;
    let all = site
        .cli(&["gates", "--release", &poor, "--app", "shop", "--json"])
        .await;
    assert_eq!(all.code, 3, "{all:?}");
    let all: serde_json::Value = serde_json::from_str(&all.out).expect("JSON");
    let mut stages = all["stages"].as_array().expect("a list").iter();
    let prod = stages.find(|stage| stage["stage"] == "prod");
    let prod = prod.expect("prod is an app's stage");
    assert_eq!(prod["open"], false, "{prod}");
    let gates: Vec<_> = prod["gates"].as_array().expect("a list").iter().collect();
    let closed = |name: &str| {
        gates
            .iter()
            .any(|gate| gate["gate"] == name && gate["open"] == false)
    };
    assert!(closed("upstream") && closed("coverage"), "{prod}");
    site.cli(&["gates", "--release", "ffff"])
        .await
        .refused(5, &["ffff", "greenroom releases"]);
    site.cli(&["gates", "--release", "xyz"])
        .await
        .refused(5, &["xyz"]);
    let named = ["gates", "--release", "develop", "--stage", "dev"];
    let by_branch = site.cli(&named).await;
    assert!(by_branch.ok().out.contains(&good[..8]), "{by_branch:?}");
}

#[tokio::test]
async fn a_missing_report_closes_the_gate_and_does_not_fail_the_build() {
    let mut site = Site::with(&gated()).await;
    site.serve().await;
    let revision = site
        .push("develop", BOB, "Report nothing", &[("app.txt", "two\n")])
        .await;
    let waiting = |card: &serde_json::Value| card["waiting_on"][0]["code"] == "gate_tests";
    let card = site.wait("dev", "waits for its tests", waiting).await;
    assert_ne!(card["health"], "red", "{card}");
    let (code, shown) = gates(&site, &revision, "dev").await;
    assert_eq!(code, 3, "{shown}");
    for path in ["*.xml", "coverage.info", "api.yaml"] {
        assert!(shown.contains(&format!("no report at {path}")), "{shown}");
    }
    let gone = gated()
        .replace("  dev: ", "  elsewhere: ")
        .replace("promote: dev", "promote: preprod");
    let gone = gone.replace("SERVICE", &site.service.address.to_string());
    let file = [("greenroom.yaml", gone.as_str())];
    site.push("master", ALICE, "Lead develop elsewhere", &file)
        .await;
    let asked = ["gates", "--release", &revision[..12], "--stage", "dev"];
    until("nothing is said of dev's gates any more", async || {
        (site.cli(&asked).await.code != 3).then_some(())
    })
    .await;
    site.cli(&asked).await.refused(5, &["no gate of dev"]);
}

#[tokio::test]
async fn a_stage_whose_address_nobody_told_is_not_proven_and_not_red() {
    let stages = STAGES
        .replace(
            "http://SERVICE/${stage}\", ready: 1s",
            "${outputs.URL}\", retries: 0",
        )
        .replace("sh deploy.sh, timeout: 20s", "sh deploy.sh, outputs: [URL]");
    let mut site = Site::with(&stages).await;
    site.serve().await;
    site.push(
        "develop",
        BOB,
        "Deploy for the first time",
        &[("app.txt", "two\n")],
    )
    .await;
    let card = site.ended("dev", 1).await;
    assert_eq!(card["health"], "unverified", "{card}");
    assert_eq!(card["break"], serde_json::Value::Null, "{card}");
    let suite = &card["last"]["suites"][0];
    assert_eq!(suite["verdict"], "errored", "{card}");
    let why = suite["error"].as_str().unwrap_or_default();
    assert!(why.contains("outputs.URL"), "{card}");
}
