//! A suite run as a whole: waited for, run in parallel, reported in order.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use greenroom_core::verdict::{SuiteReport, Verdict};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, redirect};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::file_run::{self, Shared};
use crate::parse::SuiteFile;
use crate::reach::{Reach, VettingResolver};
use crate::redact::Redactor;
use crate::report::{FileReport, MESSAGE_CHARS_MAX, SuiteOutcome, summarise};
use crate::template::Variables;
use crate::value::Value;
use crate::{junit, ready};

/// Servers close idle connections after five seconds or more; one closed while a request is on
/// its way would look like a stage that broke.
const IDLE_MAX: Duration = Duration::from_secs(2);
/// Longer limits are as good as none, and would overflow the clock.
const LIMIT_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// A suite to run, once.
#[derive(Clone, Debug)]
pub struct SuiteRun {
    /// For the report.
    pub name: String,
    /// Run in parallel; reported in this order.
    pub files: Vec<SuiteFile>,
    /// Waited for before the first file, and known to the files as `base_url`.
    pub base_url: Option<String>,
    /// Typed as `hurl --variable` types them: `42` is an integer, `"42"` a string.
    pub variables: BTreeMap<String, String>,
    /// Variables too, always strings; their values appear in nothing that leaves the run.
    pub secrets: BTreeMap<String, SecretString>,
    /// How long the service may take to come up.
    pub ready: Duration,
    /// Of one request, from connecting to the last byte.
    pub request_timeout: Duration,
    /// Of all files together, after the service was up.
    pub timeout: Duration,
    /// How many files run at once; 0 counts as 1.
    pub parallel: usize,
}

/// Runs suites. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runner {
    reach: Reach,
}

/// The HTTP client could not be made: the machine's trust store cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for tests cannot be made")]
pub struct ClientError(#[source] reqwest::Error);

impl Runner {
    /// A runner whose tests reach what `reach` permits.
    pub fn new(reach: Reach) -> Self {
        static PROVIDER: OnceLock<()> = OnceLock::new();
        PROVIDER.get_or_init(|| {
            // Refused if the process has installed one already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        Self { reach }
    }

    /// Runs the suite to its end. Dropping the future stops it.
    pub async fn run(&self, suite: &SuiteRun) -> SuiteOutcome {
        let started = Instant::now();
        let started_at = Timestamp::now();
        let redactor = Redactor::new(suite.secrets.values().map(ExposeSecret::expose_secret));
        if suite.files.is_empty() {
            // Nothing tested is nothing verified: a pattern that matches no file must not be green.
            return not_run(
                suite,
                &redactor,
                started_at,
                started,
                "the suite holds no file",
            );
        }
        let client = match self.client(suite) {
            Ok(client) => client,
            Err(error) => {
                return not_run(suite, &redactor, started_at, started, &error.to_string());
            }
        };
        if let Some(base_url) = &suite.base_url
            && let Err(why) =
                ready::wait(&client, &self.reach, base_url, suite.ready.min(LIMIT_MAX)).await
        {
            return not_run(suite, &redactor, started_at, started, &why);
        }
        let shared = Shared {
            client,
            reach: self.reach.clone(),
            variables: variables(suite),
            redactor: redactor.clone(),
            request_timeout: suite.request_timeout,
            deadline: tokio::time::Instant::now() + suite.timeout.min(LIMIT_MAX),
            suite_timeout: suite.timeout,
        };
        let files = run_all(suite, &shared).await;
        let mut report = summarise(&files, started.elapsed());
        report.error = report
            .error
            .map(|error| redactor.short(&error, MESSAGE_CHARS_MAX));
        let junit = junit::write(
            &redactor.clean(&suite.name),
            &files,
            started_at,
            started.elapsed(),
        );
        SuiteOutcome {
            report,
            files,
            junit,
        }
    }

    /// No pooling across runs: a stage that was just deployed has closed all earlier connections.
    fn client(&self, suite: &SuiteRun) -> Result<Client, ClientError> {
        Client::builder()
            .dns_resolver(Arc::new(VettingResolver(self.reach.clone())))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .http1_only()
            .pool_idle_timeout(IDLE_MAX)
            .connect_timeout(suite.request_timeout)
            .build()
            .map_err(ClientError)
    }
}

fn variables(suite: &SuiteRun) -> Variables {
    let mut variables: Variables = suite
        .variables
        .iter()
        .map(|(name, text)| (name.clone(), Value::from_text(text)))
        .collect();
    if let Some(base_url) = &suite.base_url {
        variables.insert("base_url".to_owned(), Value::String(base_url.clone()));
    }
    let secrets = suite.secrets.iter().map(|(name, secret)| {
        (
            name.clone(),
            Value::String(secret.expose_secret().to_owned()),
        )
    });
    variables.extend(secrets);
    variables
}

async fn run_all(suite: &SuiteRun, shared: &Shared) -> Vec<FileReport> {
    let permits = Arc::new(Semaphore::new(
        suite.parallel.clamp(1, suite.files.len().max(1)),
    ));
    let mut running = JoinSet::new();
    for (index, file) in suite.files.iter().cloned().enumerate() {
        let (permits, shared) = (Arc::clone(&permits), shared.clone());
        running.spawn(async move {
            // The semaphore is never closed; without a permit a file would only run earlier.
            let _permit = permits.acquire_owned().await;
            (index, file_run::run(shared, &file).await)
        });
    }
    let mut reports: BTreeMap<usize, FileReport> = BTreeMap::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok((index, report)) => {
                reports.insert(index, report);
            }
            // Without the panic's message, which may hold anything.
            Err(error) => {
                tracing::error!(suite.name = %suite.name, error.panicked = error.is_panic(), "a suite file's run crashed");
            }
        }
    }
    let crashed = |(index, file): (usize, &SuiteFile)| {
        reports
            .remove(&index)
            .unwrap_or_else(|| untold(file, "the run of the file crashed"))
    };
    suite.files.iter().enumerate().map(crashed).collect()
}

/// A file of which nothing is known.
fn untold(file: &SuiteFile, why: &str) -> FileReport {
    FileReport {
        path: file.path().to_owned(),
        verdict: Verdict::Errored,
        entries: vec![],
        error: Some(why.to_owned()),
        entry_count: file.entry_count(),
        duration: Duration::ZERO,
    }
}

fn not_run(
    suite: &SuiteRun,
    redactor: &Redactor,
    started_at: Timestamp,
    started: Instant,
    why: &str,
) -> SuiteOutcome {
    let why = redactor.short(why, MESSAGE_CHARS_MAX);
    let files: Vec<FileReport> = suite.files.iter().map(|file| untold(file, &why)).collect();
    let report = SuiteReport {
        verdict: Verdict::Errored,
        total: 0,
        failures: vec![],
        failed: 0,
        duration: SignedDuration::try_from(started.elapsed()).unwrap_or(SignedDuration::MAX),
        error: Some(why),
    };
    let junit = junit::write(
        &redactor.clean(&suite.name),
        &files,
        started_at,
        started.elapsed(),
    );
    SuiteOutcome {
        report,
        files,
        junit,
    }
}
