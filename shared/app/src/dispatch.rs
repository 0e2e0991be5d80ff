//! Performs effects: at least once, exactly as they were decided. It makes no choices; what it
//! learns goes back as a fact.

mod announce;
mod ask;
mod claim;
mod commit_status;
mod definition;
pub mod fail;
mod lease;
mod pipeline;
mod suite;
mod teardown;
mod toggle;

use greenroom_core::build::BuildRequest;
use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::{RefName, StageId};
use greenroom_core::stage::Cause;
use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::outbox::{self, removal};
use crate::ports::Ports;
use crate::ports::source::Source;
use crate::ports::store::{Store, StoreError, Write};
use crate::records::{Attempt, Claim, OutboxEntry};
use crate::retry;
use crate::stages::Input;
use crate::table::{self, Versioned};
use crate::work::Work;
use fail::{Failure, source_error};

/// Tries that are kept with an entry; older ones are only counted.
const ATTEMPTS_KEPT: usize = 10;
/// Rungs of the ladder for what has no end: from there on it is tried every ten minutes or so.
const LAST_RUNG: usize = 4;

/// How an effect was performed.
pub(crate) enum Done {
    /// It is over; `0` are writes to commit with its removal.
    Over(Vec<Write>),
    /// What was learned was committed together with the entry's removal already.
    Recorded,
    /// Its time was up before anything was done; it is somebody else's now.
    Left,
}

impl<P: Ports> App<P> {
    /// Performs the effect of this id, if it is still there, due, and nobody else is at it.
    pub async fn perform(&self, id: &str) -> Result<(), Error> {
        let Some(entry) = self.outbox_entry(id).await? else {
            return Ok(());
        };
        let now = self.ports.now();
        if entry.record.due > now && !self.left_over(&entry.record, now) {
            return Ok(());
        }
        let Some(entry) = self.claim(entry, now).await? else {
            return Ok(());
        };
        let performed = self.perform_entry(&entry).await;
        match performed {
            Ok(Done::Recorded | Done::Left) => Ok(()),
            Ok(Done::Over(mut writes)) => {
                writes.extend(removal(&entry));
                match self.ports.store().commit(writes).await {
                    // Somebody else has ended it in the meantime.
                    Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
                    Err(error) => Err(error.into()),
                }
            }
            Err(failure) => match self.try_again(&entry, failure).await {
                Err(Error::Store(StoreError::Conflict { key })) if key == keys::effect(id) => {
                    Ok(())
                }
                other => other,
            },
        }
    }

    /// After a restart: takes up what a process was at that is no more, without waiting for its
    /// claims to run out. Answers how many there are.
    pub async fn take_over(&self) -> Result<usize, Error> {
        let now = self.ports.now();
        let mut found = 0;
        for due in self.pending(None).await? {
            let Work::Effect(id) = &due.work else {
                continue;
            };
            let entry = self.outbox_entry(id).await?;
            if entry.is_some_and(|entry| self.left_over(&entry.record, now)) {
                self.ports.hint(due.work);
                found += 1;
            }
        }
        Ok(found)
    }

    pub(crate) async fn outbox_entry(
        &self,
        id: &str,
    ) -> Result<Option<Versioned<OutboxEntry>>, Error> {
        table::load(self.ports.store(), &keys::effect(id)).await
    }

    /// A claim of a process that is no more keeps nobody away.
    fn left_over(&self, entry: &OutboxEntry, now: Timestamp) -> bool {
        let dead = |claim: &Claim| self.settings.alone && claim.by != self.settings.instance;
        entry
            .claim
            .as_ref()
            .is_some_and(|claim| claim.until <= now || dead(claim))
    }

    /// How far apart two clocks can be: a lease lasts so much longer for others than for its holder.
    fn clocks_apart(&self) -> SignedDuration {
        self.settings
            .clock_error
            .saturating_add(self.settings.clock_error)
    }

    /// True as long as nobody else can have taken over what was claimed. A process may be set aside
    /// for hours at any moment, so this is asked right before what cannot be undone.
    fn is_still_ours(&self, entry: &OutboxEntry) -> bool {
        let claimed_until = entry.claim.as_ref().map(|claim| claim.until);
        let end = claimed_until.and_then(|until| until.checked_sub(self.clocks_apart()).ok());
        end.is_some_and(|end| self.ports.now() < end)
    }

