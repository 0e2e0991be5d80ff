//! Executions go on: they ask the fence, put bytes on their stage, and end.

use greenroom_app::ports::pipelines::Observation;
use greenroom_app::work::Work;
use greenroom_executions::Entry;
use jiff::Timestamp;

use super::{Output, World};
use crate::inner::{Event, Inner, Next};
use crate::model::environment::Standing;
use crate::model::executor::{Execution, Spoiled};
use crate::model::repository::Quality;
use crate::ports::seconds;
use crate::random::{Random, key, mix};
use crate::truth::Happened;

/// Questions that nobody answers before an execution gives up.
const QUESTIONS_MAX: u32 = 10;

impl World {
    pub(crate) fn execution(&mut self, index: usize, next: Next) {
        if next == Next::Open {
            let mut inner = self.shared.lock();
            inner.truth.executor.transition(index, true);
            return inner.moved(index);
        }
        if self.shared.lock().truth.executor.get(index).has_ended() {
            return;
        }
        let attempt = self.shared.lock().truth.executor.attempt(index);
        match next {
            Next::Enter => self.enter(index),
            Next::Ask(nth) => self.ask(index, nth),
            Next::Put(of) if of == attempt => self.put(index),
            Next::End(of) if of == attempt => self.end(index),
            // Somebody had it run again meanwhile.
            Next::Put(_) | Next::End(_) | Next::Open => {}
            Next::Stopped => {
                if self.shared.lock().truth.executor.is_to_stop(index) {
                    self.stopped(index);
                }
            }
        }
    }

    /// It goes into the stage that it waits before, unless it has to wait.
    fn enter(&mut self, index: usize) {
        let entry = self.shared.lock().truth.executor.enter(index);
        match entry {
            Some(Entry::Inside) if self.shared.lock().truth.executor.is_asking(index) => {
                self.ask(index, 1);
            }
            Some(Entry::Inside) => self.shared.lock().steps_begin(index),
            Some(Entry::Over) => self.stopped(index),
            Some(Entry::Waits) | None => {}
        }
    }

    pub(super) fn stopped(&mut self, index: usize) {
        let at = self.now();
        self.finish(index, Observation::Stopped { at });
    }

    /// It asks the fence whether it may go on.
    fn ask(&mut self, index: usize, nth: u32) {
        let (request, name, twice) = {
            let mut inner = self.shared.lock();
            if !inner.truth.executor.is_asking(index) {
                return;
            }
            let execution = inner.truth.executor.get(index);
            let (request, name) = (execution.asks(), execution.id.to_string());
            let Some(request) = request else { return };
            let number = inner.occurrence(mix(key(&name) ^ 4));
            let rate = inner.truth.setup.rates.ask_twice;
            let twice = inner.goes_wrong(number, rate, || format!("{name} asks twice"));
            (request, name, twice)
        };
        for _ in 0..=u32::from(twice) {
            let Some((process, app)) = self.process() else {
                self.asked(index, nth, None);
                return;
            };
            let request = request.clone();
            self.spawn(format!("admit {name}"), process, async move {
                let answer = app.admit(&request).await.ok();
                Output::Asked {
                    execution: index,
                    nth,
                    answer: answer.map(|answer| answer.map_err(|rejection| rejection.why)),
                }
            });
        }
        // Who asks is told by nobody that nobody will answer.
        let mut inner = self.shared.lock();
        inner.after(seconds(120), Event::Execution(index, Next::Ask(nth + 1)));
    }

    /// The fence has answered, or could not.
    pub(crate) fn asked(&mut self, index: usize, nth: u32, answer: Option<Result<(), String>>) {
        let now = self.now();
        let asks = self.shared.lock().truth.executor.is_asking(index);
        match answer {
            None if !asks => {}
            None if nth >= QUESTIONS_MAX => {
                let why = "nobody answered at the fence".to_owned();
                self.finish(index, Observation::Refused { why, at: now });
            }
            None => {
                let mut inner = self.shared.lock();
                inner.after(seconds(15), Event::Execution(index, Next::Ask(nth + 1)));
            }
            Some(Err(why)) => {
                let refused = Happened::Refused { execution: index };
                self.shared.lock().happened(&refused);
                if asks {
                    self.finish(index, Observation::Refused { why, at: now });
                }
            }
            Some(Ok(())) => self.pass(index, true),
        }
    }

    /// It is let through at the fence, or, unless it is `admitted`, made to pass.
    pub(super) fn pass(&mut self, index: usize, admitted: bool) {
        let passed = {
            let mut inner = self.shared.lock();
            if !inner.truth.executor.is_asking(index) {
                return;
            }
            let now = inner.truth.now;
            let passed = inner.truth.executor.pass(index, admitted, now);
            if passed && admitted {
                let id = inner.truth.executor.get(index).id.clone();
                inner.note("admitted", || format!("{id} is admitted"));
                inner.happened(&Happened::Admitted { execution: index });
            }
            inner.moved(index);
            if passed {
                inner.goes_on(index);
            }
            passed
        };
        if !passed {
            self.stopped(index);
        }
    }

    /// Its bytes are in place; not all of them yet.
    fn put(&mut self, index: usize) {
        let mut inner = self.shared.lock();
        let execution = inner.truth.executor.get(index).clone();
        let Some(stage) = execution.stage() else {
            return;
        };
        let standing = Standing {
            digest: execution.artifact().cloned(),
            revision: execution.request.revision.clone(),
            execution: execution.id.clone(),
            since: inner.truth.now,
            whole: false,
        };
        inner.truth.stages.insert(stage.to_owned(), standing);
        inner.note("put", || {
            format!("{} puts its bytes on {stage}", execution.id)
        });
        inner.happened(&Happened::Deployed { execution: index });
    }

