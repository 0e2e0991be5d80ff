//! Doing pending work in one process: hints at once, the sweep for whatever hints missed, the
//! poller for what never came. Each piece of work is done by one task at a time.

pub mod queue;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{self, JoinSet};

use crate::App;
use crate::door::chain;
use crate::ports::Ports;
use crate::work::Work;
use queue::{Job, Queue};

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

/// Works until `stop` says true, then until what is under way is done; what still waits is left to
/// the next process.
///
/// Only what there is room for becomes a task: thousands of webhooks at once wait as names, some
/// hundred bytes each, and not as started work.
pub async fn work<P: Ports>(
    app: Arc<App<P>>,
    mut hints: mpsc::UnboundedReceiver<Work>,
    pace: Pace,
    mut stop: watch::Receiver<bool>,
) {
    if let Err(error) = app.take_over().await {
        tracing::error!(error = %chain(&error), "what was left over could not be read");
    }
    let mut queue = Queue::default();
    let mut tasks = JoinSet::new();
    let mut doing: HashMap<task::Id, Work> = HashMap::new();
    let mut sweep = tokio::time::interval(pace.sweep);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    look_at_what_ran(&app).await;
    let poller = pace
        .poll
        .map(|every| tokio::spawn(poll(Arc::clone(&app), every, stop.clone())));
    loop {
        while tasks.len() < pace.parallel
            && let Some(job) = queue.take()
        {
            let work = job.work().clone();
            let task = tasks.spawn(carry_out(Arc::clone(&app), job));
            doing.insert(task.id(), work);
        }
        tokio::select! {
            biased;
            _ = stop.changed() => break,
            Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(error) => {
                        tracing::error!(%error, "a task that did pending work ended badly");
                        error.id()
                    }
                };
                if let Some(work) = doing.remove(&id) {
                    queue.done(work);
                }
            }
            _ = sweep.tick() => match app.due().await {
                Ok(all) => all.into_iter().for_each(|due| queue.due(due)),
                Err(error) => tracing::error!(error = %chain(&error), "the sweep could not read the table"),
            },
            Some(work) = hints.recv() => queue.hinted(work),
        }
    }
    while tasks.join_next().await.is_some() {}
    if let Some(poller) = poller {
        drop(poller.await);
    }
}

/// What ran when the last server ended is over by now, and no hint will ever say so; its marker
/// stands at the next routine look, which may be a while.
pub async fn look_at_what_ran<P: Ports>(app: &App<P>) {
    match app.pending(None).await {
        Ok(all) => all
            .into_iter()
            .filter(|due| matches!(due.work, Work::Stage(_) | Work::Build(..)))
            .for_each(|due| app.ports.hint(due.work)),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "what ran before is looked at by the sweep only");
        }
    }
}

async fn carry_out<P: Ports>(app: Arc<App<P>>, job: Job) {
    match job {
        Job::Due(due) => app.perform_due(&due).await,
        Job::Hinted(work) => {
            if let Err(error) = app.perform_work(&work).await {
                tracing::error!(work = work.name(), error = %chain(&error), "pending work did not succeed");
            }
        }
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
