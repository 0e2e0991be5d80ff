//! People in the pipeline service's own console: they start, stop and repeat executions behind
//! Greenroom's back.

use greenroom_app::ports::pipelines::Purpose;
use greenroom_app::work::Work;
use greenroom_core::name::Nonce;
use greenroom_executions::Entry;

use super::World;
use crate::act::{Forgery, Hand};
use crate::inner::{Event, Next};
use crate::model::executor::{By, Execution, Executor};
use crate::model::repository::revision_of;
use crate::ports::seconds;
use crate::random::mix;

impl World {
    pub(super) fn hand(&mut self, number: u64, hand: Hand) {
        match hand {
            Hand::Start { stage, forgery } => self.start_by_hand(number, &stage, forgery),
            Hand::Stop { which } => {
                let found = self.pick(which, |all, n| !all.get(n).has_ended());
                if let Some(index) = found {
                    self.stop_by_hand(number, index);
                }
            }
            Hand::Skip { which } => {
                if let Some(index) = self.pick(which, Executor::waits) {
                    let entry = self.shared.lock().truth.executor.enter(index);
                    match entry {
                        Some(Entry::Over) => self.stopped(index),
                        _ => self.pass(index, false),
                    }
                }
            }
            Hand::Close { which, lasts } => {
                if let Some(index) = self.pick(which, |_, _| true) {
                    let mut inner = self.shared.lock();
                    inner.truth.executor.transition(index, false);
                    let id = inner.truth.executor.get(index).id.clone();
                    inner.note("closed", || {
                        format!("the pipeline of {id} is closed by hand")
                    });
                    inner.after(lasts, Event::Execution(index, Next::Open));
                }
            }
            Hand::Again { which } => {
                let found = self.pick(which, |all, n| all.get(n).has_ended());
                let Some(index) = found else { return };
                let mut inner = self.shared.lock();
                if inner.truth.executor.again(index) {
                    let id = inner.truth.executor.get(index).id.clone();
                    inner.note("again", || format!("{id} runs again by hand"));
                    inner.after(seconds(2), Event::Hint(Work::Execution(id)));
                    inner.moved(index);
                    inner.goes_on(index);
                }
            }
        }
    }

    /// One of the newest deployments of ours of which that is true.
    fn pick(&self, which: u64, of: impl Fn(&Executor, usize) -> bool) -> Option<usize> {
        let executor = &self.shared.lock().truth.executor;
        let all = executor.all().iter().enumerate().rev();
        let found = all
            .filter(|(n, it)| it.by == By::Greenroom && it.stage().is_some() && of(executor, *n));
        let found: Vec<usize> = found.map(|(n, _)| n).take(5).collect();
        let n = u64::try_from(found.len()).ok().filter(|n| *n > 0)?;
        found.get(usize::try_from(which % n).ok()?).copied()
    }

    /// With its steps, after them, or, to abandon it, without a look at them.
    fn stop_by_hand(&mut self, number: u64, index: usize) {
        let mut inner = self.shared.lock();
        let id = inner.truth.executor.get(index).id.clone();
        match mix(number ^ 7) % 3 {
            0 => inner.stop(&id),
            1 => {
                inner.truth.executor.stop(index, false);
                // What waits ends at once.
                inner.after(seconds(2), Event::Execution(index, Next::Enter));
            }
            _ => {
                let steps = inner.truth.executor.steps_run(index);
                if !inner.truth.executor.stop(index, true) {
                    return;
                }
                inner.note("abandoned", || format!("{id} is abandoned by hand"));
                inner.moved(index);
                drop(inner);
                if !steps {
                    self.stopped(index);
                }
            }
        }
    }

    /// With the variables of the newest execution of ours, but for one.
    fn start_by_hand(&mut self, number: u64, stage: &str, forgery: Forgery) {
        let inner = &mut *self.shared.lock();
        let all = inner.truth.executor.all().iter().rev();
        let of_stage = |it: &&Execution| it.by == By::Greenroom && it.stage() == Some(stage);
        let Some(newest) = all.clone().find(of_stage) else {
            return;
        };
        let other = all
            .filter_map(Execution::stage)
            .find(|other| *other != stage)
            .map(str::to_owned);
        let mut request = newest.request.clone();
        request.token = format!("by-hand-{number:x}");
        let Purpose::Deploy {
            stage,
            generation,
            nonce,
            ..
        } = &mut request.purpose
        else {
            return;
        };
        match (forgery, other) {
            (Forgery::NextGeneration, _) => *generation += 1,
            (Forgery::OldGeneration, _) if *generation > 1 => *generation -= 1,
            (Forgery::Revision, _) => request.revision = revision_of(&format!("hand {number:x}")),
            (Forgery::OtherStage, Some(other)) => *stage = other,
            _ => *nonce = Nonce::new(format!("{:032x}", mix(number))),
        }
        if let Some(id) = inner.start(&request, By::Hand) {
            inner.note("by hand", || {
                format!("{id} is started by hand for {forgery:?}")
            });
        }
    }
}
