//! One run: things go wrong for a while, then they do not, and everything must be put right.

use jiff::{SignedDuration, Timestamp};

use crate::check::Violation;
use crate::check::quiet::waits_have_reasons;
use crate::fault::Met;
use crate::setup::Setup;
use crate::world::{Output, World};

/// How long after the last fault everything must have ended: the longest ladder of tries, the
/// longest freeze and the longest soak, with room.
const CALM: SignedDuration = SignedDuration::from_hours(18);
/// Calls of a poll, a sweep and a decision take this long at most when nothing goes wrong.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub seed: u64,
    pub violation: Option<Violation>,
    /// The same for two runs only if the same happened in both.
    pub hash: u64,
    pub steps: u64,
    pub calls: u64,
    pub executions: u64,
    pub messages: u64,
    pub met: Vec<Met>,
    pub simulated: SignedDuration,
    pub lines: Vec<String>,
    /// The table as it was in the end, if the run was recorded.
    pub table: Vec<String>,
}

/// Runs it to its end, or to the first broken promise.
pub fn run(setup: Setup) -> Outcome {
    let calm = later(setup.start, setup.length);
    let mut world = World::new(setup);
    world.run_until(calm);
    world.conclude()
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

impl World {
    /// Nothing goes wrong any more; everything is put right, and looked at.
    pub(crate) fn conclude(mut self) -> Outcome {
        let (seed, start, converged) = {
            let inner = self.shared.lock();
            let (setup, now) = (&inner.truth.setup, inner.truth.now);
            // A clock that is slow sees what is due only so much later.
            let soon = setup.poll + setup.sweep + MARGIN + setup.clock_error * 2;
            (setup.seed, setup.start, later(now, soon))
        };
        let calm = self.now();
        let end = later(calm, CALM);
        self.calm_down();
        self.run_until(converged);
        self.look(crate::inner::Inner::check_converged);
        self.look(|inner| inner.check_overdue(calm));
        self.run_until(end);
        self.look(crate::inner::Inner::check_quiet);
        self.ask_why();
        let inner = self.shared.lock();
        Outcome {
            seed,
            violation: inner.found.first().cloned(),
            hash: inner.trace.hash(),
            steps: inner.trace.steps(),
            calls: inner.calls,
            executions: inner.truth.executor.all().len() as u64,
            messages: inner.truth.told.len() as u64,
            met: inner.met.clone(),
            simulated: inner.truth.now.duration_since(start),
            lines: inner.trace.lines().to_vec(),
            table: if inner.trace.is_recording() {
                inner.store.dump()
            } else {
                Vec::new()
            },
        }
    }

    /// From now on nothing goes wrong.
    fn calm_down(&mut self) {
        let mut inner = self.shared.lock();
        inner.calm = true;
        inner.away = Default::default();
        inner.half = None;
        inner.note("calm", || "nothing goes wrong any more".to_owned());
        drop(inner);
        self.restart();
    }

    fn look(&mut self, check: impl FnOnce(&mut crate::inner::Inner)) {
        if self.violation().is_none() {
            check(&mut self.shared.lock());
        }
    }

    /// I6: whoever waits in the end knows what for.
    fn ask_why(&mut self) {
        if self.violation().is_some() {
            return;
        }
        let Some((process, app)) = self.process() else {
            return;
        };
        let id = self.shared.lock().truth.app;
        let shared = self.shared.clone();
        self.spawn("why", process, async move {
            let listed = app.stage_names(id).await.unwrap_or_default();
            {
                let inner = &mut *shared.lock();
                let is_listed = |name: &String| listed.iter().any(|one| one.as_str() == name);
                for name in inner.stage_names() {
                    if !is_listed(&name) {
                        let what = format!("{name} is there, and no list has it");
                        inner.found.broken(&inner.truth, "I1", what);
                    }
                }
            }
            for stage in waits_have_reasons(&app, id).await {
                let inner = &mut *shared.lock();
                let what = format!("{stage} waits and nobody can say what for");
                inner.found.broken(&inner.truth, "I6", what);
            }
            Output::Nothing
        });
        let soon = later(self.now(), MARGIN);
        self.run_until(soon);
    }
}
