//! Greenroom's own processes: one that knows to be alone, or as many short ones as are called.

use std::sync::Arc;

use greenroom_app::work::Work;
use greenroom_app::worker::queue::{Job, Queue};
use greenroom_app::{App, Configs, Settings};
use jiff::SignedDuration;

use super::{Output, SimApp, World};
use crate::inner::{Event, Shared, TaskId};
use crate::ports::SimPorts;
use crate::random::{Random, key, mix};
use crate::setup::Shape;

/// Machines that functions run on.
const WARM: usize = 4;
/// Pieces of work under way at once in the process that is alone.
const PARALLEL: usize = 32;
/// In one world of so many a new life reads the stage files again. Elsewhere it has what lives
/// before it parsed, which takes a tenth of the time of a run.
const FORGETFUL: u64 = 4;

/// All processes.
pub(crate) struct Processes {
    apps: Vec<SimApp>,
    lives: u64,
    parsed: Option<Arc<Configs>>,
    /// The one process is dead until it is started again.
    down: bool,
    queue: Queue,
    under_way: usize,
    turn: usize,
}

impl Processes {
    pub fn new(shared: &Shared) -> Self {
        let (shape, seed, error) = {
            let inner = shared.lock();
            let setup = &inner.truth.setup;
            (setup.shape, setup.seed, setup.clock_error)
        };
        let forgetful = Random::of(seed, key("parsed")).between(1, FORGETFUL) == 1;
        let mut processes = Self {
            apps: Vec::new(),
            lives: 0,
            parsed: (!forgetful).then(Arc::default),
            down: false,
            queue: Queue::default(),
            under_way: 0,
            turn: 0,
        };
        let count = match shape {
            Shape::Machine => 1,
            Shape::Functions => WARM,
        };
        for process in 0..count {
            let mut random = Random::of(seed, mix(key("clock") ^ mix(process as u64)));
            let most = u64::try_from(error.as_secs()).unwrap_or(0);
            let wrong = i64::try_from(random.between(0, 2 * most)).unwrap_or(0) - error.as_secs();
            let mut inner = shared.lock();
            inner.clocks.push(SignedDuration::from_secs(wrong));
            drop(inner);
            let app = processes.life(shared, process);
            processes.apps.push(app);
        }
        processes
    }

    fn life(&mut self, shared: &Shared, process: usize) -> SimApp {
        self.lives += 1;
        let inner = shared.lock();
        let setup = &inner.truth.setup;
        let settings = Settings {
            instance: format!("life-{}", self.lives),
            alone: setup.shape == Shape::Machine,
            clock_error: setup.clock_error,
            applied_pipelines: false,
            public_url: None,
        };
        drop(inner);
        let ports = SimPorts {
            shared: shared.clone(),
            process,
        };
        let app = App::new(ports, settings);
        Arc::new(match &self.parsed {
            Some(parsed) => app.sharing(parsed),
            None => app,
        })
    }

    /// One of the processes.
    pub fn any(&mut self) -> SimApp {
        self.turn = (self.turn + 1) % self.apps.len();
        Arc::clone(&self.apps[self.turn])
    }
}

impl World {
    /// One of the processes that are alive, with its number.
    pub(crate) fn process(&mut self) -> Option<(usize, SimApp)> {
        if self.processes.down {
            return None;
        }
        let app = self.processes.any();
        Some((app.ports.process, app))
    }

    pub(crate) fn sweep(&mut self) {
        {
            let mut inner = self.shared.lock();
            let again = inner.truth.setup.sweep;
            inner.after(again, Event::Sweep);
            // Once all is calm a sweep that finds nothing is not worth its time here.
            let ahead = inner.truth.now + inner.truth.setup.clock_error;
            if (inner.calm || inner.truth.setup.idle)
                && inner.next_due().is_none_or(|due| due > ahead)
            {
                return;
            }
        }
        let Some((process, app)) = self.process() else {
            return;
        };
        self.spawn("sweep", process, async move {
            match app.due().await {
                Ok(due) => Output::Due(due),
                Err(_) => Output::Nothing,
            }
        });
    }

    pub(crate) fn poll_heads(&mut self) {
        {
            let mut inner = self.shared.lock();
            let often = inner.truth.setup.poll;
            // What it has to find once all is calm it has found the first time.
            let again = if inner.calm { often * 12 } else { often };
            inner.after(again, Event::Poll);
        }
        let Some((process, app)) = self.process() else {
            return;
        };
        self.spawn("poll", process, async move {
            // What could not be polled is polled again.
            drop(app.poll().await);
            Output::Nothing
        });
    }

    /// What the sweep found is done.
    pub(crate) fn due(&mut self, all: Vec<greenroom_app::sweep::Due>) {
        if self.is_alone() {
            all.into_iter()
                .for_each(|due| self.processes.queue.due(due));
            self.pump();
            return;
        }
        for due in all {
            let Some((process, app)) = self.process() else {
                return;
            };
            self.spawn(format!("due {}", due.work.name()), process, async move {
                Box::pin(app.perform_due(&due)).await;
                Output::Nothing
            });
        }
    }

