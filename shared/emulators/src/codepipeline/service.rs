//! The one thing everything works on: memory, connections, and who is told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot, watch};

use super::error::ACCOUNT;
use super::events::Event;
use super::faults::Faults;
use super::options::Options;
use super::state::State;

/// What the teller gets.
#[derive(Debug)]
pub(super) enum Telling {
    Event(Box<Event>),
    /// Answered once all events before it are delivered.
    Done(oneshot::Sender<()>),
}

#[derive(Debug)]
pub(super) struct Inner {
    pub options: Options,
    pub faults: Faults,
    pub http: reqwest::Client,
    /// Holds what sources fetched, and a folder for each build.
    pub folder: TempDir,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    events: mpsc::UnboundedSender<Telling>,
    ids: AtomicU64,
}

/// A handle that tasks share.
#[derive(Clone, Debug)]
pub(super) struct Service(Arc<Inner>);

impl std::ops::Deref for Service {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Service {
    /// # Errors
    /// No folder could be made.
    pub fn new(options: Options) -> std::io::Result<(Self, mpsc::UnboundedReceiver<Telling>)> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let (events, told) = mpsc::unbounded_channel();
        let service = Self(Arc::new(Inner {
            options,
            faults: Faults::default(),
            http: reqwest::Client::new(),
            folder: tempfile::tempdir()?,
            state: Mutex::default(),
            changed: watch::Sender::new(0),
            events,
            ids: AtomicU64::new(0),
        }));
        Ok((service, told))
    }
}

impl Inner {
    /// Looks at what is remembered.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what is remembered, and wakes whoever waits for that.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|version| *version += 1);
        done
    }

    /// Waits until `look` finds something.
    pub async fn until<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut changes = self.changed.subscribe();
        loop {
            changes.mark_unchanged();
            let found = look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
            if let Some(found) = found {
                return found;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Tells whoever is told, in the order of calls.
    pub fn tell(&self, event: Event) {
        // Nobody is left only when the stand-in is being dropped.
        drop(self.events.send(Telling::Event(Box::new(event))));
    }

    /// Waits until everything that was told has been delivered.
    pub async fn told_all(&self) {
        let (done, heard) = oneshot::channel();
        drop(self.events.send(Telling::Done(done)));
        // Whoever tells is gone, and with it everything there was to tell.
        let _ = heard.await;
    }

    /// A name nothing else has.
    pub fn new_id(&self) -> String {
        let number = self.ids.fetch_add(1, Ordering::Relaxed);
        let seed = format!("{}/{number}", self.folder.path().display());
        let digits = hex::encode(Sha256::digest(seed.as_bytes()));
        let part = |from: usize, to: usize| &digits[from..to];
        format!(
            "{}-{}-4{}-8{}-{}",
            part(0, 8),
            part(8, 12),
            part(13, 16),
            part(17, 20),
            part(20, 32)
        )
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    pub fn arn(&self, service: &str, what: &str) -> String {
        format!("arn:aws:{service}:{}:{ACCOUNT}:{what}", self.options.region)
    }
}
