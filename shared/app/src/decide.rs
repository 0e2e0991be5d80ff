//! From the inbox to a stage. Where a delivery leads is written down once and never computed
//! again; what is recorded on the stage is what the source says now, not what the webhook said.

use greenroom_core::fact::Fact;
use greenroom_core::name::{AppId, DeliveryId, RefName, StageId};
use greenroom_core::resolve::{Event, Resolution, Trigger, resolve};
use greenroom_core::stage::{Cause, Spec};
use greenroom_github::SourceEvent;
use greenroom_github::event::{Action, What};

use crate::App;
use crate::dispatch::fail::source_error;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::source::Source;
use crate::ports::store::{Condition, Store, StoreError};
use crate::records::{AppRecord, Decision, Delivery, DeliveryStatus, HeadRecord};
use crate::retry;
use crate::stages::Input;
use crate::table::{Versioned, mark, move_marker, put, unmark};
use crate::work::Work;

const TRIES: u32 = 32;

impl<P: Ports> App<P> {
    /// Decides a delivery and records it on the stages it leads to.
    pub async fn decide(&self, id: &DeliveryId) -> Result<(), Error> {
        let Some(delivery) = self.delivery(id).await? else {
            return Ok(());
        };
        let decided = match &delivery.record.status {
            DeliveryStatus::Received => self.write_decision(&delivery).await,
            DeliveryStatus::Decided { open, .. } if !open.is_empty() => Ok(()),
            _ => return Ok(()),
        };
        let done = match decided {
            Ok(()) => self.record_decisions(id).await,
            Err(error) => Err(error),
        };
        match done {
            Err(error) => self.put_off(id, &error).await,
            Ok(()) => Ok(()),
        }
    }

