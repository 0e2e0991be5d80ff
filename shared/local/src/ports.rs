//! All of outside on one machine, put together.

use std::sync::Arc;

use greenroom_app::ports::Ports;
use greenroom_app::ports::store::Store;
use greenroom_app::work::Work;
use greenroom_core::name::Nonce;
use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::channels::LocalChannels;
use crate::clock::Clock;
use crate::git::GitSource;
use crate::pipeline::ProcessPipelines;
use crate::secrets::LocalSecrets;
use crate::store::EmbeddedStore;
use crate::suites::LocalSuites;

/// Secrets are shared by everything that resolves them.
pub type SharedSecrets = Arc<LocalSecrets>;

/// The adapters of one machine. The store is a parameter so that a benchmark can put one in memory
/// in its place and leave everything else as it is.
#[derive(Debug)]
pub struct LocalPorts<S = EmbeddedStore> {
    pub store: S,
    pub source: Arc<GitSource>,
    pub pipelines: ProcessPipelines<LocalSecrets>,
    pub suites: LocalSuites<SharedSecrets>,
    pub channels: LocalChannels<SharedSecrets>,
    pub hints: mpsc::UnboundedSender<Work>,
    pub clock: Clock,
}

impl<S: Store> Ports for LocalPorts<S> {
    type Store = S;
    type Source = GitSource;
    type Pipelines = ProcessPipelines<LocalSecrets>;
    type Suites = LocalSuites<SharedSecrets>;
    type Channels = LocalChannels<SharedSecrets>;

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
        self.clock.now()
    }
    fn nonce(&self) -> Nonce {
        Nonce::new(format!("{:016x}{:016x}", self.random(), self.random()))
    }
    fn random(&self) -> u64 {
        getrandom::u64().unwrap_or_else(|error| {
            // A machine without randomness cannot keep a nonce secret; nothing should run on it.
            panic!("the operating system gives no random numbers: {error}")
        })
    }
    fn hint(&self, work: Work) {
        // Nobody listens while the process shuts down; the next one's sweep finds the work.
        drop(self.hints.send(work));
    }
}
