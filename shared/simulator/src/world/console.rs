//! People in the pipeline service's own console: they start, stop and repeat executions behind
//! Greenroom's back.

use greenroom_app::ports::pipelines::Purpose;
use greenroom_app::work::Work;
use greenroom_core::name::Nonce;

use super::World;
use crate::act::{Forgery, Hand};
use crate::inner::{Event, Next};
use crate::model::executor::{By, Execution, Phase};
use crate::model::repository::revision_of;
use crate::ports::seconds;
use crate::random::{Random, mix};

impl World {
    pub(super) fn hand(&mut self, number: u64, hand: Hand) {
        match hand {
            Hand::Start { stage, forgery } => self.start_by_hand(number, &stage, forgery),
            Hand::Stop { which } => {
                let found = self.pick(which, |it| it.stage().is_some() && !it.has_ended());
                let mut inner = self.shared.lock();
                if let Some(index) = found {
                    let id = inner.truth.executor.get(index).id.clone();
                    inner.stop(&id);
                }
            }
            Hand::Skip { which } => {
                let found = self.pick(which, |it| {
                    it.stage().is_some() && it.phase == Phase::Waiting
                });
                let now = self.now();
                if let Some(index) = found
                    && self.shared.lock().truth.executor.run(index, false, now)
                {
                    self.steps_run(number, index);
                }
            }
            Hand::Again { which } => {
                let found = self.pick(which, |it| it.stage().is_some() && it.has_ended());
                let Some(index) = found else { return };
                let mut inner = self.shared.lock();
                if inner.truth.executor.again(index) {
                    let id = inner.truth.executor.get(index).id.clone();
                    inner.note("again", || format!("{id} runs again by hand"));
                    inner.after(seconds(2), Event::Hint(Work::Execution(id)));
                    drop(inner);
                    self.steps_run(number, index);
                }
            }
        }
    }

    /// One of the newest executions of which that is true.
    fn pick(&self, which: u64, of: impl Fn(&Execution) -> bool) -> Option<usize> {
        let inner = self.shared.lock();
        let all = inner.truth.executor.all().iter().enumerate().rev();
        let ours = all.filter(|(_, it)| it.by == By::Greenroom && of(it));
        let found: Vec<usize> = ours.map(|(n, _)| n).take(5).collect();
        let n = u64::try_from(found.len()).ok().filter(|n| *n > 0)?;
        found.get(usize::try_from(which % n).ok()?).copied()
    }

    /// Its steps run although nobody at the fence said so.
    fn steps_run(&mut self, number: u64, index: usize) {
        let mut inner = self.shared.lock();
        let mut random = Random::of(inner.truth.setup.seed, mix(number ^ 7));
        let half = random.between(5, 240);
        let rest = random.between(5, 240);
        inner.after(seconds(half), Event::Execution(index, Next::Put));
        inner.after(seconds(half + rest), Event::Execution(index, Next::End));
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
        let id = inner.start(&request, By::Hand);
        inner.note("by hand", || {
            format!("{id} is started by hand for {forgery:?}")
        });
    }
}