    /// Hints that ports were given: one process takes them at once; functions get them by a
    /// stream or a queue, which loses, repeats and delays.
    pub(crate) fn spread_hints(&mut self) {
        let hints = std::mem::take(&mut self.shared.lock().hints);
        if hints.is_empty() {
            return;
        }
        if self.is_alone() {
            for (_, work) in hints {
                self.processes.queue.hinted(work);
            }
            self.pump();
            return;
        }
        for (_, work) in hints {
            self.hint_by_wire(work);
        }
    }

    /// A hint on its way to a function.
    pub(crate) fn hint_by_wire(&mut self, work: Work) {
        let mut inner = self.shared.lock();
        let name = work.name();
        let number = inner.occurrence(key(&name));
        let rates = inner.truth.setup.rates;
        if inner.goes_wrong(mix(number ^ 1), rates.hint_lost, || {
            format!("hint {name} is lost")
        }) {
            return;
        }
        let mut random = Random::of(inner.truth.setup.seed, mix(number ^ 2));
        let mut copies = 1;
        if inner.goes_wrong(mix(number ^ 3), rates.hint_twice, || {
            format!("hint {name} comes twice")
        }) {
            copies = 2;
        }
        for copy in 0..copies {
            let late = inner.goes_wrong(mix(number ^ (4 + copy)), rates.hint_late, || {
                format!("hint {name} is late")
            });
            let most = if late { 3 * 3600 * 1000 } else { 2_000 };
            let wait = i64::try_from(random.between(50, most)).unwrap_or(0);
            inner.after(SignedDuration::from_millis(wait), Event::Hint(work.clone()));
        }
    }

    /// A hint has arrived.
    pub(crate) fn hinted(&mut self, work: Work) {
        if self.is_alone() {
            if !self.processes.down {
                self.processes.queue.hinted(work);
                self.pump();
            }
            return;
        }
        let Some((process, app)) = self.process() else {
            return;
        };
        self.spawn(format!("hint {}", work.name()), process, async move {
            // What does not succeed is found again by the sweep.
            drop(Box::pin(app.perform_work(&work)).await);
            Output::Nothing
        });
    }

    /// Work goes on in the process that is alone, as much at once as it allows.
    fn pump(&mut self) {
        while self.processes.under_way < PARALLEL {
            let Some(job) = self.processes.queue.take() else {
                return;
            };
            let Some((process, app)) = self.process() else {
                return;
            };
            self.processes.under_way += 1;
            let work = job.work().clone();
            self.spawn(format!("work {}", work.name()), process, async move {
                match job {
                    Job::Due(due) => Box::pin(app.perform_due(&due)).await,
                    Job::Hinted(work) => drop(Box::pin(app.perform_work(&work)).await),
                }
                Output::Done(work)
            });
        }
    }

    pub(crate) fn done(&mut self, work: Work) {
        self.processes.under_way -= 1;
        self.processes.queue.done(work);
        self.pump();
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.shared.lock().truth.setup.shape == Shape::Machine
    }

    /// A task met its end; in the process that is alone all others do too.
    pub(crate) fn die(&mut self, task: TaskId) {
        if !self.shared.lock().tasks.contains_key(&task) {
            return;
        }
        if self.is_alone() {
            self.kill();
        } else {
            self.forget(task);
        }
    }

    /// The process dies, or one of the functions' machines goes.
    pub(crate) fn kill(&mut self) {
        let alone = self.is_alone();
        let process = (!alone).then_some(self.processes.turn);
        for task in self.tasks_of(process) {
            self.forget(task);
        }
        if let Some(process) = process {
            let app = self.processes.life(&self.shared, process);
            self.processes.apps[process] = app;
            return;
        }
        if self.processes.down {
            return;
        }
        self.processes.down = true;
        self.processes.queue = Queue::default();
        self.processes.under_way = 0;
        self.end_orphans();
        let mut inner = self.shared.lock();
        inner.hints.clear();
        let mut random = inner.draws(key("restart"));
        let wait = i64::try_from(random.between(1, 300)).unwrap_or(1);
        inner.note("killed", || "the process is killed".to_owned());
        inner.after(SignedDuration::from_secs(wait), Event::Restart);
    }

    pub(crate) fn restart(&mut self) {
        if !self.processes.down {
            return;
        }
        self.processes.down = false;
        let app = self.processes.life(&self.shared, 0);
        self.processes.apps[0] = Arc::clone(&app);
        self.spawn("take over", 0, async move {
            // The sweep finds what could not be read now.
            drop(app.take_over().await);
            greenroom_app::worker::look_at_what_ran(&app).await;
            Output::Nothing
        });
    }
}
