//! Reports of builds: whatever their bytes, they are read or refused in a sentence, and what is
//! read makes sense.
//!
//! An input is a report. It is given to every reader, and to that of OpenAPI together with calls
//! made of its lines.

use greenroom_core::evidence::{Coverage, Evidence, Finding, Percent};
use greenroom_evidence::calls::{Call, SuiteCalls, api};
use greenroom_evidence::cobertura::Cobertura;
use greenroom_evidence::lcov::Lcov;
use greenroom_evidence::openapi::OpenApi;
use greenroom_evidence::{ReadError, junit};

/// # Panics
/// When a promise is broken.
pub fn run(data: &[u8]) {
    let mut evidence = Evidence::default();
    if let Some(tests) = sensible(junit::read(data)) {
        let ends = [tests.failed, tests.errored, tests.skipped];
        let told = ends.into_iter().fold(0, u32::saturating_add);
        assert!(told <= tests.total, "{tests:?}");
        evidence.tests = Some(Finding::Read(tests));
    }
    let mut lcov = Lcov::default();
    if sensible(lcov.read(data)).is_some() {
        evidence.coverage = sensible(lcov.coverage()).map(covered);
        let once = lcov.coverage();
        // The same file twice tells nothing new.
        assert!(lcov.read(data).is_ok());
        assert_eq!(lcov.coverage(), once);
    }
    let mut cobertura = Cobertura::default();
    if sensible(cobertura.read(data)).is_some() {
        evidence.coverage = sensible(cobertura.coverage()).map(covered);
    }
    if let Some(document) = sensible(OpenApi::read(data)) {
        let found = api(&document, &suites(data));
        let counted: u32 = found.groups.iter().map(|group| group.count).sum();
        assert_eq!(counted, found.operations);
        assert!(found.undocumented <= found.operations);
        evidence.api = Some(Finding::Read(found));
    }
    let kept = evidence.bounded();
    let json = serde_json::to_vec(&kept).unwrap_or_default();
    assert!(json.len() < 100_000, "{} bytes are kept", json.len());
    assert_eq!(serde_json::from_slice::<Evidence>(&json).ok(), Some(kept));
}

fn covered(coverage: Coverage) -> Finding<Coverage> {
    let whole = Percent::of(1, 1);
    assert!(Some(coverage.percent) <= whole, "{coverage:?}");
    Finding::Read(coverage)
}

/// Every refusal is one sentence that can be shown.
fn sensible<T>(read: Result<T, ReadError>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            let said = error.to_string();
            assert!(!said.is_empty() && said.len() < 1_000, "{said:?}");
            None
        }
    }
}

fn suites(data: &[u8]) -> Vec<SuiteCalls> {
    let text = String::from_utf8_lossy(data);
    let calls = text.lines().take(50).map(|line| {
        let line = line.trim();
        let (method, url) = line.split_once(' ').unwrap_or(("GET", line));
        Call {
            method: method.to_owned(),
            url: url.to_owned(),
        }
    });
    vec![SuiteCalls {
        files: "t/*.hurl".to_owned(),
        calls: Ok(calls.collect()),
    }]
}
