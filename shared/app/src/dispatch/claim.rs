//! Who takes up what must not be done by two at once. With an announcement its channel is asked
//! first whether it is to be told now: see [`Gate`].

use greenroom_core::effect::Effect;
use jiff::{SignedDuration, Timestamp};

use super::ATTEMPTS_KEPT;
use super::announce::flow::Gate;
use crate::App;
use crate::error::Error;
use crate::outbox;
use crate::ports::Ports;
use crate::ports::store::{Store, StoreError};
use crate::records::{Attempt, Claim, OutboxEntry};
use crate::table::Versioned;

/// So often somebody else may have told the same channel something meanwhile. Then the entry is left
/// where it is, and due: a sweep finds it.
const TRIES: usize = 32;

/// What came of trying to take something up.
enum Taken {
    Ours(Box<Versioned<OutboxEntry>>),
    /// It is somebody else's, or nothing is to be done about it now.
    No,
    /// Something that the claim relied on has changed.
    Changed,
}

impl<P: Ports> App<P> {
    /// Claims what must not be done by two at once. A try without an answer from an earlier claim
    /// may have taken effect; it says so from now on.
    pub(super) async fn claim(
        &self,
        mut entry: Versioned<OutboxEntry>,
        now: Timestamp,
    ) -> Result<Option<Versioned<OutboxEntry>>, Error> {
        let lease = match &entry.record.effect {
            Effect::Announce { .. } => SignedDuration::from_mins(2),
            Effect::RunSuite { .. } => SignedDuration::from_mins(30),
            _ => return Ok(Some(entry)),
        };
        let lease = self.at_most(lease, &entry.record, now).await;
        for _ in 0..TRIES {
            match self.try_claim(&entry, lease, now).await? {
                Taken::Ours(ours) => return Ok(Some(*ours)),
                Taken::No => return Ok(None),
                Taken::Changed => {}
            }
            let read = self.outbox_entry(&entry.record.id).await?;
            let Some(same) = read.filter(|read| read.version == entry.version) else {
                return Ok(None);
            };
            entry = same;
        }
        Ok(None)
    }

    async fn try_claim(
        &self,
        entry: &Versioned<OutboxEntry>,
        lease: SignedDuration,
        now: Timestamp,
    ) -> Result<Taken, Error> {
        let mine = entry
            .record
            .claim
            .as_ref()
            .is_some_and(|claim| claim.by == self.settings.instance);
        if mine && entry.record.due > now {
            return Ok(Taken::No);
        }
        let mut next = entry.record.clone();
        let mut beside = Vec::new();
        match self.gate(entry, now).await? {
            None => {}
            Some(Gate::NotYet) => next.window = None,
            Some(Gate::Told {
                window,
                tries,
                news,
                writes,
            }) => {
                next.window = Some(window);
                next.tries = tries;
                if let Effect::Announce { news: says, .. } = &mut next.effect {
                    *says = news.unwrap_or_else(|| says.clone());
                }
                beside = writes;
            }
            Some(Gate::Instead { writes }) => {
                return match self.ports.store().commit(writes).await {
                    Ok(()) => Ok(Taken::No),
                    Err(StoreError::Conflict { .. }) => Ok(Taken::Changed),
                    Err(error) => Err(error.into()),
                };
            }
        }
        let until = now
            .checked_add(lease.saturating_add(self.clocks_apart()))
            .unwrap_or(Timestamp::MAX);
        self.takes_up(&mut next, now, until);
        let mut writes = outbox::replacement(entry, &next)?;
        writes.extend(beside);
        match self.ports.store().commit(writes).await {
            Ok(()) => Ok(Taken::Ours(Box::new(Versioned {
                record: next,
                version: entry.version + 1,
            }))),
            Err(StoreError::Conflict { .. }) => Ok(Taken::Changed),
            // Our own claim would keep us away until it runs out.
            Err(StoreError::Unavailable {
                ambiguous: true, ..
            }) => {
                let read = self.outbox_entry(&next.id).await?;
                let ours = read.filter(|read| read.record == next);
                Ok(ours.map_or(Taken::No, |ours| Taken::Ours(Box::new(ours))))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One more try, under a claim of this process.
    fn takes_up(&self, next: &mut OutboxEntry, now: Timestamp, until: Timestamp) {
        for attempt in next
            .attempts
            .iter_mut()
            .filter(|attempt| attempt.answer.is_none())
        {
            attempt.answer = Some("nobody knows: the process ended meanwhile".to_owned());
            attempt.ambiguous = true;
        }
        next.claim = Some(Claim {
            by: self.settings.instance.clone(),
            until,
        });
        next.tries += 1;
        next.attempts.push(Attempt {
            at: now,
            answer: None,
            ambiguous: false,
        });
        let over = next.attempts.len().saturating_sub(ATTEMPTS_KEPT);
        next.attempts.drain(..over);
        next.due = until;
    }
}