    async fn write_decision(&self, delivery: &Versioned<Delivery>) -> Result<(), Error> {
        let event = &delivery.record.event;
        let apps = if delivery.record.polled {
            // What we found ourselves says nothing about the repository's id on GitHub.
            let known = self.apps().await?.into_iter();
            known.filter(|app| app.repository.id == event.repository).collect()
        } else {
            self.apps_of(event.repository, &event.repository_name)
                .await?
        };
        let mut stages = Vec::new();
        let mut whys = Vec::new();
        for app in &apps {
            match self.lead(app, &delivery.record).await? {
                Ok(decision) => stages.push(decision),
                Err(why) => whys.push(why),
            }
        }
        let status = if apps.is_empty() {
            let name = &event.repository_name;
            DeliveryStatus::Ignored {
                why: format!(
                    "{name} is not under control; `greenroom app add {name}` would add it"
                ),
            }
        } else if stages.is_empty() {
            DeliveryStatus::Ignored {
                why: whys.join("; "),
            }
        } else {
            let open = stages
                .iter()
                .map(|decision: &Decision| decision.app)
                .collect();
            DeliveryStatus::Decided { stages, open }
        };
        let ended = matches!(status, DeliveryStatus::Ignored { .. });
        let mut next = delivery.record.clone();
        next.status = status;
        let mut writes = Vec::new();
        if ended {
            writes.extend(
                next.due
                    .take()
                    .map(|due| unmark(Work::Delivery(next.id.clone()).marker(due))),
            );
            for app in &apps {
                writes.extend(head_record(app.id, &next, None)?);
            }
        }
        writes.push(put(
            keys::delivery(&next.id),
            &next,
            Condition::Version(delivery.version),
        )?);
        match self.ports.store().commit(writes).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the delivery leads in one app, or why nowhere.
    async fn lead(
        &self,
        app: &AppRecord,
        delivery: &Delivery,
    ) -> Result<Result<Decision, String>, Error> {
        if reference(&delivery.event).is_some_and(|reference| *reference == app.default_branch) {
            self.read_stage_file(app.id).await?;
        }
        let app = self.app(app.id).await?;
        let Some(config) = &app.config else {
            return Ok(Err(format!("{} has no stage file in force", app.name)));
        };
        let file = self.stage_file(app.id, config).await?;
        let resolution = resolve(&file, &trigger(&delivery.event));
        Ok(match (resolution.stage.clone(), resolution.rule.clone()) {
            (Some(stage), Some(rule)) => Ok(Decision {
                app: app.id,
                stage,
                rule,
                config: config.clone(),
            }),
            _ => Err(why_nowhere(&resolution)),
        })
    }

    async fn record_decisions(&self, id: &DeliveryId) -> Result<(), Error> {
        loop {
            let Some(delivery) = self.delivery(id).await? else {
                return Ok(());
            };
            let DeliveryStatus::Decided { stages, open } = &delivery.record.status else {
                return Ok(());
            };
            let Some(decision) = stages.iter().find(|decision| open.contains(&decision.app)) else {
                return Ok(());
            };
            let decision = decision.clone();
            match self.record_decision(&delivery, &decision).await {
                Err(Error::Store(StoreError::Conflict { .. })) => {}
                other => other?,
            }
        }
    }

    /// Reads the head after the stage, so that whoever commits first has read no later than
    /// whoever commits second: an older head never comes back.
    async fn record_decision(
        &self,
        delivery: &Versioned<Delivery>,
        decision: &Decision,
    ) -> Result<(), Error> {
        let id = StageId {
            app: decision.app,
            stage: decision.stage.clone(),
        };
        let event = &delivery.record.event;
        let spec = Spec {
            rule: decision.rule.clone(),
            actor: event.actor.clone(),
            pull_request: pull_request(event),
        };
        let app = self.app(decision.app).await?;
        for _ in 0..TRIES {
            let read = self.read_head(&app, &id, &spec, delivery).await?;
            let head = read.as_ref().map(|(_, _, head)| head.clone());
            let mut next = delivery.record.clone();
            close(&mut next, decision.app);
            let mut writes = head_record(decision.app, &next, head)?;
            writes.extend(move_marker(
                &Work::Delivery(next.id.clone()),
                delivery.record.due,
                next.due,
            ));
            writes.push(put(
                keys::delivery(&next.id),
                &next,
                Condition::Version(delivery.version),
            )?);
            let recorded = match &read {
                Some((loaded, facts, _)) => {
                    let input = Input::Facts(facts);
                    self.try_step(loaded, &input, &writes).await.map(drop)
                }
                None => self.ports.store().commit(writes).await.map_err(Error::from),
            };
            match recorded {
                Err(Error::Store(StoreError::Conflict { key }))
                    if key != keys::delivery(&delivery.record.id) => {}
                other => return other,
            }
        }
        Err(Error::Contended {
            what: format!("stage {}", decision.stage),
        })
    }

    /// The stage, and the fact to record on it; `None` when a branch is gone that never had a stage.
    async fn read_head(
        &self,
        app: &AppRecord,
        id: &StageId,
        spec: &Spec,
        delivery: &Versioned<Delivery>,
    ) -> Result<
        Option<(
            crate::stages::Loaded,
            Vec<Fact>,
            Option<greenroom_core::name::Revision>,
        )>,
        Error,
    > {
        let event = &delivery.record.event;
        let Some(reference) = reference(event).cloned() else {
            return Ok(None);
        };
        let exists = self.load_stage(id, None).await;
        let gone = is_over(event);
        if gone && matches!(exists, Err(Error::NotFound { .. })) {
            return Ok(None);
        }
        let loaded = self.load_stage(id, Some(spec)).await?;
        let head = self
            .ports
            .source()
            .head(&app.repository, &reference)
            .await
            .map_err(|error| source_error(&error))?;
        let at = self.ports.now();
        let closed = matches!(&event.what, What::PullRequest(pull) if matches!(pull.action, Action::Closed { .. }));
        Ok(Some(match head.filter(|_| !closed) {
            Some(head) => {
                let revision = head.revision;
                let fact = Fact::HeadObserved {
                    reference,
                    revision: revision.clone(),
                    actor: event.actor.clone(),
                    cause: cause(delivery),
                    at,
                };
                (loaded, vec![fact], Some(revision))
            }
            None => (loaded, vec![Fact::HeadGone { reference, at }], None),
        }))
    }

    /// Tries again later, or parks what will not go.
    async fn put_off(&self, id: &DeliveryId, error: &Error) -> Result<(), Error> {
        let Some(delivery) = self.delivery(id).await? else {
            return Ok(());
        };
        let now = self.ports.now();
        let mut next = delivery.record.clone();
        next.tries += 1;
        let work = Work::Delivery(id.clone());
        let mut writes: Vec<_> = delivery
            .record
            .due
            .map(|due| unmark(work.marker(due)))
            .into_iter()
            .collect();
        let wait = retry::wait(
            usize::try_from(next.tries).unwrap_or(usize::MAX),
            None,
            self.ports.random(),
        )
        .filter(|_| error.is_retryable());
        let why = crate::door::chain(error);
        match wait.and_then(|wait| {
            now.checked_add(jiff::SignedDuration::try_from(wait).ok()?)
                .ok()
        }) {
            Some(at) => {
                next.due = Some(at);
                writes.retain(|write| *write.key() != work.marker(at));
                writes.push(mark(work.marker(at)));
                tracing::warn!(delivery.id = %id, error = why, "a delivery is put off");
            }
            None => {
                tracing::error!(delivery.id = %id, error = why, "a delivery is parked");
                next.due = None;
                next.status = DeliveryStatus::Parked { why };
            }
        }
        writes.push(put(
            keys::delivery(id),
            &next,
            Condition::Version(delivery.version),
        )?);
        match self.ports.store().commit(writes).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn close(delivery: &mut Delivery, app: AppId) {
    if let DeliveryStatus::Decided { open, .. } = &mut delivery.status {
        open.retain(|other| *other != app);
        if open.is_empty() {
            delivery.due = None;
        }
    }
}

/// What the stage file's rules look at.
pub fn trigger(event: &SourceEvent) -> Trigger {
    let (kind, reference) = match &event.what {
        What::Push(push) => (Event::Push, push.reference.clone()),
        What::Tag(tag) => (Event::Tag, tag.reference.clone()),
        What::PullRequest(pull) => {
            let base = pull.base.branch().unwrap_or(pull.base.as_str()).to_owned();
            let event = Event::PullRequest {
                number: pull.number,
                base,
                labels: pull.labels.clone(),
                fork: pull.fork,
            };
            (event, pull.head.clone())
        }
    };
    Trigger {
        event: kind,
        reference,
        actor: event.actor.clone(),
        deleted: is_over(event),
    }
}

fn is_over(event: &SourceEvent) -> bool {
    match &event.what {
        What::Push(push) => push.after.is_none(),
        What::Tag(tag) => tag.commit.is_none(),
        What::PullRequest(pull) => matches!(pull.action, Action::Closed { .. }),
    }
}

fn reference(event: &SourceEvent) -> Option<&RefName> {
    Some(match &event.what {
        What::Push(push) => &push.reference,
        What::Tag(tag) => &tag.reference,
        What::PullRequest(pull) => &pull.head,
    })
}

fn pull_request(event: &SourceEvent) -> Option<u64> {
    match &event.what {
        What::PullRequest(pull) => Some(pull.number),
        What::Push(_) | What::Tag(_) => None,
    }
}

fn cause(delivery: &Versioned<Delivery>) -> Cause {
    let actor = delivery.record.event.actor.clone();
    match &delivery.record.event.what {
        _ if delivery.record.polled => Cause::Poll,
        What::Push(_) => Cause::Push { actor },
        What::Tag(_) => Cause::Tag { actor },
        What::PullRequest(pull) => Cause::PullRequest {
            number: pull.number,
            actor,
        },
    }
}

/// Remembers where a branch stands, so that the poller does not find it a second time.
fn head_record(
    app: AppId,
    delivery: &Delivery,
    read: Option<Option<greenroom_core::name::Revision>>,
) -> Result<Vec<crate::ports::store::Write>, Error> {
    let What::Push(push) = &delivery.event.what else {
        return Ok(Vec::new());
    };
    let revision = read.unwrap_or_else(|| push.after.clone());
    let record = HeadRecord {
        reference: push.reference.clone(),
        revision,
        actor: delivery.event.actor.clone(),
        seen_at: delivery.received_at,
    };
    Ok(vec![put(
        keys::head(app, &push.reference),
        &record,
        Condition::Any,
    )?])
}

fn why_nowhere(resolution: &Resolution) -> String {
    resolution
        .note
        .as_ref()
        .map_or_else(|| "no rule matches".to_owned(), ToString::to_string)
}
