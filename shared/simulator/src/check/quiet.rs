//! What must be so once nothing goes wrong any more: first that every head is known, in the end
//! that nothing is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_app::ports::Ports;
use greenroom_app::ports::store::Store;
use greenroom_app::records::{AppRecord, Delivery, DeliveryStatus, OutboxEntry, StageRecord};
use greenroom_app::work::Work;
use greenroom_app::{App, keys};
use greenroom_core::name::{Actor, Revision, StageId, StageName};
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage_file::{From, StageFile};
use jiff::SignedDuration;
use serde::de::DeserializeOwned;

use crate::inner::Inner;
use crate::ports::at_once;
use crate::stage_files;

/// A run that was claimed this recently may still be under way in the end.
const RECENT: SignedDuration = SignedDuration::from_hours(4);

impl Inner {
    /// A3, H5: whatever was lost, every stage knows where its branch stands.
    pub fn check_converged(&mut self) {
        let Some((app, file)) = self.in_force() else {
            return;
        };
        let mut tips: BTreeMap<String, Vec<Revision>> = BTreeMap::new();
        // Stages that more than one branch may lead to: when the last that did has gone or leads
        // elsewhere, nothing older comes back in its place.
        let mut shared: BTreeSet<StageName> = BTreeSet::new();
        for head in self.truth.repository.heads() {
            let author = self.truth.repository.find(&head.revision);
            let actor = author.map(|commit| Actor::new(&commit.author));
            let trigger = Trigger {
                event: Event::Push,
                reference: head.reference.clone(),
                actor,
                deleted: false,
            };
            let resolution = resolve(&file, &trigger);
            let rule = resolution.rule.as_ref().and_then(|rule| file.rule(rule));
            let pushed = rule.is_some_and(|rule| {
                // Whose branch a stage named for people has is not the rules' to say alone.
                rule.stage.as_literal().is_some()
                    && rule.pipeline.is_some()
                    && matches!(&rule.from, From::Branch { refresh: None, .. })
            });
            let one = rule.is_some_and(|rule| {
                matches!(&rule.from, From::Branch { pattern, .. } if pattern.literal().is_some())
            });
            if let Some(stage) = resolution.stage.filter(|_| pushed) {
                shared.extend((!one).then(|| stage.clone()));
                tips.entry(stage.to_string())
                    .or_default()
                    .push(head.revision);
            }
        }
        for (name, tips) in tips {
            let stage = StageName::new(&name);
            let id = StageId {
                app: app.id,
                stage: stage.clone(),
            };
            let record: Option<StageRecord> = self.record(&keys::stage(&id));
            let head = record.and_then(|record| record.stage.head);
            let knows = match &head {
                Some(head) => tips.contains(&head.revision),
                None => shared.contains(&stage),
            };
            if !knows {
                let what = format!(
                    "{name} takes {:?} for its head, which is one of {tips:?}",
                    head.map(|head| head.revision)
                );
                self.found.broken(&self.truth, "A3", what);
            }
        }
    }

    /// The app's record and the stage file that must be in force; reports if it is not.
    fn in_force(&mut self) -> Option<(AppRecord, Arc<StageFile>)> {
        let app: AppRecord = self.record(&keys::app(self.truth.app))?;
        let default = self.truth.repository.default_branch()?.clone();
        let tip = self.truth.repository.tip(&default)?.clone();
        let text = self.truth.repository.stage_file(&tip)?.to_owned();
        let parsed = stage_files::read(text.as_bytes());
        match &parsed {
            Some(file) if app.config.as_ref() != Some(&file.hash) => {
                let what = format!(
                    "{:?} is in force and {} is on {default}",
                    app.config, file.hash
                );
                self.found.broken(&self.truth, "A3", what);
                None
            }
            Some(_) => parsed.map(|file| (app, file)),
            None => None,
        }
    }

    /// Nothing is pending that should have been done, and nobody waits without a reason.
    pub fn check_quiet(&mut self) {
        for shard in 0..keys::SHARDS {
            let outbox = format!("outbox#{shard}");
            for key in self.keys_of(&outbox) {
                if self.is_young(&outbox, &key) {
                    continue;
                }
                let what = format!("{key} was never performed");
                self.found.broken(&self.truth, "I1", what);
            }
            for sort in self.keys_of(&keys::due_partition(shard)) {
                self.check_marker(&sort);
            }
        }
        for name in self.stage_names() {
            self.check_stage(&name);
        }
        self.check_builds();
        for id in self.checks.acknowledged() {
            let over = self
                .delivery(&id)
                .is_none_or(|delivery| is_over(&delivery.status));
            if !over {
                let what = format!("{id} was acknowledged and is not decided");
                self.found.broken(&self.truth, "A2", what);
            }
        }
        self.checks.end(&self.truth, &mut self.found);
        self.check_settled();
    }

