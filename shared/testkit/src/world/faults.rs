//! What goes wrong at a port, counted over all of them: the k-th call fails, or is never answered,
//! before or after it took effect. Calls can also give way to one another, so that a test decides
//! in which order two tasks move.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What happens to one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It says that it is away, and did nothing.
    FailBefore,
    /// It did what was asked and says that nobody knows.
    FailAfter,
    /// The process dies at this call, which did nothing.
    DieBefore,
    /// The process dies although the call did what was asked.
    DieAfter,
}

impl Fault {
    /// All there are.
    pub const ALL: [Self; 4] = [
        Self::FailBefore,
        Self::FailAfter,
        Self::DieBefore,
        Self::DieAfter,
    ];
}

#[derive(Debug, Default)]
struct State {
    calls: u64,
    planned: Option<(u64, Fault)>,
    fired: bool,
    turns: bool,
    suspended: bool,
}

/// The faults of one world.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls so far.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Plans `fault` for the `nth` call from now, the next being 1.
    pub fn plan(&self, nth: u64, fault: Fault) {
        let mut state = self.state();
        state.planned = Some((state.calls + nth, fault));
        state.fired = false;
    }

    /// Whether the planned fault has happened.
    pub fn fired(&self) -> bool {
        self.state().fired
    }

    /// From now on each call waits once before it is answered, so that others can come between.
    pub fn take_turns(&self, on: bool) {
        self.state().turns = on;
    }

    /// While true, calls are neither counted nor disturbed: the test itself looks.
    pub(super) fn suspend(&self, on: bool) {
        self.state().suspended = on;
    }

    /// To be awaited first in each call: the fault that must happen after it, if any.
    ///
    /// # Errors
    /// The call must fail without doing anything.
    pub(super) async fn before(&self) -> Result<Option<Fault>, ()> {
        let turns = {
            let state = self.state();
            if state.suspended {
                return Ok(None);
            }
            state.turns
        };
        if turns {
            Turn::default().await;
        }
        let fault = {
            let mut state = self.state();
            state.calls += 1;
            match state.planned {
                Some((at, fault)) if at == state.calls => {
                    state.planned = None;
                    state.fired = true;
                    Some(fault)
                }
                _ => None,
            }
        };
        match fault {
            Some(Fault::FailBefore) => Err(()),
            Some(Fault::DieBefore) => std::future::pending().await,
            other => Ok(other),
        }
    }

    /// To be awaited last in each call.
    ///
    /// # Errors
    /// The call must say that nobody knows what it did.
    pub(super) async fn after(&self, fault: Option<Fault>) -> Result<(), ()> {
        match fault {
            Some(Fault::FailAfter) => Err(()),
            Some(Fault::DieAfter) => std::future::pending().await,
            _ => Ok(()),
        }
    }
}

/// Not ready the first time.
#[derive(Default)]
struct Turn {
    taken: bool,
}

impl Future for Turn {
    type Output = ();
    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<()> {
        if self.taken {
            return std::task::Poll::Ready(());
        }
        self.taken = true;
        std::task::Poll::Pending
    }
}
