//! The one thread that writes: it takes what is queued, commits it together, and answers.
//!
//! A thread of its own because an fsync blocks. While one runs, the next group queues up: that
//! alone makes groups as large as the disk is slow, and `gather` makes them large on a fast one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Instant;

use greenroom_app::ports::store::{StoreError, Write, commit_bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::apply::{self, Outcomes};
use super::engine::{Engine, Failure};
use super::gather::Gather;

/// Memory that queued commits may take together; more of them wait their turn in order.
const QUEUE_KIB: usize = 16 * 1024;

type Answer = oneshot::Sender<Result<(), StoreError>>;

enum Request {
    Commit {
        writes: Vec<Write>,
        answer: Answer,
        _room: OwnedSemaphorePermit,
    },
    /// Reopen the file if it failed.
    Reopen { answer: Answer },
}

/// The door to the committing thread. Dropping it waits for what is queued.
#[derive(Debug)]
pub(super) struct Committer {
    queue: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    room: Arc<Semaphore>,
}

impl Committer {
    pub(super) fn start(engine: Arc<Engine>) -> io::Result<Self> {
        let (queue, requests) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(move || run(&engine, &requests))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            room: Arc::new(Semaphore::new(QUEUE_KIB)),
        })
    }

    /// Queues a commit that `check_commit` has passed, and waits for its outcome.
    pub(super) async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let room = Arc::clone(&self.room)
            .acquire_many_owned(kib(&writes))
            .await
            .map_err(|_| stopped(false))?;
        self.ask(|answer| Request::Commit {
            writes,
            answer,
            _room: room,
        })
        .await
    }

    /// Has the file reopened if it failed.
    pub(super) async fn reopen(&self) -> Result<(), StoreError> {
        self.ask(|answer| Request::Reopen { answer }).await
    }

    async fn ask(&self, request: impl FnOnce(Answer) -> Request) -> Result<(), StoreError> {
        let (answer, outcome) = oneshot::channel();
        self.queue
            .as_ref()
            .and_then(|queue| queue.send(request(answer)).ok())
            .ok_or_else(|| stopped(false))?;
        outcome.await.map_err(|_| stopped(true))?
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // Its only panics would be our own bugs, and it has reported them already.
            let _ = thread.join();
        }
    }
}

/// Room a commit takes; at least 1, at most what `COMMIT_BYTES_MAX` lets through.
fn kib(writes: &[Write]) -> u32 {
    u32::try_from(commit_bytes(writes) / 1024 + 1).unwrap_or(u32::MAX)
}

fn stopped(ambiguous: bool) -> StoreError {
    StoreError::Unavailable {
        why: "its committing thread has stopped".to_owned(),
        ambiguous,
        source: None,
    }
}

fn run(engine: &Engine, requests: &Receiver<Request>) {
    let mut gather = Gather::default();
    loop {
        let free = Instant::now();
        let Ok(first) = requests.recv() else {
            return;
        };
        let mut group = Vec::new();
        let mut answers = Vec::new();
        let mut reopenings = Vec::new();
        let mut room = Vec::new();
        for request in gather.group(first, free.elapsed(), requests) {
            match request {
                Request::Commit {
                    writes,
                    answer,
                    _room,
                } => {
                    group.push(writes);
                    answers.push(answer);
                    room.push(_room);
                }
                Request::Reopen { answer } => reopenings.push(answer),
            }
        }
        let reopened = engine.reopen_if_failed();
        // Whoever does not wait for the answer any more does not need it: sends may fail.
        for answer in reopenings {
            let _ = answer.send(reopened.clone().map_err(StoreError::from));
        }
        if group.is_empty() {
            continue;
        }
        let outcomes = match reopened {
            Ok(()) => commit(engine, &group),
            Err(failure) => all(group.len(), &failure, false),
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            let _ = answer.send(outcome);
        }
    }
}

/// Commits a group; if the file fails, finds out whether it happened all the same.
fn commit(engine: &Engine, group: &[Vec<Write>]) -> Outcomes {
    match apply::group(engine, group) {
        Ok(outcomes) => {
            let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            let tally = engine.tally();
            tally.commits.fetch_add(done as u64, Ordering::Relaxed);
            tally.groups.fetch_add(1, Ordering::Relaxed);
            outcomes
        }
        Err(failed) => {
            let ambiguous = match engine.reopen_if_failed() {
                Ok(()) => apply::may_have_happened(engine, &failed),
                Err(_) => failed.was_ending(),
            };
            all(group.len(), &failed.failure, ambiguous)
        }
    }
}

/// The same failure for each of `count` commits.
fn all(count: usize, failure: &Failure, ambiguous: bool) -> Outcomes {
    let error = || match StoreError::from(failure.clone()) {
        StoreError::Unavailable { why, source, .. } => StoreError::Unavailable {
            why,
            ambiguous,
            source,
        },
        other => other,
    };
    (0..count).map(|_| Err(error())).collect()
}
