//! Integration tests: they answer about what really stands on the stage.

use greenroom_app::ports::suites::{SuiteRequest, Suites};
use greenroom_core::verdict::{SuiteReport, TestFailure, Verdict};
use jiff::SignedDuration;

use super::SimPorts;
use crate::fault::Port;
use crate::inner::Inner;
use crate::model::repository::Quality;
use crate::random::{key, mix};
use crate::truth::Happened;

impl Suites for SimPorts {
    async fn run(&self, request: &SuiteRequest) -> SuiteReport {
        let Ok(fault) = self.enter(Port::Suites, "run").await else {
            return report(Verdict::Errored);
        };
        let verdict = self.shared.lock().test(request);
        match self.leave(fault).await {
            Ok(()) => report(verdict),
            Err(_) => report(Verdict::Errored),
        }
    }
}

impl Inner {
    /// What the tests say of what stands there now.
    fn test(&mut self, request: &SuiteRequest) -> Verdict {
        let mut parts = request.id.split('/');
        let (_, stage) = (parts.next(), parts.next().unwrap_or_default().to_owned());
        let generation = parts.nth(1).and_then(|part| part.parse().ok());
        let standing = self.truth.stages.get(&stage).cloned();
        let number = mix(key(&request.id));
        let verdict = match &standing {
            None => Verdict::Errored,
            Some(standing) if !standing.whole => Verdict::Errored,
            Some(_) if self.is_ill(&stage) => Verdict::Failed,
            Some(standing) => match self.truth.repository.quality(&standing.revision) {
                Quality::TestsFail => Verdict::Failed,
                Quality::Unclear => Verdict::Errored,
                Quality::Flaky
                    if self.goes_wrong(number, 500, || format!("{} is flaky", request.id)) =>
                {
                    Verdict::Failed
                }
                _ => {
                    let flaky = self.truth.setup.rates.flaky;
                    let text = || format!("{} cannot tell", request.id);
                    if self.goes_wrong(mix(number), flaky, text) {
                        Verdict::Errored
                    } else {
                        Verdict::Passed
                    }
                }
            },
        };
        self.note("tested", || format!("{} says {verdict:?}", request.id));
        self.happened(&Happened::Tested {
            stage: &stage,
            generation: generation.unwrap_or(0),
            standing: standing
                .as_ref()
                .and_then(|standing| standing.digest.as_ref()),
            revision: standing.as_ref().map(|standing| &standing.revision),
            request,
            verdict,
        });
        verdict
    }

    /// Whether something that the stage relies on is broken.
    fn is_ill(&self, stage: &str) -> bool {
        let until = self.truth.ills.get(stage);
        !self.calm && until.is_some_and(|until| self.truth.now < *until)
    }
}

fn report(verdict: Verdict) -> SuiteReport {
    let failure = TestFailure {
        test: "smoke.hurl:1 GET /".to_owned(),
        message: "status 500, expected 200".to_owned(),
        file: "tests/smoke.hurl".to_owned(),
        line: 1,
    };
    let red = verdict == Verdict::Failed;
    SuiteReport {
        verdict,
        total: 3,
        failures: red.then_some(failure).into_iter().collect(),
        failed: u32::from(red),
        duration: SignedDuration::from_secs(1),
        error: (verdict == Verdict::Errored).then(|| "no answer".to_owned()),
    }
}
