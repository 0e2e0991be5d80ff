//! What integration tests said.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Three values, because "could not tell" is neither green nor red.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Passed,
    /// The stage answered, and answered wrongly.
    Failed,
    /// Could not reach, timed out, crashed.
    Errored,
}

/// The result of one attempt at a suite.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SuiteReport {
    pub verdict: Verdict,
    /// How many tests (Hurl entries) ran.
    pub total: u32,
    /// At most [`FAILURES_MAX`], in file order; `total` and `failed` count all.
    pub failures: Vec<TestFailure>,
    pub failed: u32,
    pub duration: SignedDuration,
    /// Why the verdict is `Errored`; one sentence.
    pub error: Option<String>,
}

/// More failing tests than this are counted, not listed.
pub const FAILURES_MAX: usize = 20;

/// One test that did not pass.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct TestFailure {
    /// Stable across runs: `<file>:<entry number> <METHOD> <path>`, at most 200 characters.
    pub test: String,
    /// What was expected and what came, at most 400 characters.
    pub message: String,
    pub file: String,
    pub line: u32,
}
