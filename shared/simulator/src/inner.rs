//! What all processes of a simulated world share: the truth, the table, time, and what waits to
//! happen.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use greenroom_app::ports::store::Key;
use greenroom_app::records::StageRecord;
use greenroom_app::work::Work;
use jiff::{SignedDuration, Timestamp};

use crate::check::{Checks, Found};
use crate::fault::{Fault, Met, Port};
use crate::memory_store::MemoryStore;
use crate::model::people::Sprung;
use crate::ports::seconds;
use crate::random::{Random, key, mix};
use crate::rehearsal::Story;
use crate::trace::Trace;
use crate::truth::{Glance, Happened, Truth};

/// Names a task for ever.
pub type TaskId = u64;
/// One of the processes that read a clock of their own.
pub type ProcessId = usize;

/// Something that will happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call's answer is there.
    Wake(TaskId),
    /// The process dies at this call.
    Die(TaskId),
    /// An item of the script.
    Act(usize),
    Sweep,
    Poll,
    /// GitHub sends this webhook.
    Deliver(usize),
    /// A hint arrives.
    Hint(Work),
    Execution(usize, Next),
    Restart,
    /// The moment has come that an item of the script waited for.
    Strike(Box<Sprung>),
}

/// How an execution goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// It goes into the stage that it waits before, if it may.
    Enter,
    /// It asks the fence, for the n-th time.
    Ask(u32),
    /// Half of the steps of this attempt are done: its bytes are in place.
    Put(u32),
    /// They have ended.
    End(u32),
    /// What was asked to stop does.
    Stopped,
    /// People let executions into the steps of its pipeline again.
    Open,
}

/// A task as its calls know it.
#[derive(Clone, Debug)]
pub struct Task {
    pub key: u64,
    pub label: String,
    pub process: ProcessId,
    pub calls: u64,
    /// Random numbers it has had.
    pub drawn: u64,
    /// When it looked at its clock last.
    pub glance: Option<Glance>,
}

/// What a call meets.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    pub until: Timestamp,
    pub fault: Option<Fault>,
    pub task: TaskId,
}

#[derive(Debug)]
struct Queued {
    at: Timestamp,
    seq: u64,
    event: Event,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.seq) == (other.at, other.seq)
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.seq).cmp(&(other.at, other.seq))
    }
}

