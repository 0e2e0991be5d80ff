//! Doing pending work in one process: hints at once, the sweep for whatever hints missed, the
//! poller for what never came. Each piece of work is done by one task at a time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::App;
use crate::door::chain;
use crate::ports::Ports;
use crate::work::Work;

/// How often things are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub sweep: Duration,
    /// `None`: heads are never polled.
    pub poll: Option<Duration>,
    /// Pieces of work under way at once.
    pub parallel: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            sweep: Duration::from_secs(1),
            poll: Some(Duration::from_secs(60)),
            parallel: 32,
        }
    }
}

/// What is being done right now, and what was asked for again meanwhile.
#[derive(Debug, Default)]
struct Busy {
    doing: BTreeSet<Work>,
    again: BTreeSet<Work>,
}

/// Works until `stop` says true, then until what is under way is done.
pub async fn work<P: Ports>(
    app: Arc<App<P>>,
    mut hints: mpsc::UnboundedReceiver<Work>,
    pace: Pace,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(pace.parallel));
    let busy = Arc::new(Mutex::new(Busy::default()));
    let mut tasks = JoinSet::new();
    if let Err(error) = app.take_over().await {
        tracing::error!(error = %chain(&error), "what was left over could not be read");
    }
    let mut sweep = tokio::time::interval(pace.sweep);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let poller = pace
        .poll
        .map(|every| tokio::spawn(poll(Arc::clone(&app), every, stop.clone())));
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => break,
            Some(work) = hints.recv() => {
                if begin(&busy, &work) {
                    tasks.spawn(carry_out(Turn::new(&app, &busy, work), Arc::clone(&room)));
                }
            }
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a task that did pending work ended badly");
                }
            }
            _ = sweep.tick() => match app.due().await {
                Ok(all) => {
                    for due in all {
                        if begin(&busy, &due.work) {
                            let turn = Turn::new(&app, &busy, due.work.clone());
                            let room = Arc::clone(&room);
                            tasks.spawn(async move {
                                if let Ok(_permit) = room.acquire().await {
                                    // Only what is under way takes the room of its whole future.
                                    Box::pin(turn.app.perform_due(&due)).await;
                                }
                            });
                        }
                    }
                }
                Err(error) => tracing::error!(error = %chain(&error), "the sweep could not read the table"),
            },
        }
    }
    // What still waits for its turn is left to the next process.
    room.close();
    while tasks.join_next().await.is_some() {}
    if let Some(poller) = poller {
        drop(poller.await);
    }
}

async fn carry_out<P: Ports>(turn: Turn<P>, room: Arc<Semaphore>) {
    if let Ok(_permit) = room.acquire().await
        && let Err(error) = Box::pin(turn.app.perform_work(&turn.work)).await
    {
        tracing::error!(work = turn.work.name(), error = %chain(&error), "pending work did not succeed");
    }
}

/// A piece of work is under way until this is dropped, however its task ends.
struct Turn<P: Ports> {
    app: Arc<App<P>>,
    busy: Arc<Mutex<Busy>>,
    work: Work,
}

impl<P: Ports> Turn<P> {
    fn new(app: &Arc<App<P>>, busy: &Arc<Mutex<Busy>>, work: Work) -> Self {
        Self {
            app: Arc::clone(app),
            busy: Arc::clone(busy),
            work,
        }
    }
}

impl<P: Ports> Drop for Turn<P> {
    fn drop(&mut self) {
        end(&self.app, &self.busy, &self.work);
    }
}

/// False when it is under way already; then it is done once more afterwards.
fn begin(busy: &Mutex<Busy>, work: &Work) -> bool {
    let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
    if busy.doing.contains(work) {
        busy.again.insert(work.clone());
        return false;
    }
    busy.doing.insert(work.clone())
}

fn end<P: Ports>(app: &App<P>, busy: &Mutex<Busy>, work: &Work) {
    let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
    busy.doing.remove(work);
    if busy.again.remove(work) {
        app.ports.hint(work.clone());
    }
}

async fn poll<P: Ports>(app: Arc<App<P>>, every: Duration, mut stop: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = tick.tick() => match app.poll().await {
                Ok(0) => {}
                Ok(found) => tracing::info!(found, "the poller found heads no webhook spoke of"),
                Err(error) => tracing::warn!(error = %chain(&error), "the poll did not succeed"),
            }
        }
    }
}