    fn end(&mut self, index: usize) {
        let (how, stage) = {
            let mut inner = self.shared.lock();
            let at = inner.truth.now;
            let execution = inner.truth.executor.get(index).clone();
            let name = execution.id.to_string();
            let number = inner.occurrence(mix(key(&name) ^ 7));
            let rate = inner.truth.setup.rates.execution_errs;
            let quality = inner.truth.repository.quality(&execution.request.revision);
            let build = execution.stage().is_none();
            let failed = |step: &str| Observation::Failed {
                step: step.to_owned(),
                why: "exit status 2".to_owned(),
                at,
            };
            let how = if let Some(spoiled) = execution.spoiled {
                unusable(&execution, spoiled, at)
            } else if inner.goes_wrong(number, rate, || format!("{name} errs")) {
                let why = "the machine went away".to_owned();
                Observation::Errored { why, at }
            } else if build && quality == Quality::BuildFails {
                failed("build")
            } else if !build && quality == Quality::DeployFails {
                failed("deploy")
            } else {
                Observation::Succeeded {
                    artifact: build.then(|| inner.truth.executor.built(index)),
                    outputs: [("URL".to_owned(), "http://127.0.0.1:1".to_owned())].into(),
                    at,
                    evidence: None,
                }
            };
            (how, execution.stage().map(str::to_owned))
        };
        if let (Some(stage), Observation::Succeeded { .. }) = (stage, &how) {
            let mut inner = self.shared.lock();
            let id = inner.truth.executor.get(index).id.clone();
            if let Some(standing) = inner.truth.stages.get_mut(&stage)
                && standing.execution == id
            {
                standing.whole = true;
            }
        }
        self.finish(index, how);
    }

    /// It has ended; an event says so, which may get lost.
    fn finish(&mut self, index: usize, how: Observation) {
        let id = {
            let mut inner = self.shared.lock();
            let now = inner.truth.now;
            if !inner.truth.executor.end(index, how, now) {
                return;
            }
            let ended = inner.truth.executor.get(index);
            let (id, text) = (ended.id.clone(), format!("{:?}", ended.ending));
            inner.note("ended", || format!("{id} ends: {text}"));
            inner.happened(&Happened::Ended { execution: index });
            inner.moved(index);
            id
        };
        let work = Work::Execution(id);
        if self.is_alone() {
            self.hinted(work);
        } else {
            self.hint_by_wire(work);
        }
    }

    /// On one machine executions are the process's own children, and go with it.
    pub(crate) fn end_orphans(&mut self) {
        let mut inner = self.shared.lock();
        let now = inner.truth.now;
        for index in 0..inner.truth.executor.all().len() {
            let how = Observation::Errored {
                why: "the server was killed".to_owned(),
                at: now,
            };
            if inner.truth.executor.end(index, how, now) {
                inner.happened(&Happened::Ended { execution: index });
            }
        }
    }
}

impl Inner {
    /// Its steps begin: of a build, or on a stage.
    fn steps_begin(&mut self, index: usize) {
        let executor = &self.truth.executor;
        let (attempt, execution) = (executor.attempt(index), executor.get(index));
        let (build, admitted) = (execution.stage().is_none(), execution.admitted.is_some());
        let name = execution.id.to_string();
        let end = Event::Execution(index, Next::End(attempt));
        if build {
            let wait = self.draws(mix(key(&name) ^ 3)).between(5, 300);
            return self.after(seconds(wait), end);
        }
        let mut random = self.draws(mix(key(&name) ^ 5));
        let stuck = self.truth.setup.rates.stuck;
        let number = self.occurrence(mix(key(&name) ^ 6));
        let half = random.between(5, 240);
        let rest = random.between(5, 240);
        if self.spoils(index, &name) {
            return self.after(seconds(half), end);
        }
        self.after(seconds(half), Event::Execution(index, Next::Put(attempt)));
        // Nobody of ours would stop one that a person let pass.
        if !admitted || !self.goes_wrong(number, stuck, || format!("{name} is stuck")) {
            self.after(seconds(half + rest), end);
        }
    }

    /// Whether the bytes it must fetch cannot be used; then no step runs.
    fn spoils(&mut self, index: usize, name: &str) -> bool {
        if self.truth.executor.get(index).artifact().is_none() {
            return false;
        }
        let number = self.occurrence(mix(key(name) ^ 8));
        let rate = self.truth.setup.rates.artifact_spoiled;
        if !self.goes_wrong(number, rate, || {
            format!("the artifact of {name} is spoiled")
        }) {
            return false;
        }
        let lost = Random::of(self.truth.setup.seed, mix(number ^ 1)).chance(500);
        let how = if lost {
            Spoiled::Lost
        } else {
            Spoiled::Tampered
        };
        self.truth.executor.spoil(index, how);
        true
    }
}

/// What the service says of bytes that it does not have, or that are others than was asked for.
fn unusable(execution: &Execution, spoiled: Spoiled, at: Timestamp) -> Observation {
    let digest = execution.artifact().map(ToString::to_string);
    let digest = digest.unwrap_or_default();
    match spoiled {
        Spoiled::Lost => Observation::Errored {
            why: format!("{digest} is not in the store"),
            at,
        },
        Spoiled::Tampered => Observation::Refused {
            why: format!("the artifact is sha256:{:064x} and not {digest}", 0),
            at,
        },
    }
}
