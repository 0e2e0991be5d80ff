//! What must be so in the end: whatever leads to a stage got there, or there is a reason.

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_app::keys;
use greenroom_app::ports::store::{Key, Store as _};
use greenroom_app::records::{AppRecord, BuildRecord, StageRecord};
use greenroom_core::build::BuildState;
use greenroom_core::name::{Revision, StageId, StageName};
use greenroom_core::release::Release;
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage::{Cause, Run, Stage};
use greenroom_core::stage_file::{From, Rule, StageFile};
use jiff::SignedDuration;

use crate::inner::Inner;
use crate::ports::at_once;
use crate::stage_files;

/// What happened this recently in the end may still be on its way.
const RECENT: SignedDuration = SignedDuration::from_mins(20);
/// No build takes longer than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(4);

impl Inner {
    /// A3, B1, B3, I4
    pub fn check_settled(&mut self) {
        let Some((app, file)) = self.ruling() else {
            return;
        };
        self.check_rules(&file);
        self.check_watched(&file);
        for rule in file.rules.iter().filter(|rule| rule.pipeline.is_some()) {
            let Some(name) = rule.stage.as_literal() else {
                self.check_personal(&app, rule);
                continue;
            };
            let Some(stage) = self.stage_of(&app, name) else {
                continue;
            };
            match &rule.from {
                From::Branch { refresh: None, .. } => self.check_branch(&stage, rule),
                From::Promote { rule: upstream } => {
                    let above = file.rule(upstream).and_then(|rule| rule.stage.as_literal());
                    let above = above.and_then(|above| self.stage_of(&app, above));
                    if let Some(above) = above {
                        self.check_promotion(&stage, &above);
                    }
                }
                _ => {}
            }
        }
    }

    /// I1: no build is left to itself.
    pub(super) fn check_builds(&mut self) {
        let partition = keys::app_partition(self.truth.app);
        for sort in self.keys_of_prefix(&partition, "build#") {
            let key = Key::new(&partition, &sort);
            let Some(build) = self.record::<BuildRecord>(&key).map(|read| read.build) else {
                continue;
            };
            let begun = match &build.state {
                BuildState::Running { since, .. } => *since,
                BuildState::Waiting { retry_at, .. } => *retry_at,
                _ => continue,
            };
            if self.truth.now.duration_since(begun) > LONGEST {
                let what = format!("{sort} is under way since {begun}");
                self.found.broken(&self.truth, "I1", what);
            }
        }
    }

    fn ruling(&self) -> Option<(AppRecord, Arc<StageFile>)> {
        let item = at_once(self.store.get(&keys::app(self.truth.app))).ok()??;
        let app: AppRecord = serde_json::from_slice(&item.value).ok()?;
        let default = self.truth.repository.default_branch()?;
        let tip = self.truth.repository.tip(default)?;
        let text = self.truth.repository.stage_file(tip)?;
        let file = stage_files::read(text.as_bytes())?;
        Some((app, file))
    }

    fn stage_of(&self, app: &AppRecord, name: &str) -> Option<Stage> {
        let id = StageId {
            app: app.id,
            stage: StageName::new(name),
        };
        let item = at_once(self.store.get(&keys::stage(&id))).ok()??;
        let record: StageRecord = serde_json::from_slice(&item.value).ok()?;
        Some(*record.stage)
    }

    /// B1: of the rules that take a branch the first counts.
    fn check_rules(&mut self, file: &StageFile) {
        for head in self.truth.repository.heads() {
            let Some(branch) = head.reference.branch() else {
                continue;
            };
            let takes = |rule: &&Rule| matches!(&rule.from, From::Branch { pattern, refresh: None } if pattern.matches(branch));
            let first = file.rules.iter().find(takes).map(|rule| &rule.name);
            let trigger = Trigger {
                event: Event::Push,
                reference: head.reference.clone(),
                actor: None,
                deleted: false,
            };
            let resolved = resolve(file, &trigger).rule;
            if first.is_some() && resolved.as_ref() != first {
                let what = format!("{branch} is led by {resolved:?} and not by {first:?}");
                self.found.broken(&self.truth, "B1", what);
            }
        }
    }

