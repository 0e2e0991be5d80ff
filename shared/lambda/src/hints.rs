//! Hints on AWS: collected while a function works and followed before it ends, since nothing may
//! go on after the answer.
//!
//! Deliveries and effects are not followed here: the streams of the table bring them to the
//! functions made for them. What is lost with a killed function the sweep finds.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use greenroom_app::ports::Ports;
use greenroom_app::work::Work;
use greenroom_app::{App, Settings};
use greenroom_core::name::Nonce;
use jiff::Timestamp;

use crate::Until;
use crate::each::{Ended, each};

/// A hint may lead to others; the sweep does what would go on longer.
const ROUNDS: usize = 8;

/// Some ports, the hints that were given through them, and how long the invocation lasts.
#[derive(Debug)]
pub struct Hinting<P> {
    ports: P,
    hints: Mutex<BTreeSet<Work>>,
    until: Mutex<Option<Until>>,
}

impl<P: Ports> Hinting<P> {
    /// Greenroom over `ports`, whose hints are collected.
    pub fn app(ports: P, settings: Settings) -> App<Self> {
        let hinting = Self {
            ports,
            hints: Mutex::default(),
            until: Mutex::default(),
        };
        App::new(hinting, settings)
    }
}

impl<P> Hinting<P> {
    /// The ports themselves.
    pub fn inner(&self) -> &P {
        &self.ports
    }

    /// Another invocation has begun, of which nothing goes on after `until`: what it claims is
    /// claimed for no longer.
    pub fn last(&self, until: Until) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    /// What was hinted since this was asked last.
    pub fn take(&self) -> BTreeSet<Work> {
        std::mem::take(&mut *self.hints.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Does what was hinted, and what that hints; answers how much it was.
pub async fn follow<P: Ports>(app: &App<Hinting<P>>, until: Until) -> usize {
    let mut done = 0;
    for _ in 0..ROUNDS {
        let hints = app.ports.take();
        if hints.is_empty() {
            break;
        }
        let ended = each(hints, until, |work| {
            let work = work.clone();
            let name = work.name();
            (name, async move { Box::pin(app.perform_work(&work)).await })
        })
        .await;
        done += ended
            .iter()
            .filter(|(_, ended)| *ended == Ended::Done)
            .count();
    }
    done
}

impl<P: Ports> Ports for Hinting<P> {
    type Store = P::Store;
    type Source = P::Source;
    type Pipelines = P::Pipelines;
    type Suites = P::Suites;
    type Channels = P::Channels;

    fn store(&self) -> &Self::Store {
        self.ports.store()
    }
    fn source(&self) -> &Self::Source {
        self.ports.source()
    }
    fn pipelines(&self) -> &Self::Pipelines {
        self.ports.pipelines()
    }
    fn suites(&self) -> &Self::Suites {
        self.ports.suites()
    }
    fn channels(&self) -> &Self::Channels {
        self.ports.channels()
    }
    fn now(&self) -> Timestamp {
        self.ports.now()
    }
    fn nonce(&self) -> Nonce {
        self.ports.nonce()
    }
    fn random(&self) -> u64 {
        self.ports.random()
    }
    fn hint(&self, work: Work) {
        if matches!(work, Work::Stage(_) | Work::Build(..) | Work::Execution(_)) {
            self.hints
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(work);
        }
    }
    /// Of an invocation whose machine was set aside meanwhile it is later than it is in truth, as no
    /// time passed for its own measure; nobody takes over too early by that.
    fn ends_at(&self) -> Option<Timestamp> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        self.now().checked_add(until?.left()).ok()
    }
}
