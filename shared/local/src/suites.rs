//! Integration tests on one machine: the executor, with secrets filled in and reports kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::suites::{SuiteRequest, Suites};
use greenroom_core::verdict::{SuiteReport, Verdict};
use greenroom_suites::{Reach, Runner, SuiteFile, SuiteRun};
use jiff::SignedDuration;

/// Files of one suite that run at once.
const PARALLEL: usize = 4;

/// Runs suites in this process.
#[derive(Debug)]
pub struct LocalSuites<S> {
    runner: Runner,
    secrets: S,
    /// Where JUnit reports are kept, one a suite's attempt.
    reports: PathBuf,
}

impl<S: Secrets> LocalSuites<S> {
    /// Suites that reach what `reach` permits and leave their reports under `reports`.
    pub fn new(reach: Reach, secrets: S, reports: PathBuf) -> Self {
        Self {
            runner: Runner::new(reach),
            secrets,
            reports,
        }
    }

    async fn prepare(&self, request: &SuiteRequest) -> Result<SuiteRun, String> {
        let mut files = Vec::new();
        for file in &request.files {
            let text =
                str::from_utf8(&file.bytes).map_err(|_| format!("{} is not UTF-8", file.path))?;
            let parsed = SuiteFile::parse(&file.path, text).map_err(|problems| {
                problems.first().map_or_else(
                    || format!("{} cannot be read", file.path),
                    ToString::to_string,
                )
            })?;
            files.push(parsed);
        }
        let mut secrets = BTreeMap::new();
        for (variable, name) in &request.secrets {
            let value = self
                .secrets
                .get(name)
                .await
                .map_err(|error| error.to_string())?;
            secrets.insert(variable.clone(), value);
        }
        Ok(SuiteRun {
            name: request.suite.to_string(),
            files,
            base_url: Some(request.base_url.clone()),
            variables: request.variables.clone(),
            secrets,
            ready: request.ready,
            request_timeout: request.request_timeout,
            timeout: request.timeout,
            parallel: PARALLEL,
        })
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
        match self.prepare(request).await {
            Ok(run) => {
                let outcome = self.runner.run(&run).await;
                self.keep(&request.id, outcome.junit).await;
                outcome.report
            }
            Err(why) => SuiteReport {
                verdict: Verdict::Errored,
                total: 0,
                failures: Vec::new(),
                failed: 0,
                duration: SignedDuration::ZERO,
                error: Some(why),
            },
        }
    }
}
