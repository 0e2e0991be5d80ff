//! All of outside in memory. It outlives the process that uses it: a copy is the same world.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use greenroom_app::ports::Ports;
use greenroom_app::work::Work;
use greenroom_core::name::Nonce;
use jiff::{SignedDuration, Timestamp};

use super::faults::Faults;
use super::pipelines::WorldPipelines;
use super::source::WorldSource;
use super::store::WorldStore;
use super::tests_and_talk::{WorldChannels, WorldSuites};
use super::watch::Watch;

#[derive(Clone, Debug)]
struct Moment {
    now: Timestamp,
    hints: VecDeque<Work>,
    drawn: u64,
}

/// The ports of a world. The clock moves when a test moves it, and randomness is a sequence.
#[derive(Clone, Debug)]
pub struct TestPorts {
    pub store: WorldStore,
    pub source: WorldSource,
    pub pipelines: WorldPipelines,
    pub suites: WorldSuites,
    pub channels: WorldChannels,
    pub faults: Arc<Faults>,
    /// What must hold at every moment.
    pub watch: Arc<Watch>,
    moment: Arc<Mutex<Moment>>,
}

impl TestPorts {
    pub(super) fn new(now: Timestamp) -> Self {
        let faults = Arc::new(Faults::default());
        let watch = Arc::new(Watch::default());
        Self {
            store: WorldStore::new(Arc::clone(&faults), Arc::clone(&watch)),
            source: WorldSource::new(Arc::clone(&faults)),
            pipelines: WorldPipelines::new(Arc::clone(&faults), Arc::clone(&watch)),
            suites: WorldSuites::new(Arc::clone(&faults), Arc::clone(&watch)),
            channels: WorldChannels::new(Arc::clone(&faults), Arc::clone(&watch)),
            faults,
            watch,
            moment: Arc::new(Mutex::new(Moment {
                now,
                hints: VecDeque::new(),
                drawn: 0,
            })),
        }
    }

    /// The same world, which from here on goes its own way. No fault is planned in it.
    pub(super) fn copy(&self) -> Self {
        let faults = Arc::new(Faults::default());
        let watch = Arc::new(self.watch.copy());
        Self {
            store: self.store.copy(Arc::clone(&faults), Arc::clone(&watch)),
            source: self.source.copy(Arc::clone(&faults)),
            pipelines: self.pipelines.copy(Arc::clone(&faults), Arc::clone(&watch)),
            suites: self.suites.copy(Arc::clone(&faults), Arc::clone(&watch)),
            channels: self.channels.copy(Arc::clone(&faults), Arc::clone(&watch)),
            faults,
            watch,
            moment: Arc::new(Mutex::new(self.moment(|moment| moment.clone()))),
        }
    }

    fn moment<T>(&self, change: impl FnOnce(&mut Moment) -> T) -> T {
        change(&mut self.moment.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Moves the clock on.
    pub fn pass(&self, by: SignedDuration) {
        self.moment(|moment| moment.now = moment.now.saturating_add(by).unwrap_or(moment.now));
    }

    /// Moves the clock there, unless it is past it.
    pub(super) fn set_now(&self, at: Timestamp) {
        self.moment(|moment| moment.now = moment.now.max(at));
    }

    /// The oldest hint that nobody took.
    pub fn next_hint(&self) -> Option<Work> {
        self.moment(|moment| moment.hints.pop_front())
    }

    /// Forgets all hints, as a process that dies does.
    pub fn forget_hints(&self) {
        self.moment(|moment| moment.hints.clear());
    }
}

impl Ports for TestPorts {
    type Store = WorldStore;
    type Source = WorldSource;
    type Pipelines = WorldPipelines;
    type Suites = WorldSuites;
    type Channels = WorldChannels;

    fn store(&self) -> &Self::Store {
        &self.store
    }
    fn source(&self) -> &Self::Source {
        &self.source
    }
    fn pipelines(&self) -> &Self::Pipelines {
        &self.pipelines
    }
    fn suites(&self) -> &Self::Suites {
        &self.suites
    }
    fn channels(&self) -> &Self::Channels {
        &self.channels
    }
    fn now(&self) -> Timestamp {
        self.moment(|moment| moment.now)
    }
    fn nonce(&self) -> Nonce {
        Nonce::new(format!("{:032x}", self.random()))
    }
    fn random(&self) -> u64 {
        self.moment(|moment| {
            moment.drawn += 1;
            moment.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        })
    }
    fn hint(&self, work: Work) {
        self.moment(|moment| moment.hints.push_back(work));
    }
}
