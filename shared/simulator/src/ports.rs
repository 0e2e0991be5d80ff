//! The ports of a process in a simulated world. Each call takes its time, meets what the seed has
//! for it, and does what it does at one instant.

mod channels;
mod pipelines;
mod source;
mod store;
mod suites;

pub(crate) use pipelines::seconds;

use std::pin::Pin;
use std::task::{Context, Poll};

use greenroom_app::ports::Ports;
use greenroom_app::work::Work;
use greenroom_core::name::Nonce;
use jiff::Timestamp;

use crate::fault::{Fault, Port};
use crate::inner::{Event, ProcessId, Shared};
use crate::random::{Random, mix};
use crate::truth::Glance;

/// One process's way to everything outside of it.
#[derive(Clone, Debug)]
pub struct SimPorts {
    pub(crate) shared: Shared,
    pub(crate) process: ProcessId,
}

/// Why a call had no effect, or none that anybody knows of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// Nothing was done.
    Away,
    Throttled,
    /// Nobody knows.
    Ambiguous,
}

impl SimPorts {
    /// To be awaited first in each call: what must happen after it.
    pub(crate) async fn enter(
        &self,
        port: Port,
        op: &'static str,
    ) -> Result<Option<Fault>, Failure> {
        let fate = self.shared.lock().begin(port, op);
        Pause {
            shared: &self.shared,
            until: fate.until,
            forever: fate.fault == Some(Fault::DieBefore),
        }
        .await;
        match fate.fault {
            Some(Fault::ErrorBefore) => Err(Failure::Away),
            Some(Fault::Throttled) => Err(Failure::Throttled),
            Some(Fault::Ambiguous) => Err(Failure::Ambiguous),
            other => Ok(other),
        }
    }

    /// Nothing of the task goes on before then.
    pub(crate) async fn pause(&self, until: Timestamp) {
        Pause {
            shared: &self.shared,
            until,
            forever: false,
        }
        .await;
    }

    /// To be awaited last in each call that had its effect.
    pub(crate) async fn leave(&self, fault: Option<Fault>) -> Result<(), Failure> {
        match fault {
            Some(Fault::ErrorAfter) => Err(Failure::Ambiguous),
            Some(Fault::DieAfter) => {
                {
                    let mut inner = self.shared.lock();
                    let (now, task) = (inner.truth.now, inner.current);
                    let task = task.expect("a port is called by a task");
                    inner.schedule(now, Event::Die(task));
                }
                std::future::pending().await
            }
            _ => Ok(()),
        }
    }
}

/// Not ready before its time; a task that dies there never is.
struct Pause<'a> {
    shared: &'a Shared,
    until: Timestamp,
    forever: bool,
}

impl Future for Pause<'_> {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if !self.forever && self.shared.lock().truth.now >= self.until {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// The answer of something that never waits.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("a store in memory answers at once"),
    }
}

impl Ports for SimPorts {
    type Store = Self;
    type Source = Self;
    type Pipelines = Self;
    type Suites = Self;
    type Channels = Self;

    fn store(&self) -> &Self {
        self
    }
    fn source(&self) -> &Self {
        self
    }
    fn pipelines(&self) -> &Self {
        self
    }
    fn suites(&self) -> &Self {
        self
    }
    fn channels(&self) -> &Self {
        self
    }
    fn now(&self) -> Timestamp {
        let mut inner = self.shared.lock();
        let at = inner.truth.now;
        let wrong = inner.clocks[self.process];
        let showed = at.saturating_add(wrong).unwrap_or(at);
        if let Some(task) = inner.current
            && let Some(task) = inner.tasks.get_mut(&task)
        {
            task.glance = Some(Glance { at, showed });
        }
        showed
    }
    fn nonce(&self) -> Nonce {
        Nonce::new(format!("{:016x}{:016x}", self.random(), self.random()))
    }
    fn random(&self) -> u64 {
        let mut inner = self.shared.lock();
        let seed = inner.truth.setup.seed;
        let task = inner.current.and_then(|task| inner.tasks.get_mut(&task));
        let drawn = task.map_or(0, |task| {
            task.drawn += 1;
            mix(task.key ^ mix(u64::MAX - task.drawn))
        });
        Random::of(seed, drawn).bits()
    }
    fn hint(&self, work: Work) {
        let process = self.process;
        self.shared.lock().hints.push((process, work));
    }
}