    async fn perform_entry(&self, entry: &Versioned<OutboxEntry>) -> Result<Done, Failure> {
        let owner = &entry.record.owner;
        match &entry.record.effect {
            Effect::RequestBuild {
                stage,
                revision,
                recipe,
                pipeline,
                config,
                again,
            } => {
                let request = BuildRequest {
                    app: owner.app,
                    revision: revision.clone(),
                    recipe: recipe.clone(),
                    pipeline: pipeline.clone(),
                    config: config.clone(),
                    stage: stage.clone(),
                    again: *again,
                };
                self.request_build(&request, &removal(entry)).await?;
                Ok(Done::Recorded)
            }
            Effect::StartBuild { .. } => self.start_build(entry).await,
            Effect::StartExecution { .. } => self.start_execution(entry).await,
            Effect::StopExecution {
                execution, reason, ..
            }
            | Effect::StopBuild {
                execution, reason, ..
            } => self.stop_execution(execution, reason).await,
            Effect::RunSuite { .. } => self.run_suite(entry).await,
            Effect::ReadHead {
                stage,
                reference,
                slot,
                by,
                ..
            } => {
                let cause = Cause::Refresh {
                    slot: *slot,
                    by: by.clone(),
                };
                let id = StageId {
                    app: owner.app,
                    stage: stage.clone(),
                };
                self.read_refresh_head(entry, &id, reference, &cause).await
            }
            Effect::Announce { .. } => self.announce(entry).await,
            Effect::ReportStatus {
                stage,
                revision,
                status,
            } => self.report_status(owner.app, stage, revision, status).await,
            Effect::Ask { stage, .. } => self.ask(entry, stage, &Input::Nothing).await,
            Effect::AskAll { .. } => {
                self.plan_all_again(owner.app).await?;
                Ok(Done::Over(Vec::new()))
            }
            Effect::Redeploy { .. } => self.redeploy(entry).await,
            Effect::ReadTeardownHead { .. } => self.read_teardown_head(entry).await,
            Effect::StartTeardown { .. } => self.start_teardown(entry).await,
            Effect::StartSwitch { .. } => self.start_switch(entry).await,
            Effect::HandOver { .. } => self.hand_over(entry).await,
        }
    }

    async fn read_refresh_head(
        &self,
        entry: &Versioned<OutboxEntry>,
        id: &StageId,
        reference: &RefName,
        cause: &Cause,
    ) -> Result<Done, Failure> {
        let app = self.app(id.app).await?;
        for _ in 0..32 {
            let loaded = match self.load_stage(id, None).await {
                Err(Error::NotFound { .. }) => return Ok(Done::Over(Vec::new())),
                loaded => loaded?,
            };
            let head = self
                .ports
                .source()
                .head(&app.repository, reference)
                .await
                .map_err(|error| Failure::from(source_error(&error)))?;
            let at = self.ports.now();
            let fact = match head {
                Some(head) => Fact::HeadObserved {
                    reference: reference.clone(),
                    revision: head.revision,
                    actor: None,
                    cause: cause.clone(),
                    at,
                },
                None => Fact::RefreshHeadMissing {
                    reference: reference.clone(),
                    at,
                },
            };
            let facts = self.concerning(&app, &loaded, vec![fact]).await;
            let facts = facts.map_err(|error| Failure::from(source_error(&error)))?;
            match self
                .try_step(&loaded, &Input::Facts(&facts), &removal(entry))
                .await
            {
                Err(Error::Store(StoreError::Conflict { key }))
                    if key != keys::effect(&entry.record.id) => {}
                Err(Error::Store(StoreError::Conflict { .. })) => return Ok(Done::Recorded),
                other => {
                    other?;
                    return Ok(Done::Recorded);
                }
            }
        }
        Err(Failure::later("the stage was changed by others too often"))
    }

    /// Writes down that a try did not succeed, and when the next is.
    async fn try_again(
        &self,
        entry: &Versioned<OutboxEntry>,
        failure: Failure,
    ) -> Result<(), Error> {
        let now = self.ports.now();
        let mut next = entry.record.clone();
        let claimed = next.claim.take().is_some();
        match next.attempts.last_mut().filter(|_| claimed) {
            Some(attempt) => {
                attempt.answer = Some(failure.why.clone());
                attempt.ambiguous = failure.ambiguous;
            }
            None => {
                next.tries += 1;
                next.attempts.push(Attempt {
                    at: now,
                    answer: Some(failure.why.clone()),
                    ambiguous: failure.ambiguous,
                });
                let over = next.attempts.len().saturating_sub(ATTEMPTS_KEPT);
                next.attempts.drain(..over);
            }
        }
        let tries = usize::try_from(next.tries).unwrap_or(usize::MAX);
        let announcement = matches!(next.effect, Effect::Announce { .. });
        let ends = announcement || matches!(next.effect, Effect::ReportStatus { .. });
        let rung = if ends { tries } else { tries.min(LAST_RUNG) };
        let wait = if failure.permanent {
            None
        } else {
            retry::wait(rung, failure.asked, self.ports.random())
        };
        tracing::warn!(
            effect.id = next.id,
            tries,
            error = failure.why,
            "an effect did not succeed"
        );
        let Some(at) =
            wait.and_then(|wait| now.checked_add(SignedDuration::try_from(wait).ok()?).ok())
        else {
            return self.give_up(entry, &next, &failure).await;
        };
        next.due = at;
        let writes = outbox::replacement(entry, &next)?;
        match self.ports.store().commit(writes).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// It will never succeed: the stage hears of it, or people do.
    async fn give_up(
        &self,
        entry: &Versioned<OutboxEntry>,
        last: &OutboxEntry,
        failure: &Failure,
    ) -> Result<(), Error> {
        if let Some((stage, generation)) = entry.record.effect.starts() {
            return self.start_refused(entry, stage, generation, failure).await;
        }
        match &entry.record.effect {
            Effect::Announce { .. } => self.exhausted(entry, last, failure).await,
            Effect::StartBuild { .. } => self.build_refused(entry, failure).await,
            // The board says the same, and nobody is woken for a status.
            Effect::ReportStatus { .. } => Ok(self.ports.store().commit(removal(entry)).await?),
            _ => self.park(entry, failure).await,
        }
    }
}
