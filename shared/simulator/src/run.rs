//! One run: things go wrong for a while, then they do not, and everything must be put right.

use jiff::SignedDuration;

use crate::check::Violation;
use crate::fault::Met;
use crate::setup::Setup;
use crate::world::World;

/// How long after the last fault everything must have ended: the longest ladder of tries, the
/// longest freeze and the longest soak, with room.
const CALM: SignedDuration = SignedDuration::from_hours(30);

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
}

/// Runs it to its end, or to the first broken promise.
pub fn run(setup: Setup) -> Outcome {
    let (seed, start, length) = (setup.seed, setup.start, setup.length);
    let mut world = World::new(setup);
    world.run_until(start + length);
    world.calm_down();
    world.run_until(start + length + CALM);
    let inner = world.shared.lock();
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
    }
}

impl World {
    /// From now on nothing goes wrong.
    fn calm_down(&mut self) {
        let mut inner = self.shared.lock();
        inner.calm = true;
        inner.away = Default::default();
    }
}
