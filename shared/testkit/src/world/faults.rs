//! What goes wrong at a port, counted over all of them: planned calls fail, are never answered,
//! come too late, or find that somebody else was faster. Which of that can happen to a call follows
//! from what the call is, as a real adapter may answer it.
//!
//! Calls can also give way to one another, so that a test decides in which order two tasks move.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

mod kind;

pub use kind::{Call, Fault, Nature};

/// A call that will not be answered for now: who drives the future sets it aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub ticket: u64,
    /// Until everything is over, not only until the world comes to rest.
    pub to_the_end: bool,
}

/// Why a call fails without having done anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    Away,
    Throttled,
    /// Nobody can say whether it was done. It was not.
    Lost,
}

#[derive(Clone, Debug, Default)]
struct State {
    calls: Vec<Call>,
    planned: BTreeMap<usize, Fault>,
    fired: usize,
    turns: bool,
    suspended: bool,
    held: Option<Held>,
    tickets: u64,
    open: BTreeSet<u64>,
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

    /// Calls since the plan was made.
    pub fn calls(&self) -> u64 {
        self.state().calls.len() as u64
    }

    /// What was called since the plan was made, oldest first.
    pub fn trace(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Plans `fault` for the `nth` call from now, the next being 1, and nothing else.
    pub fn plan(&self, nth: u64, fault: Fault) {
        self.plan_all(&[(usize::try_from(nth).unwrap_or(usize::MAX), fault)]);
    }

    /// Plans each fault for the call of its number from now, the next being 1, and nothing else. A
    /// fault that cannot happen to the call that turns out to have its number does not.
    pub fn plan_all(&self, faults: &[(usize, Fault)]) {
        let mut state = self.state();
        state.calls.clear();
        state.fired = 0;
        state.planned = faults.iter().copied().collect();
    }

    /// Whether all planned faults have happened.
    pub fn fired(&self) -> bool {
        let state = self.state();
        state.planned.is_empty() && state.fired > 0
    }

    /// From now on each call waits once before it is answered, so that others can come between.
    pub fn take_turns(&self, on: bool) {
        self.state().turns = on;
    }

    /// While true, calls are neither counted nor disturbed: the test itself looks, or the time of
    /// faults is over.
    pub fn suspend(&self, on: bool) -> bool {
        std::mem::replace(&mut self.state().suspended, on)
    }

    /// The call that is not answered for now, if that is why a future is not ready. Asked once.
    pub(super) fn take_held(&self) -> Option<Held> {
        self.state().held.take()
    }

    /// What was held by this ticket goes on.
    pub(super) fn let_go(&self, ticket: u64) {
        self.state().open.insert(ticket);
    }

    /// To be awaited first in each call: the fault that must happen during or after it, if any.
    ///
    /// # Errors
    /// The call must fail without doing anything.
    pub(super) async fn before(&self, call: Call) -> Result<Option<Fault>, Refusal> {
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
            state.calls.push(call);
            let number = state.calls.len();
            let fault = state.planned.remove(&number);
            let fault = fault.filter(|fault| call.nature.may_meet(*fault));
            state.fired += usize::from(fault.is_some());
            fault
        };
        match fault {
            Some(Fault::FailBefore) => Err(Refusal::Away),
            Some(Fault::Throttled) => Err(Refusal::Throttled),
            Some(Fault::Lost) => Err(Refusal::Lost),
            Some(Fault::DieBefore) => std::future::pending().await,
            Some(Fault::StallBefore) => Ok(self.hold(false).await),
            Some(Fault::ZombieBefore) => Ok(self.hold(true).await),
            other => Ok(other),
        }
    }

    /// To be awaited last in each call.
    ///
    /// # Errors
    /// The call must say that nobody knows what it did.
    pub(super) async fn after(&self, fault: Option<Fault>) -> Result<(), ()> {
        match fault {
            Some(Fault::FailAfter) => return Err(()),
            Some(Fault::DieAfter) => std::future::pending().await,
            Some(Fault::StallAfter) => drop(self.hold(false).await),
            Some(Fault::ZombieAfter) => drop(self.hold(true).await),
            _ => {}
        }
        Ok(())
    }

    /// Not ready until it is let go.
    async fn hold(&self, to_the_end: bool) -> Option<Fault> {
        let ticket = {
            let mut state = self.state();
            state.tickets += 1;
            let ticket = state.tickets;
            state.held = Some(Held { ticket, to_the_end });
            ticket
        };
        std::future::poll_fn(|_| match self.state().open.contains(&ticket) {
            true => Poll::Ready(None),
            false => Poll::Pending,
        })
        .await
    }
}

/// Not ready the first time.
#[derive(Default)]
struct Turn {
    taken: bool,
}

impl Future for Turn {
    type Output = ();
    fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<()> {
        if self.taken {
            return Poll::Ready(());
        }
        self.taken = true;
        Poll::Pending
    }
}