/// See the module.
#[derive(Debug)]
pub struct Inner {
    pub truth: Truth,
    pub store: MemoryStore,
    pub checks: Checks,
    pub found: Found,
    pub trace: Trace,
    /// What people want to know of a rehearsal.
    pub story: Option<Box<Story>>,
    /// Nothing goes wrong any more.
    pub calm: bool,
    /// Until when each port is away.
    pub away: [Option<Timestamp>; Port::ALL.len()],
    /// An operation that is away, and until when.
    pub half: Option<(&'static str, Timestamp)>,
    pub hints: Vec<(ProcessId, Work)>,
    pub tasks: BTreeMap<TaskId, Task>,
    pub current: Option<TaskId>,
    /// How wrong each process's clock is.
    pub clocks: Vec<SignedDuration>,
    /// Everything that went wrong so far, newest last.
    pub met: Vec<Met>,
    pub calls: u64,
    /// How much longer the next call takes.
    pub hold: Option<SignedDuration>,
    queue: BinaryHeap<Reverse<Queued>>,
    queued: u64,
    occurrences: BTreeMap<u64, u64>,
    /// When the sweep finds something next, as long as no commit has changed it.
    pub(crate) next_due: Option<Option<Timestamp>>,
    /// Stages as the table has them.
    pub(crate) stages: BTreeMap<Key, StageRecord>,
}

/// Shared by the world and the ports of all its processes. One thread: nobody ever waits.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Mutex<Inner>>);

impl Shared {
    pub fn new(truth: Truth, trace: Trace) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            truth,
            // Small pages catch whoever takes the first one for everything.
            store: MemoryStore::with_page_max(7),
            checks: Checks::default(),
            found: Found::default(),
            trace,
            story: None,
            calm: false,
            away: [None; Port::ALL.len()],
            half: None,
            hints: Vec::new(),
            tasks: BTreeMap::new(),
            current: None,
            clocks: Vec::new(),
            met: Vec::new(),
            calls: 0,
            hold: None,
            queue: BinaryHeap::new(),
            queued: 0,
            occurrences: BTreeMap::new(),
            next_due: None,
            stages: BTreeMap::new(),
        })))
    }

    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Lets `event` happen at `at`, or now if that is past.
    pub fn schedule(&mut self, at: Timestamp, event: Event) {
        self.queued += 1;
        let queued = Queued {
            at: at.max(self.truth.now),
            seq: self.queued,
            event,
        };
        self.queue.push(Reverse(queued));
    }

    pub fn after(&mut self, wait: SignedDuration, event: Event) {
        let at = self
            .truth
            .now
            .saturating_add(wait)
            .unwrap_or(self.truth.now);
        self.schedule(at, event);
    }

    /// The next thing that happens, if it does until then; time moves there.
    pub fn next(&mut self, until: Timestamp) -> Option<Event> {
        if self.queue.peek()?.0.at > until {
            return None;
        }
        let Reverse(queued) = self.queue.pop()?;
        self.truth.now = queued.at;
        Some(queued.event)
    }

    /// A stream that belongs to the n-th thing of this name.
    pub fn draws(&mut self, name: u64) -> Random {
        Random::of(self.truth.setup.seed, self.occurrence(name))
    }

    /// A number for the next thing of this name, the same in every run in which as many came before.
    pub fn occurrence(&mut self, name: u64) -> u64 {
        let n = self.occurrences.entry(name).or_default();
        *n += 1;
        mix(name ^ mix(*n))
    }

    /// Whether something goes wrong with the thing of this number, `per_mille` times in a
    /// thousand.
    pub fn goes_wrong(
        &mut self,
        number: u64,
        per_mille: u32,
        text: impl FnOnce() -> String,
    ) -> bool {
        if self.calm || per_mille == 0 {
            return false;
        }
        let setup = &self.truth.setup;
        let drawn = Random::of(setup.seed, mix(number)).chance(per_mille);
        if !drawn || !setup.allowed.has(number) {
            return false;
        }
        self.meets(number, text);
        true
    }

    /// Something went wrong.
    pub fn meets(&mut self, number: u64, text: impl FnOnce() -> String) {
        let text = if self.trace.is_recording() {
            let text = text();
            let shown = text.clone();
            self.trace
                .note(self.truth.now, number, || format!("! {shown}"));
            text
        } else {
            self.trace.note(self.truth.now, number, String::new);
            String::new()
        };
        self.met.push(Met { number, text });
    }

    /// A call of the current task begins: how long it takes and what it meets.
    pub fn begin(&mut self, port: Port, op: &'static str) -> Fate {
        self.calls += 1;
        let now = self.truth.now;
        let id = self.current.expect("a port is called by a task");
        let task = self.tasks.get_mut(&id).expect("a task that runs is known");
        task.calls += 1;
        let number = mix(task.key ^ mix(task.calls));
        let mut random = Random::of(self.truth.setup.seed, number);
        let mut wait = latency(port, &mut random);
        let away = self.away[port as usize].is_some_and(|until| now < until)
            || (self.half).is_some_and(|(half, until)| half == op && now < until);
        let drawn = if self.calm {
            None
        } else if away {
            Some(Fault::ErrorBefore)
        } else {
            let drawn = self.truth.setup.mix.draw(port, &mut random);
            drawn.filter(|_| self.truth.setup.allowed.has(number))
        };
        if let Some(fault) = drawn.filter(|_| !away) {
            let text = self.trace.is_recording().then(|| {
                let task = &self.tasks[&id];
                format!("{} at {}.{op} of {}", fault.name(), port.name(), task.label)
            });
            self.meets(number, || text.unwrap_or_default());
        }
        match drawn {
            Some(Fault::Slow) => {
                wait += SignedDuration::from_millis(
                    i64::try_from(random.between(1_000, 60_000)).unwrap_or(0),
                );
            }
            Some(Fault::Frozen) => {
                wait += SignedDuration::from_secs(
                    i64::try_from(random.between(300, 8 * 3600)).unwrap_or(0),
                );
            }
            _ => {}
        }
        wait += self.hold.take().unwrap_or_default();
        if port == Port::Suites {
            let rate = self.truth.setup.rates.slow_suite;
            let number = mix(number ^ key("slow suite"));
            if self.goes_wrong(number, rate, || "the tests take hours".to_owned()) {
                wait += seconds(random.between(600, 4 * 3600));
            }
        }
        let until = now.saturating_add(wait).unwrap_or(now);
        let dies = drawn == Some(Fault::DieBefore);
        let event = if dies {
            Event::Die(id)
        } else {
            Event::Wake(id)
        };
        self.schedule(until, event);
        Fate {
            until,
            fault: drawn,
            task: id,
        }
    }

    /// Shows the checks what has just happened.
    pub fn happened(&mut self, happened: &Happened<'_>) {
        self.truth.acting = self.current;
        self.checks.see(&self.truth, happened, &mut self.found);
        if let Some(story) = &mut self.story {
            story.see(&self.truth, happened);
        }
        self.spring(happened);
    }

    /// A line of the story.
    pub fn note(&mut self, name: &str, text: impl FnOnce() -> String) {
        self.trace.note(self.truth.now, key(name), text);
    }
}

/// How long a healthy call takes.
fn latency(port: Port, random: &mut Random) -> SignedDuration {
    let (least, most) = match port {
        Port::Store => (1, 20),
        Port::Source => (50, 800),
        Port::Pipelines => (50, 1_500),
        Port::Suites => (2_000, 240_000),
        Port::Channels => (50, 2_000),
    };
    SignedDuration::from_millis(i64::try_from(random.between(least, most)).unwrap_or(0))
}
