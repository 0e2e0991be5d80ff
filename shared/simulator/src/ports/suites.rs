//! Integration tests: they answer about what really stands on the stage.

use greenroom_app::ports::suites::{SuiteRequest, Suites};
use greenroom_core::verdict::{SuiteReport, TestFailure, Verdict};
use jiff::SignedDuration;

use super::{SimPorts, seconds};
use crate::fault::Port;
use crate::inner::Inner;
use crate::model::repository::Quality;
use crate::random::{Random, key, mix};
use crate::truth::Happened;

impl Suites for SimPorts {
    async fn run(&self, request: &SuiteRequest) -> SuiteReport {
        self.shared.lock().drags(request);
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
        let stage = stage_of(request).to_owned();
        let generation = request.id.split('/').nth(3);
        let generation = generation.and_then(|part| part.parse().ok());
        let standing = self.truth.stages.get(&stage).cloned();
        let number = mix(key(&request.id));
        let verdict = match &standing {
            None => Verdict::Errored,
            Some(standing) if !standing.whole => Verdict::Errored,
            Some(_) if self.is_ill(&stage, false) => Verdict::Failed,
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

    /// Tests take long where what the stage relies on answers slowly: longer than some rounds of a
    /// watch have.
    fn drags(&mut self, request: &SuiteRequest) {
        let stage = stage_of(request);
        if self.is_ill(stage, true) {
            let mut random =
                Random::of(self.truth.setup.seed, mix(key(&request.id) ^ key("drags")));
            self.hold = Some(seconds(random.between(300, 2700)));
        }
    }

    /// Whether something that the stage relies on is broken, or slow.
    fn is_ill(&self, stage: &str, slow: bool) -> bool {
        let until = self.truth.ills.get(&(stage.to_owned(), slow));
        !self.calm && until.is_some_and(|until| self.truth.now < *until)
    }
}

fn stage_of(request: &SuiteRequest) -> &str {
    request.id.split('/').nth(1).unwrap_or_default()
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
