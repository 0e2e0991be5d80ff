//! The values tests are made of.

use greenroom_core::name::*;
use greenroom_core::principal::Principal;
use greenroom_core::stage::{Spec, Stage};
use greenroom_core::stage_file::StageFile;
use greenroom_core::verdict::{SuiteReport, TestFailure, Verdict};
use jiff::{SignedDuration, Timestamp};

pub const APP: AppId = AppId(7);

pub const FILE: &str = r#"
version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make, once: true, artifact: dist/, outputs: [COVERAGE] }
      - { name: deploy, run: make deploy, outputs: [URL] }
  plain:
    steps:
      - { name: deploy, run: make deploy }
suites:
  api: { files: "t/api/*.hurl", base_url: "http://127.0.0.1:1", retries: 1 }
  smoke: { files: "t/smoke/*.hurl", base_url: "http://127.0.0.1:1", retries: 1 }
channels:
  team: { console: {} }
  mail: { sns: "arn:aws:sns:eu-west-1:111111111111:orders" }
roles:
  owner: [alice, bob]
stages:
  dev: { from: { branch: develop }, pipeline: service, verify: [smoke], alert: [team, mail] }
  bare: { from: { branch: "bare/**" }, pipeline: plain }
  tagged: { from: { tag: "v*" }, pipeline: plain, approvals: { count: 1, by: [owner] } }
  preprod:
    from: { branch: master, refresh: { cron: "0 6 * * *", timezone: Europe/Rome } }
    pipeline: service
    verify: [api, smoke]
    alert: [team]
  prod:
    from: { promote: preprod }
    soak: 1h
    approvals: { count: 2, by: [owner] }
    pipeline: service
    verify: [smoke]
    alert: [team]
"#;

/// 40 digits, the first eight of which are told apart by `n`.
pub fn revision(n: u32) -> Revision {
    Revision::new(format!("{n:08x}{}", "0".repeat(32)))
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

pub fn operator() -> Principal {
    Principal::Operator {
        name: "olga".to_owned(),
    }
}

pub fn person(name: &str) -> Principal {
    Principal::Person {
        name: name.to_owned(),
    }
}

pub fn stage_file(text: &str) -> StageFile {
    StageFile::parse("greenroom.yaml", text.as_bytes()).expect("a valid stage file")
}

pub fn blank(name: &str, now: Timestamp) -> Stage {
    let id = StageId {
        app: APP,
        stage: StageName::new(name),
    };
    let spec = Spec {
        rule: RuleName::new(name),
        actor: None,
        pull_request: None,
        fork: None,
    };
    Stage::new(id, spec, now)
}

pub fn passed() -> SuiteReport {
    SuiteReport {
        verdict: Verdict::Passed,
        total: 3,
        failures: Vec::new(),
        failed: 0,
        duration: SignedDuration::from_secs(1),
        error: None,
    }
}

pub fn failed(tests: &[&str]) -> SuiteReport {
    let failure = |test: &&str| TestFailure {
        test: (*test).to_owned(),
        message: "expected 200, got 500".to_owned(),
        file: "t/a.hurl".to_owned(),
        line: 3,
    };
    SuiteReport {
        verdict: Verdict::Failed,
        failures: tests.iter().map(failure).collect(),
        failed: u32::try_from(tests.len()).expect("few tests"),
        ..passed()
    }
}

pub fn errored() -> SuiteReport {
    SuiteReport {
        verdict: Verdict::Errored,
        error: Some("connection refused".to_owned()),
        ..passed()
    }
}
