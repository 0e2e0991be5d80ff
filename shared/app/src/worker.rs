//! Doing pending work in one process: hints at once, the sweep for whatever hints missed, the
//! poller for what never came. Each piece of work is done by one task at a time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};

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
    let mut tasks = tokio::task::JoinSet::new();
    let mut sweep = tokio::time::interval(pace.sweep);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    look_at_what_ran(&app).await;
    let poller = pace
        .poll
        .map(|every| tokio::spawn(poll(Arc::clone(&app), every, stop.clone())));
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => break,
            Some(work) = hints.recv() => {
                if begin(&busy, &work) {
                    tasks.spawn(carry_out(Arc::clone(&app), Arc::clone(&room), Arc::clone(&busy), work));
                }
            }
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            _ = sweep.tick() => match app.due().await {
                Ok(all) => {
                    for due in all {
                        if begin(&busy, &due.work) {
                            let (app, room, busy) = (Arc::clone(&app), Arc::clone(&room), Arc::clone(&busy));
                            tasks.spawn(async move {
                                if let Ok(_permit) = room.acquire().await {
                                    app.perform_due(&due).await;
                                }
                                end(&app, &busy, &due.work);
                            });
                        }
                    }
                }
                Err(error) => tracing::error!(error = %chain(&error), "the sweep could not read the table"),
            },
        }
    }
    while tasks.join_next().await.is_some() {}
    if let Some(poller) = poller {
        drop(poller.await);
    }
}

/// What ran when the last server ended is over by now, and no hint will ever say so; its marker
/// stands at the next routine look, which may be a while.
async fn look_at_what_ran<P: Ports>(app: &App<P>) {
    match app.pending(None).await {
        Ok(all) => all
            .into_iter()
            .filter(|due| matches!(due.work, Work::Stage(_) | Work::Build(..)))
            .for_each(|due| app.ports.hint(due.work)),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "what ran before is looked at by the sweep only")
        }
    }
}

async fn carry_out<P: Ports>(
    app: Arc<App<P>>,
    room: Arc<Semaphore>,
    busy: Arc<Mutex<Busy>>,
    work: Work,
) {
    if let Ok(_permit) = room.acquire().await
        && let Err(error) = app.perform_work(&work).await
    {
        tracing::error!(work = work.name(), error = %chain(&error), "pending work did not succeed");
    }
    end(&app, &busy, &work);
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
