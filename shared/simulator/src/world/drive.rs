//! Moves a world: one thing that happens after the other.

use jiff::Timestamp;

use super::{Output, World};
use crate::inner::{Event, ProcessId, Task, TaskId};
use crate::random::key;

impl World {
    /// Lets everything happen that happens until then, or until a promise is broken.
    pub fn run_until(&mut self, until: Timestamp) {
        loop {
            let event = {
                let mut inner = self.shared.lock();
                if inner.found.first().is_some() {
                    return;
                }
                inner.next(until)
            };
            match event {
                Some(event) => self.happens(event),
                None => break,
            }
        }
        let mut inner = self.shared.lock();
        inner.truth.now = inner.truth.now.max(until);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Wake(task) => self.poll(task),
            Event::Die(task) => self.die(task),
            Event::Act(item) => self.act(item),
            Event::Sweep => self.sweep(),
            Event::Poll => self.poll_heads(),
            Event::Deliver(webhook) => self.deliver(webhook),
            Event::Hint(work) => self.hinted(work),
            Event::Execution(index, next) => self.execution(index, next),
            Event::Restart => self.restart(),
            Event::Strike(sprung) => self.strike(&sprung),
        }
    }

    /// Begins a task; it runs to its first call at once.
    pub(crate) fn spawn(
        &mut self,
        label: impl Into<String>,
        process: ProcessId,
        future: impl Future<Output = Output> + Send + 'static,
    ) {
        self.born += 1;
        let id = self.born;
        let label = label.into();
        {
            let mut inner = self.shared.lock();
            let key = inner.occurrence(key(&label));
            inner.tasks.insert(
                id,
                Task {
                    key,
                    label,
                    process,
                    calls: 0,
                    drawn: 0,
                    glance: None,
                },
            );
        }
        self.tasks.insert(id, Box::pin(future));
        self.poll(id);
    }

    fn poll(&mut self, id: TaskId) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        self.shared.lock().current = Some(id);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let polled = task.as_mut().poll(&mut context);
        self.shared.lock().current = None;
        if let std::task::Poll::Ready(output) = polled {
            let mut inner = self.shared.lock();
            if let Some(task) = inner.tasks.remove(&id) {
                let now = inner.truth.now;
                inner
                    .trace
                    .note(now, task.key, || format!("{}: {output:?}", task.label));
            }
            drop(inner);
            self.forget(id);
            self.ended(output);
        }
        self.spread_hints();
    }

    /// A task is no more, however it went.
    pub(crate) fn forget(&mut self, id: TaskId) {
        drop(self.tasks.remove(&id));
        self.shared.lock().tasks.remove(&id);
    }

    fn ended(&mut self, output: Output) {
        match output {
            Output::Nothing => {}
            Output::Answered { webhook, status } => self.answered(webhook, status),
            Output::Due(all) => self.due(all),
            Output::Done(work) => self.done(work),
            Output::Asked {
                execution,
                nth,
                answer,
            } => self.asked(execution, nth, answer),
        }
    }

    /// Tasks of a process, or of all.
    pub(crate) fn tasks_of(&self, process: Option<ProcessId>) -> Vec<TaskId> {
        let inner = self.shared.lock();
        let of = |task: &Task| process.is_none_or(|process| task.process == process);
        let tasks = inner.tasks.iter().filter(|(_, task)| of(task));
        tasks.map(|(id, _)| *id).collect()
    }
}
