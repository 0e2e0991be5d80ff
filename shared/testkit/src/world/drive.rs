//! Moves a world: hints, due work, pipelines that go on, time.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use greenroom_app::ports::Ports as _;
use greenroom_app::ports::store::Store as _;
use greenroom_app::sweep::Due;
use greenroom_app::work::Work;
use jiff::Timestamp;

use super::World;
use super::pipelines::WorldPipelines;

/// The process met a planned death.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Died;

/// More moves than this at one instant are a loop.
const MOVES_MAX: usize = 5_000;

/// Polls `future` once: a call that is not answered is a death.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T, Died> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => Err(Died),
    }
}

/// Runs all of `tasks` to their ends, one call of one of them at a time; `order` says whose turn
/// it is, again and again, by index among those still running.
///
/// # Panics
/// When they do not end.
pub fn together<T>(mut tasks: Vec<Pin<Box<dyn Future<Output = T> + '_>>>, order: &[usize]) {
    let mut context = Context::from_waker(Waker::noop());
    for turn in 0..100_000 {
        if tasks.is_empty() {
            return;
        }
        let which = order[turn % order.len()] % tasks.len();
        if tasks[which].as_mut().poll(&mut context).is_ready() {
            drop(tasks.remove(which));
        }
    }
    panic!("the tasks do not end");
}

impl World {
    /// The answer of a future for the test itself: no fault happens in it.
    ///
    /// # Panics
    /// When it waits for something.
    pub fn now<T>(&self, future: impl Future<Output = T>) -> T {
        self.ports().faults.suspend(true);
        let answer = at_once(future).expect("every port answers at once");
        self.ports().faults.suspend(false);
        answer
    }

    /// The answer of a future, unless the process dies meanwhile; then another takes its place.
    ///
    /// # Errors
    /// It died.
    pub fn attempt<T>(
        &mut self,
        act: impl FnOnce(&Self) -> Pin<Box<dyn Future<Output = T> + '_>>,
    ) -> Result<T, Died> {
        let answer = at_once(act(self));
        if answer.is_err() {
            self.restart();
        }
        answer
    }

    /// Does everything that can be done at this instant.
    pub fn settle(&mut self) {
        for _ in 0..MOVES_MAX {
            if !self.step() {
                return;
            }
        }
        panic!("it does not settle; due: {:?}", self.pending());
    }

    /// Does everything that falls due until then.
    pub fn work_until(&mut self, until: Timestamp) {
        for _ in 0..MOVES_MAX {
            self.settle();
            let later = self.pending().into_iter().map(|due| due.since);
            match later.filter(|at| *at > self.ports().now()).min() {
                Some(at) if at <= until => self.ports().set_now(at),
                _ => break,
            }
        }
        self.ports().set_now(until);
        self.settle();
    }

    /// One move; false when there is none.
    fn step(&mut self) -> bool {
        if let Some(work) = self.ports().next_hint() {
            if self.hints {
                // What does not succeed is found again by the sweep.
                let _ = self.attempt(|world| {
                    Box::pin(async move { drop(Box::pin(world.app.perform_work(&work)).await) })
                });
            }
            return true;
        }
        if let Some(execution) = self.ports().pipelines.movable() {
            return self.go_on(&execution);
        }
        let due = self.attempt(|world| Box::pin(world.app.due()));
        let Ok(Ok(due)) = due else { return true };
        let Some(first) = due.first() else {
            return false;
        };
        let first = first.clone();
        let _ = self.attempt(|world| {
            Box::pin(async move { Box::pin(world.app.perform_due(&first)).await })
        });
        true
    }

    /// An execution goes on: it asks the fence, and runs to its end.
    fn go_on(&mut self, execution: &super::Execution) -> bool {
        let at = self.ports().now();
        let admitted = match WorldPipelines::asks(execution) {
            None => Ok(()),
            Some(ask) => {
                let answer = self.attempt(|world| {
                    Box::pin(async move { Box::pin(world.app.admit(&ask)).await })
                });
                match answer {
                    Ok(Ok(Ok(()))) => Ok(()),
                    Ok(Ok(Err(rejection))) => Err(rejection.why),
                    // Nobody answered; it asks again.
                    Ok(Err(_)) | Err(_) => return true,
                }
            }
        };
        let ports = self.ports();
        ports.pipelines.run_to_end(&execution.id, admitted, at);
        greenroom_app::ports::Ports::hint(ports, Work::Execution(execution.id.clone()));
        true
    }

    /// Everything pending, due or not.
    pub fn pending(&self) -> Vec<Due> {
        self.now(self.app.pending(None)).expect("the store answers")
    }

    /// What is left over: markers nobody owns, effects, undecided deliveries. Empty once all is
    /// settled and told.
    pub fn leftovers(&self) -> Vec<String> {
        let mut all = Vec::new();
        let store = self.ports().store();
        for shard in 0..greenroom_app::keys::SHARDS {
            let outbox = self.now(store.query(&format!("outbox#{shard}"), "", None, 100));
            let items = outbox.expect("the store answers").items;
            all.extend(items.into_iter().map(|item| item.key.to_string()));
        }
        let mut seen = std::collections::BTreeSet::new();
        for due in self.pending() {
            let alone = seen.insert(due.work.clone());
            let owned = match &due.work {
                Work::Stage(_) | Work::Build(..) => alone && self.owned(&due),
                _ => false,
            };
            if !owned {
                all.push(due.marker.to_string());
            }
        }
        all
    }

    fn owned(&self, due: &Due) -> bool {
        let app = &self.app;
        self.now(app.owns(due)).expect("the store answers")
    }
}