    fn check_marker(&mut self, sort: &str) {
        let Some((at, name)) = sort.split_once('#') else {
            return;
        };
        let late = keys::parse_instant(at).is_some_and(|at| {
            self.truth.now.duration_since(at)
                > SignedDuration::from_mins(20) + self.truth.setup.clock_error
        });
        let pending = match Work::parse(name) {
            Some(Work::Delivery(_)) => true,
            // Whatever is in the outbox is looked at there.
            Some(Work::Effect(_)) => false,
            Some(_) => late,
            None => false,
        };
        if pending {
            let what = format!("{name} is still due since {at}");
            self.found.broken(&self.truth, "I1", what);
        }
    }

    /// What a refresh has just asked for may still be to be done.
    fn is_young(&self, outbox: &str, sort: &str) -> bool {
        let key = greenroom_app::ports::store::Key::new(outbox, sort);
        self.record::<OutboxEntry>(&key).is_some_and(|entry| {
            self.truth.now.duration_since(entry.created_at) < SignedDuration::from_mins(20)
        })
    }

    /// C7, I6
    fn check_stage(&mut self, name: &str) {
        let Some(record) = self.stage_record(name) else {
            return;
        };
        if let Some(run) = &record.stage.run
            && self.truth.now.duration_since(run.claimed_at) > RECENT
        {
            let what = format!("run {} of {name} never ended", run.generation);
            self.found.broken(&self.truth, "C7", what);
        }
    }

    pub(super) fn stage_record(&self, name: &str) -> Option<StageRecord> {
        self.record(&keys::stage(&StageId {
            app: self.truth.app,
            stage: StageName::new(name),
        }))
    }

    pub(super) fn record<T: DeserializeOwned>(
        &self,
        key: &greenroom_app::ports::store::Key,
    ) -> Option<T> {
        let item = at_once(self.store.get(key)).ok()??;
        serde_json::from_slice(&item.value).ok()
    }

    fn keys_of(&self, partition: &str) -> Vec<String> {
        self.keys_of_prefix(partition, "")
    }

    pub(super) fn keys_of_prefix(&self, partition: &str, prefix: &str) -> Vec<String> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = at_once(self.store.query(partition, prefix, after.as_deref(), 100));
            let Ok(page) = page else { return all };
            all.extend(page.items.iter().map(|item| item.key.sort.clone()));
            after = all.last().cloned();
            if !page.more {
                return all;
            }
        }
    }

    /// When the sweep finds something next, if anything is pending at all.
    pub fn next_due(&mut self) -> Option<jiff::Timestamp> {
        if let Some(known) = self.next_due {
            return known;
        }
        let first = |shard| {
            let partition = keys::due_partition(shard);
            let page = at_once(self.store.query(&partition, "", None, 1)).ok()?;
            let sort = &page.items.first()?.key.sort;
            keys::parse_instant(sort.split_once('#')?.0)
        };
        let next = (0..keys::SHARDS).filter_map(first).min();
        self.next_due = Some(next);
        next
    }

    /// What a delivery became.
    pub fn delivery(&self, id: &str) -> Option<Delivery> {
        let id = greenroom_core::name::DeliveryId::new(id);
        self.record(&keys::delivery(&id))
    }
}

/// A2: whether a delivery that was acknowledged is done with.
pub fn is_over(status: &DeliveryStatus) -> bool {
    match status {
        DeliveryStatus::Received => false,
        DeliveryStatus::Decided { open, .. } => open.is_empty(),
        DeliveryStatus::Ignored { .. } | DeliveryStatus::Parked { .. } => true,
    }
}

/// I6: every candidate that does not move has a reason.
pub async fn waits_have_reasons<P: Ports>(
    app: &App<P>,
    id: greenroom_core::name::AppId,
) -> Vec<String> {
    let mut silent = Vec::new();
    for stage in app.stage_names(id).await.unwrap_or_default() {
        let id = StageId { app: id, stage };
        let Ok((stage, plan)) = app.explain(&id).await else {
            continue;
        };
        if stage.candidate.is_some() && stage.run.is_none() && plan.waiting_on.is_empty() {
            silent.push(stage.id.stage.to_string());
        }
    }
    silent
}
