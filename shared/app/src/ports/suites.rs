//! What runs integration tests.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use greenroom_core::name::{SecretName, SuiteName};
use greenroom_core::verdict::SuiteReport;

use super::source::SourceFile;

/// One attempt at a suite, with everything it needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuiteRequest {
    /// Names the attempt for ever, for reports: `<stage>/suite/<generation>/<suite>/<attempt>`.
    pub id: String,
    pub suite: SuiteName,
    /// Hurl files as they stand at the revision under test.
    pub files: Vec<SourceFile>,
    pub base_url: String,
    pub variables: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretName>,
    /// How long the service may take to come up.
    pub ready: Duration,
    pub request_timeout: Duration,
    /// Of the whole suite.
    pub timeout: Duration,
}

/// Runs suites. What goes wrong is a verdict, not an error.
pub trait Suites: Send + Sync + 'static {
    fn run(&self, request: &SuiteRequest) -> impl Future<Output = SuiteReport> + Send;
}
