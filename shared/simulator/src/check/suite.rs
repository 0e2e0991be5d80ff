//! B4: a run is tested by the suites of the stage file that governs it, as they are there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenroom_app::ports::suites::SuiteRequest;
use greenroom_core::name::{ConfigHash, SuiteName};
use greenroom_core::stage::{Run, Stage, SuiteProgress};
use greenroom_core::stage_file::{StageFile, Suite};
use jiff::SignedDuration;

use super::{Found, Replaced, Stages};
use crate::truth::Truth;

/// Which tests a run has to pass, and how often they may try, is known when it is claimed.
pub fn replaced(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
    let old = replaced.before.and_then(|before| before.run.as_ref());
    let (Some(old), stage) = (old, replaced.after) else {
        return;
    };
    let demands = |run: &Run| -> Vec<_> {
        let one = |progress: &SuiteProgress| progress.retries;
        let suites = run.suites.iter();
        suites.map(|(name, it)| (name.clone(), one(it))).collect()
    };
    for run in stage.run.iter().chain(&stage.last) {
        if run.generation == old.generation && demands(run) != demands(old) {
            let what = format!("run {} of {} gets other tests", run.generation, stage.id);
            found.broken(truth, "B4", what);
        }
    }
}

/// A suite is asked to test what the run of `generation` has put on `stage`.
pub fn tested(
    truth: &Truth,
    (stage, generation): (&str, u64),
    request: &SuiteRequest,
    files: &BTreeMap<ConfigHash, Arc<StageFile>>,
    stages: &Stages,
    found: &mut Found,
) {
    let Some((_, record)) = stages.get(stage) else {
        return;
    };
    let Some((config, suites)) = demanded(&record.stage, generation, request) else {
        return;
    };
    let Some(file) = files.get(config) else {
        return;
    };
    let suite = file.suites.get(&request.suite);
    let suite = suite.filter(|_| suites.contains_key(&request.suite));
    if !suite.is_some_and(|suite| is_as(request, suite)) {
        let what = format!(
            "run {generation} of {stage} is tested by another {} than it was claimed with",
            request.suite
        );
        found.broken(truth, "B4", what);
    }
}

type Suites = BTreeMap<SuiteName, SuiteProgress>;

/// What the run, or the round of the watch, goes by; `None` if it is over.
fn demanded<'a>(
    stage: &'a Stage,
    generation: u64,
    request: &SuiteRequest,
) -> Option<(&'a ConfigHash, &'a Suites)> {
    if let Some((_, number)) = request.id.rsplit_once("/round-") {
        let round = stage.watch.round.as_ref();
        let round = round.filter(|round| number.parse() == Ok(round.number))?;
        return Some((&round.config, &round.suites));
    }
    let mut runs = stage.run.iter().chain(&stage.last);
    let run = runs.find(|run| run.generation == generation)?;
    Some((&run.config, &run.suites))
}

/// Whether what is asked of a suite is what the stage file says of it.
fn is_as(request: &SuiteRequest, suite: &Suite) -> bool {
    let lasts = |asked: Duration, written: SignedDuration| {
        SignedDuration::try_from(asked).is_ok_and(|asked| asked == written)
    };
    let says = suite.variables.iter().all(|(name, text)| {
        let plain = text.as_literal();
        plain.is_none_or(|text| request.variables.get(name).is_some_and(|it| it == text))
    });
    let plain = suite.base_url.as_literal();
    says && plain.is_none_or(|url| request.base_url == url)
        && lasts(request.timeout, suite.timeout)
        && lasts(request.request_timeout, suite.request_timeout)
        && lasts(request.ready, suite.ready)
}
