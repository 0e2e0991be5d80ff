//! Services and suites for tests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use greenroom_core::verdict::Verdict;
use greenroom_suites::{Reach, Runner, SuiteFile, SuiteOutcome, SuiteRun};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::server;

/// Stops with the test.
pub struct Served {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    pub async fn corpus() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self {
            address,
            task: tokio::spawn(server::serve(listener)),
        }
    }

    pub async fn router(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self {
            address,
            task: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn file(path: &str, text: &str) -> SuiteFile {
    SuiteFile::parse(path, text).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

pub fn suite(base_url: Option<String>, files: &[(&str, &str)]) -> SuiteRun {
    SuiteRun {
        name: "smoke".to_owned(),
        files: files.iter().map(|(path, text)| file(path, text)).collect(),
        base_url,
        variables: BTreeMap::new(),
        secrets: BTreeMap::new(),
        ready: Duration::from_secs(20),
        request_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(60),
        parallel: 4,
    }
}

pub fn loopback() -> Reach {
    Reach::new(["127.0.0.0/8".parse().unwrap()])
}

pub async fn run(suite: &SuiteRun) -> SuiteOutcome {
    Runner::new(loopback()).run(suite).await
}

pub fn error(outcome: &SuiteOutcome) -> &str {
    assert_eq!(
        outcome.report.verdict,
        Verdict::Errored,
        "{:?}",
        outcome.report
    );
    outcome.report.error.as_deref().unwrap_or_default()
}
