//! Bad days on demand, and what is counted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

/// What goes wrong with a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// `ThrottlingException`; nothing is done.
    Throttle,
    /// The connection breaks before anything is done.
    Dropped,
    /// It is done, and the connection breaks before the answer.
    AnswerLost,
    /// `InternalFailure`, 500; nothing is done.
    Broken,
}

/// What goes wrong with an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventFault {
    Lost,
    Twice,
    /// It is told after the next one.
    Later,
}

#[derive(Debug, Default)]
struct Planned {
    /// By operation; those of `*` are for any.
    calls: BTreeMap<String, VecDeque<Fault>>,
    events: VecDeque<EventFault>,
    down: bool,
    counted: BTreeMap<String, u64>,
}

/// What is still to go wrong.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Planned>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Planned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next `times` calls of an operation (`*`: of any) go wrong this way.
    pub fn plan(&self, operation: &str, fault: Fault, times: usize) {
        let mut planned = self.lock();
        let calls = planned.calls.entry(operation.to_owned()).or_default();
        calls.extend(std::iter::repeat_n(fault, times));
    }

    pub fn plan_events(&self, faults: impl IntoIterator<Item = EventFault>) {
        self.lock().events.extend(faults);
    }

    /// Nothing goes wrong any more.
    pub fn forget(&self) {
        let mut planned = self.lock();
        planned.calls.clear();
        planned.events.clear();
        planned.down = false;
    }

    /// Every call breaks until it is up again.
    pub fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    /// Counts a call; and what goes wrong with it.
    pub fn of_call(&self, operation: &str) -> Option<Fault> {
        let mut planned = self.lock();
        *planned.counted.entry(operation.to_owned()).or_default() += 1;
        if planned.down {
            return Some(Fault::Dropped);
        }
        for name in [operation, "*"] {
            if let Some(fault) = planned.calls.get_mut(name).and_then(VecDeque::pop_front) {
                return Some(fault);
            }
        }
        None
    }

    pub fn of_event(&self) -> Option<EventFault> {
        self.lock().events.pop_front()
    }

    pub fn counted(&self) -> BTreeMap<String, u64> {
        self.lock().counted.clone()
    }
}