    /// Stages of people: none follows a branch that is gone, and no two the same one.
    fn check_personal(&mut self, app: &AppRecord, rule: &Rule) {
        let From::Branch { pattern, .. } = &rule.from else {
            return;
        };
        let mut followed = BTreeSet::new();
        for sort in self.keys_of_prefix(&keys::app_partition(app.id), "stage#") {
            let name = sort.trim_start_matches("stage#");
            let Some(stage) = self
                .stage_of(app, name)
                .filter(|it| it.spec.rule == rule.name)
            else {
                continue;
            };
            let Some(head) = &stage.head else { continue };
            if !head
                .reference
                .branch()
                .is_some_and(|it| pattern.matches(it))
            {
                continue;
            }
            let what = if self.truth.repository.tip(&head.reference).is_none() {
                format!("{} follows {}, which is gone", stage.id, head.reference)
            } else if !followed.insert(head.reference.clone()) {
                format!("{} follows {}, as another does", stage.id, head.reference)
            } else {
                continue;
            };
            self.found.broken(&self.truth, "B3", what);
        }
    }

    fn check_branch(&mut self, stage: &Stage, rule: &Rule) {
        let Some(head) = &stage.head else { return };
        let gone = self.truth.repository.tip(&head.reference).is_none();
        let Some(branch) = head.reference.branch() else {
            return;
        };
        let leads = matches!(&rule.from, From::Branch { pattern, .. } if pattern.matches(branch));
        if gone && leads {
            let what = format!("{} follows {}, which is gone", stage.id, head.reference);
            self.found.broken(&self.truth, "B3", what);
        }
        if !leads || gone || is_left_to_people(stage) || has(stage, &head.revision) {
            return;
        }
        // What passed through took the place of what ran before.
        let name = stage.id.stage.as_str();
        let passed = |run: &Run| matches!(run.cause, Cause::Through { .. });
        // In a line another branch may have had its turn after it.
        let others = stage.queue.fifo || stage.run.iter().chain(&stage.last).any(passed);
        if others && self.checks.passages.ran(name, &head.revision) {
            return;
        }
        let what = format!("{} never took up {}", stage.id, head.revision.short());
        self.found.broken(&self.truth, "A3", what);
    }

    fn check_promotion(&mut self, stage: &Stage, above: &Stage) {
        let Some(verified) = &above.verified else {
            return;
        };
        // A clock that is slow hears of it only so much later.
        if self.truth.now.duration_since(verified.since) < RECENT {
            return;
        }
        let is_it = |release: &Release| *release == verified.release;
        let mut passed = stage.queue.passed.iter();
        let known = stage.run.as_ref().is_some_and(|run| is_it(&run.release))
            || stage.last.as_ref().is_some_and(|run| is_it(&run.release))
            || stage
                .verified
                .as_ref()
                .is_some_and(|green| is_it(&green.release))
            || stage.tried.as_ref().is_some_and(is_it)
            || stage.rejected.as_ref().is_some_and(|no| is_it(&no.release))
            || stage.life.was.as_ref().is_some_and(is_it)
            || stage.line().any(|candidate| {
                candidate.release.as_ref().is_some_and(is_it) || candidate.cause.is_rollback()
            })
            || passed.any(|it| it.revision == verified.release.revision);
        if !known {
            let what = format!(
                "{} never heard that {} is green on {}",
                stage.id,
                verified.release.revision.short(),
                above.id
            );
            self.found.broken(&self.truth, "A3", what);
        }
    }
}

/// Whether a stage knows what to do with a revision, or did it.
fn has(stage: &Stage, revision: &Revision) -> bool {
    let is_it = |release: &Release| release.revision == *revision;
    stage.run.as_ref().is_some_and(|run| is_it(&run.release))
        || stage.last.as_ref().is_some_and(|run| is_it(&run.release))
        || stage
            .deployed
            .as_ref()
            .is_some_and(|deployed| is_it(&deployed.release))
        || stage.tried.as_ref().is_some_and(is_it)
        || stage.rejected.as_ref().is_some_and(|no| is_it(&no.release))
        || stage.line().any(|it| it.revision == *revision)
        || stage.queue.passed.iter().any(|it| it.revision == *revision)
}

/// After a rollback, where a stage went, or what else somebody asked for by name, people say what comes next.
fn is_left_to_people(stage: &Stage) -> bool {
    let personal = |cause: &Cause| cause.is_personal();
    stage.hold.is_some()
        || stage.life.keeps_away()
        || stage.last.as_ref().is_some_and(|run| personal(&run.cause))
        || stage.run.as_ref().is_some_and(|run| personal(&run.cause))
        || stage
            .candidate
            .as_ref()
            .is_some_and(|candidate| personal(&candidate.cause))
}
