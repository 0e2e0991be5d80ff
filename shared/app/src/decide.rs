//! From the inbox to a stage. Where a delivery leads is written down once and never computed
//! again; what is recorded on the stage is what the source says now, not what the webhook said.

mod between;
mod event;
mod leave;
mod paths;
mod seen;
mod select;
mod toggle;

use std::collections::BTreeMap;

use greenroom_core::fact::Fact;
use greenroom_core::name::{AppId, ConfigHash, DeliveryId, Revision, StageId};
use greenroom_core::resolve::{Resolution, resolve};
use greenroom_core::stage::Spec;
use greenroom_github::event::{Action, What};
use jiff::SignedDuration;

use event::{cause, fork, is_over, pull_request, reference, trigger};
use seen::head_record;

use crate::App;
use crate::attention;
use crate::dispatch::fail::source_error;
use crate::door::chain;
use crate::error::Error;
use crate::inbox::{APPS_MAX, attention_name};
use crate::keys;
use crate::ports::Ports;
use crate::ports::source::Source;
use crate::ports::store::{Condition, Store, StoreError, Write};
use crate::records::{AppRecord, Decision, Delivery, DeliveryStatus};
use crate::retry;
use crate::stages::{Input, Loaded};
use crate::table::{Versioned, move_marker, put};
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
        let mut stages = Vec::new();
        let mut whys = Vec::new();
        let mut writes = Vec::new();
        for app in self.apps_of_delivery(&delivery.record).await? {
            match self.lead(&app, delivery).await? {
                Lead::To(decision) => stages.push(decision),
                Lead::Nowhere { config, why } => {
                    writes.extend(head_record(
                        app.id,
                        config,
                        None,
                        &delivery.record,
                        None,
                        Condition::Any,
                    )?);
                    whys.push(why);
                }
                Lead::Late { why } => whys.push(why),
            }
        }
        if stages.is_empty() && whys.is_empty() {
            let name = &event.repository_name;
            whys.push(format!(
                "{name} is not under control; `greenroom app add {name}` would add it"
            ));
        }
        let mut next = delivery.record.clone();
        next.status = if stages.is_empty() {
            next.due = None;
            let why = whys.join("; ");
            DeliveryStatus::Ignored { why }
        } else {
            let open = stages.iter().map(|decision| decision.app).collect();
            DeliveryStatus::Decided { stages, open }
        };
        writes.extend(replacement(delivery, &next)?);
        match self.ports.store().commit(writes).await {
            // Whoever was faster decided; that is what is recorded.
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What a poll found belongs to the app whose repository was polled. It teaches nobody the
    /// repository's id, which may be a stand-in.
    async fn apps_of_delivery(&self, delivery: &Delivery) -> Result<Vec<AppRecord>, Error> {
        let event = &delivery.event;
        if !delivery.polled {
            return self.apps_of(event.repository, &event.repository_name).await;
        }
        let mut apps = self.apps().await?;
        apps.retain(|app| app.repository.id == event.repository);
        Ok(apps)
    }

    /// Where the delivery leads in one app, or why nowhere.
    async fn lead(&self, app: &AppRecord, delivery: &Versioned<Delivery>) -> Result<Lead, Error> {
        let event = &delivery.record.event;
        if !delivery.record.polled && event.default_branch != app.default_branch {
            self.read_default_branch(app.id).await?;
        }
        let app = self.app(app.id).await?;
        if reference(event) == app.default_branch {
            self.read_stage_file(app.id).await?;
        }
        let app = self.app(app.id).await?;
        let Some(config) = &app.config else {
            return Ok(Lead::Nowhere {
                config: None,
                why: format!("{} has no stage file in force", app.name),
            });
        };
        let file = self.stage_file(app.id, config).await?;
        let resolution = resolve(&file, &trigger(event));
        let side = self.idle_side(app.id, &file, &resolution).await?;
        let to = side.as_ref().or(resolution.stage.as_ref());
        let known = self.known_branch(&app, event).await?;
        let late = self.comes_late(&app, &file, &delivery.record, to, known.as_ref());
        if let Some(why) = late.await? {
            return Ok(Lead::Late { why });
        }
        self.leave(&app, &file, delivery, to, known).await?;
        Ok(match (to, &resolution.rule) {
            (Some(stage), Some(rule)) => Lead::To(Decision {
                app: app.id,
                stage: stage.clone(),
                rule: rule.clone(),
                config: config.clone(),
            }),
            _ => Lead::Nowhere {
                config: Some(config.clone()),
                why: why_nowhere(&resolution),
            },
        })
    }

    /// Records on every stage that is still open; one that cannot be now keeps no other waiting.
    async fn record_decisions(&self, id: &DeliveryId) -> Result<(), Error> {
        let mut failed: BTreeMap<AppId, Error> = BTreeMap::new();
        loop {
            let Some(delivery) = self.delivery(id).await? else {
                return Ok(());
            };
            let DeliveryStatus::Decided { stages, open } = &delivery.record.status else {
                return Ok(());
            };
            let next = stages.iter().find(|decision| {
                open.contains(&decision.app) && !failed.contains_key(&decision.app)
            });
            let Some(decision) = next else {
                return failed.into_values().next().map_or(Ok(()), Err);
            };
            match self.record_decision(&delivery, decision).await {
                Err(Error::Store(StoreError::Conflict { key })) if key == keys::delivery(id) => {}
                Ok(()) => {}
                Err(error) => drop(failed.insert(decision.app, error)),
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
            fork: fork(event),
        };
        let app = self.app(decision.app).await?;
        if let Some(file) = self.selects(decision).await? {
            return self.build_selectable(&app, &file, delivery, decision).await;
        }
        let mut next = delivery.record.clone();
        close(&mut next, decision.app);
        for _ in 0..TRIES {
            let way = self.make_way(&app, delivery, decision).await?;
            let Some(undecided) = way else {
                let writes = replacement(delivery, &next)?;
                return Ok(self.ports.store().commit(writes).await?);
            };
            let read = self.read_head(&app, &id, &spec, delivery).await?;
            let head = read.as_ref().map(|(_, _, head)| head.clone());
            let (app_id, stage) = (decision.app, Some(&decision.stage));
            let config = Some(decision.config.clone());
            let mut writes = head_record(app_id, config, stage, &next, head, undecided)?;
            writes.extend(replacement(delivery, &next)?);
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
    ) -> Result<Option<(Loaded, Vec<Fact>, Option<Revision>)>, Error> {
        let event = &delivery.record.event;
        let reference = reference(event);
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
        let Some(head) = head.filter(|_| !closed) else {
            return Ok(Some((loaded, vec![Fact::HeadGone { reference, at }], None)));
        };
        let revision = head.revision;
        let fact = Fact::HeadObserved {
            reference,
            revision: revision.clone(),
            actor: event.actor.clone(),
            cause: cause(delivery),
            at,
        };
        let facts = between::steps(&loaded, delivery, fact, self.settings.clock_error);
        let facts = self.concerning(app, &loaded, facts).await;
        let facts = facts.map_err(|error| source_error(&error))?;
        Ok(Some((loaded, facts, Some(revision))))
    }

    /// Tries again later, or parks what will not go.
    async fn put_off(&self, id: &DeliveryId, error: &Error) -> Result<(), Error> {
        let Some(delivery) = self.delivery(id).await? else {
            return Ok(());
        };
        if delivery.record.due.is_none() {
            return Ok(());
        }
        let now = self.ports.now();
        let mut next = delivery.record.clone();
        next.tries = next.tries.saturating_add(1);
        let tries = usize::try_from(next.tries).unwrap_or(usize::MAX);
        let wait = retry::wait(tries, None, self.ports.random())
            .filter(|_| error.is_retryable())
            .and_then(|wait| SignedDuration::try_from(wait).ok());
        let why = chain(error);
        let mut writes = Vec::new();
        next.due = wait.and_then(|wait| now.checked_add(wait).ok());
        if next.due.is_some() {
            tracing::warn!(delivery.id = %id, error = why, "a delivery is put off");
        } else {
            tracing::error!(delivery.id = %id, error = why, "a delivery is parked");
            writes = self.park_delivery(&mut next, why).await?;
        }
        writes.extend(replacement(&delivery, &next)?);
        match self.ports.store().commit(writes).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Shows it to people; what was decided stays decided.
    async fn park_delivery(&self, next: &mut Delivery, why: String) -> Result<Vec<Write>, Error> {
        let event = &next.event;
        let (stages, open) = match &next.status {
            DeliveryStatus::Decided { stages, open } => (stages.clone(), open.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        let mut apps = self.apps().await?;
        apps.retain(|app| {
            let id = app.repository.id == event.repository;
            id || !app.bound && app.name == event.repository_name
        });
        let apps: Vec<AppId> = apps.iter().map(|app| app.id).take(APPS_MAX).collect();
        let text = format!("delivery {} could not be decided: {why}", next.id);
        let now = self.ports.now();
        let shown = apps.iter().map(|app| {
            let name = attention_name(&next.id);
            attention::put(*app, &name, "delivery_parked", text.clone(), None, now)
        });
        let writes = shown.collect::<Result<_, _>>()?;
        next.status = DeliveryStatus::Parked {
            why,
            apps,
            stages,
            open,
        };
        Ok(writes)
    }
}

/// Where a delivery leads in one app.
enum Lead {
    To(Decision),
    Nowhere {
        config: Option<ConfigHash>,
        why: String,
    },
    /// Nothing is to be done, and what is known of the branch stays.
    Late {
        why: String,
    },
}

/// The delivery after a change, its marker moved to `next.due`; only if nobody changed it since.
fn replacement(old: &Versioned<Delivery>, next: &Delivery) -> Result<Vec<Write>, Error> {
    let work = Work::Delivery(next.id.clone());
    let mut writes = move_marker(&work, old.record.due, next.due);
    let unchanged = Condition::Version(old.version);
    writes.push(put(keys::delivery(&next.id), next, unchanged)?);
    Ok(writes)
}

fn close(delivery: &mut Delivery, app: AppId) {
    if let DeliveryStatus::Decided { open, .. } = &mut delivery.status {
        open.retain(|other| *other != app);
        if open.is_empty() {
            delivery.due = None;
        }
    }
}

fn why_nowhere(resolution: &Resolution) -> String {
    resolution
        .note
        .as_ref()
        .map_or_else(|| "no rule matches".to_owned(), ToString::to_string)
}
