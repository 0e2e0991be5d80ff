//! Moves a world: hints, due work, pipelines that go on, time, processes that come and go.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use greenroom_app::App;
use greenroom_app::ports::Ports as _;
use greenroom_app::ports::store::Store as _;
use greenroom_app::sweep::Due;
use greenroom_app::work::Work;
use jiff::Timestamp;

use super::faults::Held;
use super::{TestPorts, World, life};

/// Why a process gave no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gone {
    /// It met a planned death.
    Died,
    /// It is frozen, and may go on later.
    SetAside,
}

/// Something under way in a process.
pub type Task<T> = Pin<Box<dyn Future<Output = T>>>;

/// A task whose process is frozen.
pub(super) struct Aside {
    held: Held,
    task: Task<()>,
}

impl fmt::Debug for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.held.fmt(f)
    }
}

/// More moves than this at one instant are a loop.
const MOVES_MAX: usize = 5_000;

/// Polls `future` once.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
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
        let before = self.ports().faults.suspend(true);
        let answer = at_once(future).expect("every port answers at once");
        self.ports().faults.suspend(before);
        answer
    }

    /// What the process answers to `act`. If it dies or freezes meanwhile, another takes its place.
    ///
    /// # Errors
    /// There is no answer.
    pub fn attempt<T: 'static>(
        &mut self,
        act: impl FnOnce(Arc<App<TestPorts>>) -> Task<T>,
    ) -> Result<T, Gone> {
        let mut task = act(Arc::clone(&self.app));
        match at_once(task.as_mut()) {
            Some(answer) => Ok(answer),
            None => Err(self.lost(Box::pin(async move { drop(task.await) }))),
        }
    }

    /// The same for a client that waits for as long as it takes: what freezes goes on once the
    /// others have rested.
    ///
    /// # Errors
    /// It died.
    pub fn patiently<T: 'static>(
        &mut self,
        act: impl FnOnce(Arc<App<TestPorts>>) -> Task<T>,
    ) -> Result<T, Gone> {
        let mut task = act(Arc::clone(&self.app));
        loop {
            if let Some(answer) = at_once(task.as_mut()) {
                return Ok(answer);
            }
            let Some(held) = self.ports().faults.take_held() else {
                self.begin_life();
                return Err(Gone::Died);
            };
            self.shared = true;
            self.begin_life();
            self.settle_others();
            self.ports().faults.let_go(held.ticket);
        }
    }

    /// A task is not ready: its process has died, or is frozen.
    fn lost(&mut self, task: Task<()>) -> Gone {
        let gone = match self.ports().faults.take_held() {
            Some(held) => {
                self.shared = true;
                self.aside.push(Aside { held, task });
                Gone::SetAside
            }
            None => Gone::Died,
        };
        self.begin_life();
        gone
    }

    /// Another process takes the place of the one before: nothing but the table is left. It may
    /// itself meet its end while it begins.
    pub(super) fn begin_life(&mut self) {
        loop {
            self.lives += 1;
            self.todo.clear();
            let ports = self.app.ports.clone();
            ports.forget_hints();
            self.app = Arc::new(App::new(ports, life(self.lives, !self.shared)));
            let app = Arc::clone(&self.app);
            // What it cannot read, the sweep finds when claims have run out.
            let mut task: Task<()> = Box::pin(async move { drop(app.take_over().await) });
            if at_once(task.as_mut()).is_some() {
                return;
            }
            if let Some(held) = self.ports().faults.take_held() {
                self.shared = true;
                self.aside.push(Aside { held, task });
            }
        }
    }

    /// Lets one frozen process go on; false when there is none that may.
    fn thaw(&mut self, all: bool) -> bool {
        let may = |aside: &Aside| all || !aside.held.to_the_end;
        let Some(place) = self.aside.iter().position(may) else {
            return false;
        };
        let Aside { held, mut task } = self.aside.remove(place);
        self.ports().faults.let_go(held.ticket);
        if at_once(task.as_mut()).is_none()
            && let Some(held) = self.ports().faults.take_held()
        {
            self.aside.push(Aside { held, task });
        }
        true
    }

    /// Lets every process that is frozen go on, and does what follows; false when there is none.
    pub fn thaw_all(&mut self) -> bool {
        let all = self.aside.len();
        for _ in 0..all {
            self.thaw(true);
            self.settle();
        }
        all > 0
    }

    /// Does everything that can be done at this instant, and lets stalled processes go on then.
    pub fn settle(&mut self) {
        loop {
            self.settle_others();
            if !self.thaw(false) {
                return;
            }
        }
    }

    fn settle_others(&mut self) {
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
            match self.next_instant() {
                Some(at) if at <= until => self.ports().set_now(at),
                _ => break,
            }
        }
        self.ports().set_now(until);
        self.settle();
    }

    /// When something falls due next, after now.
    pub fn next_instant(&self) -> Option<Timestamp> {
        let later = self.pending().into_iter().map(|due| due.since);
        later.filter(|at| *at > self.ports().now()).min()
    }

    /// One move; false when there is none. The sweep reads the table only when there is something
    /// to find: one that finds nothing, or fails to, changes nothing.
    fn step(&mut self) -> bool {
        if let Some(work) = self.ports().next_hint() {
            if self.hints {
                // What does not succeed is found again by the sweep.
                let _ = self.attempt(|app| {
                    Box::pin(async move { drop(Box::pin(app.perform_work(&work)).await) })
                });
            }
            return true;
        }
        if let Some(execution) = self.ports().pipelines.movable() {
            self.go_on(&execution);
            return true;
        }
        if let Some(due) = self.todo.pop_front() {
            let _ =
                self.attempt(|app| Box::pin(async move { Box::pin(app.perform_due(&due)).await }));
            return true;
        }
        if self
            .now(self.app.due())
            .expect("the store answers")
            .is_empty()
        {
            return false;
        }
        if let Ok(Ok(due)) = self.attempt(|app| Box::pin(async move { app.due().await })) {
            self.todo.extend(due);
        }
        true
    }

    /// An execution goes on: it asks the fence, or runs to its end.
    fn go_on(&mut self, execution: &super::Execution) {
        let pipelines = &self.ports().pipelines;
        let asks = pipelines.asks(execution).filter(|_| !execution.admitted);
        if let Some(ask) = asks {
            let answer =
                self.attempt(|app| Box::pin(async move { Box::pin(app.admit(&ask)).await }));
            let answer = match answer {
                Ok(Ok(Ok(()))) => Ok(()),
                Ok(Ok(Err(rejection))) => Err(rejection.why),
                // Nobody answered; it asks again.
                Ok(Err(_)) | Err(_) => return,
            };
            let (ports, refused) = (self.ports(), answer.is_err());
            ports.pipelines.answered(&execution.id, answer, ports.now());
            if !refused {
                return;
            }
        } else {
            let ports = self.ports();
            ports.pipelines.run_to_end(&execution.id, ports.now());
        }
        let ended = Work::Execution(execution.id.clone());
        greenroom_app::ports::Ports::hint(self.ports(), ended);
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
