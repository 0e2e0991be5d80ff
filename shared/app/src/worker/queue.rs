//! What waits to be done, what is being done, and what was asked for again meanwhile. Each piece
//! of work waits at most once and is done by one task at a time.

use std::collections::{BTreeSet, VecDeque};

use crate::sweep::Due;
use crate::work::Work;

/// Beyond this, webhooks and whatever the sweep finds do not wait here: their markers stay in the
/// table, where a later sweep finds them.
const WAITING_MAX: usize = 4096;

/// A piece of work, by how it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Job {
    Hinted(Work),
    Due(Due),
}

impl Job {
    pub fn work(&self) -> &Work {
        match self {
            Self::Hinted(work) => work,
            Self::Due(due) => &due.work,
        }
    }
}

/// First come, first served.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Job>,
    /// The work of `waiting`.
    queued: BTreeSet<Work>,
    doing: BTreeSet<Work>,
    again: BTreeSet<Work>,
}

impl Queue {
    /// Something may have happened to `work`. If it is being done just now that may have been too
    /// early, so it is done once more.
    pub fn hinted(&mut self, work: Work) {
        let marked = matches!(work, Work::Delivery(_));
        if self.doing.contains(&work) {
            self.again.insert(work);
        } else if !(marked && self.is_full()) && self.queued.insert(work.clone()) {
            self.waiting.push_back(Job::Hinted(work));
        }
    }

    /// The sweep found `due`. If it is waiting or being done already nothing is lost: as long as
    /// the marker stands, the next sweep finds it again.
    pub fn due(&mut self, due: Due) {
        if !self.doing.contains(&due.work)
            && !self.is_full()
            && self.queued.insert(due.work.clone())
        {
            self.waiting.push_back(Job::Due(due));
        }
    }

    /// What is to be done next; it counts as being done until [`Queue::done`].
    pub fn take(&mut self) -> Option<Job> {
        let job = self.waiting.pop_front()?;
        self.queued.remove(job.work());
        self.doing.insert(job.work().clone());
        Some(job)
    }

    /// `work` has ended, however it did.
    pub fn done(&mut self, work: Work) {
        self.doing.remove(&work);
        if self.again.remove(&work) {
            self.hinted(work);
        }
    }

    fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING_MAX
    }
}

#[cfg(test)]
mod tests {
    use greenroom_core::name::{DeliveryId, ExecutionId};
    use jiff::Timestamp;

    use super::*;

    fn delivery(n: usize) -> Work {
        Work::Delivery(DeliveryId::new(n.to_string()))
    }

    fn due(work: Work) -> Due {
        Due {
            marker: work.marker(Timestamp::UNIX_EPOCH),
            version: 1,
            since: Timestamp::UNIX_EPOCH,
            work,
        }
    }

    #[test]
    fn work_that_waits_is_not_queued_twice() {
        let mut queue = Queue::default();
        queue.hinted(delivery(1));
        queue.hinted(delivery(1));
        queue.due(due(delivery(1)));
        assert_eq!(queue.take(), Some(Job::Hinted(delivery(1))));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_hint_during_the_work_has_it_done_once_more() {
        let mut queue = Queue::default();
        queue.hinted(delivery(1));
        assert!(queue.take().is_some());
        queue.hinted(delivery(1));
        queue.hinted(delivery(1));
        assert_eq!(queue.take(), None, "one task at a time");
        queue.done(delivery(1));
        assert_eq!(queue.take(), Some(Job::Hinted(delivery(1))));
        queue.done(delivery(1));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn the_sweep_does_not_repeat_what_is_being_done() {
        let mut queue = Queue::default();
        queue.due(due(delivery(1)));
        assert!(queue.take().is_some());
        queue.due(due(delivery(1)));
        queue.done(delivery(1));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_flood_of_webhooks_stays_in_the_table_and_an_ended_execution_is_never_forgotten() {
        let mut queue = Queue::default();
        for n in 0..WAITING_MAX + 10 {
            queue.hinted(delivery(n));
        }
        let ended = Work::Execution(ExecutionId::new("e"));
        queue.hinted(ended.clone());
        let jobs: Vec<Job> = std::iter::from_fn(|| queue.take()).collect();
        assert_eq!(jobs.len(), WAITING_MAX + 1);
        assert_eq!(jobs.last(), Some(&Job::Hinted(ended)));
    }
}
