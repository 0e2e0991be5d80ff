//! Where an effect is performed: at once, or from a queue. One function decides it for the
//! outbox's stream and for the sweep.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_app::ports::Ports;
use greenroom_app::sweep::Due;
use greenroom_app::work::Work;
use greenroom_app::{App, Error};

use crate::Until;
use crate::batch::Batch;
use crate::each::{Ended, each, settle};
use crate::queue::{Message, Queue, Queues, queue_of};

/// Performs the effects of these ids or queues them; answers those that have to come again.
pub async fn effects<P: Ports, Q: Queues>(
    app: &App<P>,
    queues: &Q,
    ids: Vec<String>,
    until: Until,
) -> BTreeSet<String> {
    let mut routes = Routes::read(app, ids, until).await;
    let mut again = std::mem::take(&mut routes.unread);
    again.extend(queue(queues, &routes.queued, until).await);
    let performed = each(routes.here, until, |id| {
        let id = id.clone();
        (id.clone(), async move { Box::pin(app.perform(&id)).await })
    })
    .await;
    let failed = performed
        .into_iter()
        .filter(|(_, ended)| *ended == Ended::Again);
    again.extend(failed.map(|(id, _)| id));
    again
}

/// Does all that is due, the oldest first, as far as there is time. What is not done keeps its
/// marker and is found again. Answers how much was done or queued.
pub async fn due<P: Ports, Q: Queues>(
    app: &App<P>,
    queues: &Q,
    mut all: Vec<Due>,
    until: Until,
) -> usize {
    all.sort_by_key(|due| due.since);
    let ids = all.iter().filter_map(effect_of).map(str::to_owned);
    let mut routes = Routes::read(app, ids.collect(), until).await;
    routes.keep_what_waits(queues, until).await;
    let failed = queue(queues, &routes.queued, until).await;
    let queued = routes.queued.values().map(BTreeSet::len).sum::<usize>() - failed.len();
    let here = |due: &Due| effect_of(due).is_none_or(|id| !routes.elsewhere(id));
    let (here, stale): (Vec<Due>, Vec<Due>) = all
        .into_iter()
        .filter(|due| effect_of(due).is_none_or(|id| !routes.stays(id)))
        .partition(here);
    let done = here.len() + stale.len();
    each(here, until, |due| {
        let due = due.clone();
        let name = due.work.name();
        (name, async move {
            Box::pin(app.perform_due(&due)).await;
            Ok(())
        })
    })
    .await;
    each(stale, until, |due| {
        let due = due.clone();
        (
            due.work.name(),
            async move { Box::pin(app.tidy(&due)).await },
        )
    })
    .await;
    queued + done
}

fn effect_of(due: &Due) -> Option<&str> {
    match &due.work {
        Work::Effect(id) => Some(id),
        _ => None,
    }
}

/// Which effects are performed where.
#[derive(Debug, Default)]
struct Routes {
    here: Vec<String>,
    /// Due, and performed from a queue.
    queued: BTreeMap<Queue, BTreeSet<String>>,
    /// Performed from a queue, and not due now: somebody is at it, or it waits for its next try.
    later: BTreeSet<String>,
    /// Nothing is known of them now.
    unread: BTreeSet<String>,
    /// Due, and most likely in its queue already.
    waiting: BTreeSet<String>,
}

impl Routes {
    async fn read<P: Ports>(app: &App<P>, ids: Vec<String>, until: Until) -> Self {
        let now = app.ports.now();
        let routes = std::sync::Mutex::new(Self::default());
        let ended = each(ids, until, |id| {
            let id = id.clone();
            let routes = &routes;
            (id.clone(), async move {
                let entry = app.effect(&id).await?;
                let mut routes = routes
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                match entry.map(|entry| (queue_of(&entry.effect), entry.due)) {
                    Some((Some(queue), due)) if due <= now => {
                        routes.queued.entry(queue).or_default().insert(id);
                    }
                    Some((Some(_), _)) => drop(routes.later.insert(id)),
                    // What is gone already is found to be gone where it would be performed.
                    Some((None, _)) | None => routes.here.push(id),
                }
                Ok::<(), Error>(())
            })
        })
        .await;
        let mut routes = routes
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let unread = ended.into_iter().filter(|(_, ended)| *ended != Ended::Done);
        routes.unread.extend(unread.map(|(id, _)| id));
        routes
    }

    /// What was queued by an earlier sweep and not yet taken is not queued again with each sweep,
    /// or a queue that drains slowly would grow for ever. A message that was lost is made good once
    /// the queue is shorter than what is due.
    async fn keep_what_waits<Q: Queues>(&mut self, queues: &Q, until: Until) {
        let mut full = Vec::new();
        for (queue, ids) in &self.queued {
            let waiting = until.allows(queues.waiting(*queue)).await;
            match waiting {
                Some(Ok(waiting)) if waiting >= ids.len() => full.push(*queue),
                Some(Ok(_)) => {}
                // One message too many is harmless.
                Some(Err(error)) => tracing::warn!(?queue, %error, "its length is not known"),
                None => {}
            }
        }
        for queue in full {
            self.waiting
                .extend(self.queued.remove(&queue).unwrap_or_default());
        }
    }

    fn elsewhere(&self, id: &str) -> bool {
        self.later.contains(id)
    }

    /// Its marker is right where it stands.
    fn stays(&self, id: &str) -> bool {
        self.unread.contains(id)
            || self.waiting.contains(id)
            || self.queued.values().any(|ids| ids.contains(id))
    }
}

/// Answers what could not be queued.
async fn queue<Q: Queues>(
    queues: &Q,
    all: &BTreeMap<Queue, BTreeSet<String>>,
    until: Until,
) -> BTreeSet<String> {
    let mut failed = BTreeSet::new();
    for (queue, ids) in all {
        let effects: Vec<String> = ids.iter().cloned().collect();
        let sent = async {
            queues
                .send(*queue, &effects)
                .await
                .map_err(|error| Error::Unavailable {
                    what: format!("the queue of {queue:?}"),
                    why: error.to_string(),
                })
        };
        if settle(&format!("{queue:?}"), until, sent).await != Ended::Done {
            failed.extend(effects);
        }
    }
    failed
}

/// Performs the effects that the messages of a queue name; answers the messages to bring again.
/// A message that names an effect of another queue, or none, is passed over.
pub async fn messages<P: Ports>(
    app: &App<P>,
    of: Queue,
    messages: Vec<Message>,
    until: Until,
) -> Batch {
    let ended = each(messages, until, |message| {
        let id = message.effect.clone();
        (id.clone(), async move {
            match app.effect(&id).await? {
                Some(entry) if queue_of(&entry.effect) == Some(of) => {
                    Box::pin(app.perform(&id)).await
                }
                Some(_) => {
                    tracing::warn!(effect.id = id, "it is in a queue where it does not belong");
                    Ok(())
                }
                None => Ok(()),
            }
        })
    })
    .await;
    let again = ended
        .into_iter()
        .filter(|(_, ended)| *ended == Ended::Again);
    again.map(|(message, _)| message.id).collect()
}
