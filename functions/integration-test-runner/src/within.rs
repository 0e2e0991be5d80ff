//! Suites that end before the function does: a verdict that says "too slow" is one, a killed
//! function is none.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use greenroom_app::ports::suites::{SuiteRequest, Suites};
use greenroom_core::verdict::SuiteReport;
use greenroom_lambda::Until;

/// Kept for writing the verdict down.
const RESERVE: Duration = Duration::from_secs(10);

/// By when the suites of this invocation must have ended.
#[derive(Debug, Default)]
pub struct Deadline(Mutex<Option<Until>>);

impl Deadline {
    /// The invocation's.
    pub fn set(&self, until: Until) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    /// What is left for a suite; `None` outside of an invocation.
    pub fn left(&self) -> Option<Duration> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.but(RESERVE).left())
    }
}

/// Some suites, kept to a deadline.
#[derive(Debug)]
pub struct Within<T> {
    suites: T,
    deadline: Arc<Deadline>,
}

impl<T> Within<T> {
    pub fn new(suites: T, deadline: Arc<Deadline>) -> Self {
        Self { suites, deadline }
    }
}

impl<T: Suites> Suites for Within<T> {
    async fn run(&self, request: &SuiteRequest) -> SuiteReport {
        match self.deadline.left() {
            Some(left) => {
                let ready = request.ready.min(left);
                let timeout = request.timeout.min(left.saturating_sub(ready));
                let request = SuiteRequest {
                    ready,
                    timeout,
                    ..request.clone()
                };
                self.suites.run(&request).await
            }
            None => self.suites.run(request).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use greenroom_core::name::SuiteName;
    use greenroom_core::verdict::Verdict;

    use super::*;

    #[derive(Debug, Default)]
    struct Asked(Mutex<Vec<(Duration, Duration)>>);

    impl Suites for Asked {
        async fn run(&self, request: &SuiteRequest) -> SuiteReport {
            let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            asked.push((request.ready, request.timeout));
            SuiteReport {
                verdict: Verdict::Passed,
                total: 1,
                failures: Vec::new(),
                failed: 0,
                duration: jiff::SignedDuration::ZERO,
                error: None,
            }
        }
    }

    fn request(ready: u64, timeout: u64) -> SuiteRequest {
        SuiteRequest {
            id: "qa/suite/1/smoke/1".to_owned(),
            suite: SuiteName::new("smoke"),
            files: Vec::new(),
            base_url: "http://127.0.0.1".to_owned(),
            variables: BTreeMap::new(),
            secrets: BTreeMap::new(),
            ready: Duration::from_secs(ready),
            request_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(timeout),
        }
    }

    #[tokio::test]
    async fn a_suite_has_no_more_time_than_the_function() {
        let deadline = Arc::new(Deadline::default());
        let within = Within::new(Asked::default(), Arc::clone(&deadline));
        deadline.set(Until::within(Duration::from_secs(100)));
        within.run(&request(30, 20)).await;
        within.run(&request(30, 3600)).await;
        within.run(&request(3600, 3600)).await;
        let asked = within.suites.0.lock().expect("nobody panicked").clone();
        let seconds = Duration::from_secs;
        assert_eq!(asked[0], (seconds(30), seconds(20)));
        assert_eq!(asked[1].0, seconds(30));
        assert!(asked[1].1 <= seconds(60), "{asked:?}");
        assert!(asked[2].0 + asked[2].1 <= seconds(90), "{asked:?}");
    }
}
