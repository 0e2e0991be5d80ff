//! Executions go on: they ask the fence, put bytes on their stage, and end.

use greenroom_app::ports::pipelines::Observation;
use greenroom_app::work::Work;
use jiff::Timestamp;

use super::{Output, World};
use crate::inner::{Event, Inner, Next};
use crate::model::environment::Standing;
use crate::model::executor::{Execution, Mode, Phase, Spoiled};
use crate::model::repository::Quality;
use crate::ports::seconds;
use crate::random::{Random, key, mix};
use crate::truth::Happened;

/// Questions that nobody answers before an execution gives up.
const QUESTIONS_MAX: u32 = 10;

impl World {
    pub(crate) fn execution(&mut self, index: usize, next: Next) {
        if self.shared.lock().truth.executor.get(index).has_ended() {
            return;
        }
        match next {
            Next::Ask(nth) => self.ask(index, nth),
            Next::Put => self.put(index),
            Next::End => self.end(index),
            Next::Stopped => {
                let at = self.now();
                self.finish(index, Observation::Stopped { at });
            }
        }
    }

    /// It asks the fence whether it may go on; a build asks nobody.
    fn ask(&mut self, index: usize, nth: u32) {
        if self.shared.lock().truth.executor.get(index).phase != Phase::Waiting {
            return;
        }
        let (request, name, twice) = {
            let mut inner = self.shared.lock();
            let execution = inner.truth.executor.get(index);
            // Somebody let it go on without an answer.
            if execution.phase == Phase::Running && execution.admitted.is_none() {
                return;
            }
            let queued =
                inner.truth.setup.mode == Mode::Queued && execution.phase == Phase::Waiting;
            if queued && !inner.truth.executor.older(index).is_empty() {
                inner.after(seconds(15), Event::Execution(index, Next::Ask(nth)));
                return;
            }
            let execution = inner.truth.executor.get(index);
            let (request, name) = (execution.asks(), execution.id.to_string());
            let Some(request) = request else {
                let mut random = inner.draws(mix(key(&name) ^ 3));
                let wait = random.between(5, 300);
                inner.after(seconds(wait), Event::Execution(index, Next::End));
                return;
            };
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
        match answer {
            None if nth >= QUESTIONS_MAX => {
                let why = "nobody answered at the fence".to_owned();
                self.finish(index, Observation::Refused { why, at: now });
            }
            None => {
                let mut inner = self.shared.lock();
                inner.after(seconds(15), Event::Execution(index, Next::Ask(nth + 1)));
            }
            Some(Err(why)) => {
                self.shared
                    .lock()
                    .happened(&Happened::Refused { execution: index });
                let waits = self
                    .shared
                    .lock()
                    .truth
                    .executor
                    .get(index)
                    .admitted
                    .is_none();
                if waits {
                    self.finish(index, Observation::Refused { why, at: now });
                }
            }
            Some(Ok(())) => self.admitted(index),
        }
    }

    fn admitted(&mut self, index: usize) {
        let mut inner = self.shared.lock();
        let now = inner.truth.now;
        if !inner.truth.executor.run(index, true, now) {
            return;
        }
        let name = inner.truth.executor.get(index).id.to_string();
        inner.note("admitted", || format!("{name} is admitted"));
        inner.happened(&Happened::Admitted { execution: index });
        let mut random = inner.draws(mix(key(&name) ^ 5));
        let stuck = inner.truth.setup.rates.stuck;
        let number = inner.occurrence(mix(key(&name) ^ 6));
        let half = random.between(5, 240);
        let rest = random.between(5, 240);
        if inner.spoils(index, &name) {
            inner.after(seconds(half), Event::Execution(index, Next::End));
            return;
        }
        inner.after(seconds(half), Event::Execution(index, Next::Put));
        if !inner.goes_wrong(number, stuck, || format!("{name} is stuck")) {
            inner.after(seconds(half + rest), Event::Execution(index, Next::End));
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
            let text = format!("{how:?}");
            if !inner.truth.executor.end(index, how, now) {
                return;
            }
            let id = inner.truth.executor.get(index).id.clone();
            inner.note("ended", || format!("{id} ends: {text}"));
            inner.happened(&Happened::Ended { execution: index });
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
