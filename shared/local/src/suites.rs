//! Integration tests on one machine: the executor, with reports kept.

use std::path::PathBuf;

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::suites::{SuiteRequest, Suites};
use greenroom_core::verdict::SuiteReport;
use greenroom_suites::{Attempts, Reach};

/// Runs suites in this process.
#[derive(Debug)]
pub struct LocalSuites<S> {
    attempts: Attempts<S>,
    /// Where JUnit reports are kept, one a suite's attempt.
    reports: PathBuf,
}

impl<S: Secrets> LocalSuites<S> {
    /// Suites that reach what `reach` permits and leave their reports under `reports`.
    pub fn new(reach: Reach, secrets: S, reports: PathBuf) -> Self {
        Self {
            attempts: Attempts::new(reach, secrets),
            reports,
        }
    }

    /// A report that cannot be kept is no reason to lose a verdict.
    async fn keep(&self, id: &str, junit: String) {
        let legal = |c: char| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        };
        let name: String = id.chars().map(legal).collect();
        let path = self.reports.join(format!("{name}.xml"));
        let kept = match tokio::fs::create_dir_all(&self.reports).await {
            Ok(()) => tokio::fs::write(&path, junit).await,
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            tracing::warn!(path = %path.display(), %error, "a test report could not be kept");
        }
    }
}

impl<S: Secrets> Suites for LocalSuites<S> {
    async fn run(&self, request: &SuiteRequest) -> SuiteReport {
        let (report, junit) = self.attempts.attempt(request).await;
        if let Some(junit) = junit {
            self.keep(&request.id, junit).await;
        }
        report
    }
}
