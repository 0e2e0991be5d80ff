//! The port: an attempt at a suite as the app asks for it, with its secrets filled in.

use std::collections::BTreeMap;

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::suites::{SuiteRequest, Suites};
use greenroom_core::verdict::{SuiteReport, Verdict};
use jiff::SignedDuration;

use crate::{Reach, Runner, SuiteFile, SuiteRun};

/// Files of one suite that run at once.
const PARALLEL: usize = 4;

/// Runs suites in this process.
#[derive(Debug)]
pub struct Attempts<S> {
    runner: Runner,
    secrets: S,
}

impl<S: Secrets> Attempts<S> {
    /// Suites that reach what `reach` permits.
    pub fn new(reach: Reach, secrets: S) -> Self {
        Self {
            runner: Runner::new(reach),
            secrets,
        }
    }

    /// One attempt, and its report as JUnit writes it; none if it could not begin.
    pub async fn attempt(&self, request: &SuiteRequest) -> (SuiteReport, Option<String>) {
        match self.prepare(request).await {
            Ok(run) => {
                let outcome = self.runner.run(&run).await;
                (outcome.report, Some(outcome.junit))
            }
            Err(why) => (errored(why), None),
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
}

impl<S: Secrets> Suites for Attempts<S> {
    async fn run(&self, request: &SuiteRequest) -> SuiteReport {
        self.attempt(request).await.0
    }
}

fn errored(why: String) -> SuiteReport {
    SuiteReport {
        verdict: Verdict::Errored,
        total: 0,
        failures: Vec::new(),
        failed: 0,
        duration: SignedDuration::ZERO,
        error: Some(why),
    }
}
