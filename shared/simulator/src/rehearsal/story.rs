//! What people want to know of weeks: what ran and how it ended, how long a push took, how long a
//! stage was green, what was waited for.

use std::collections::BTreeMap;

use greenroom_app::records::StageRecord;
use greenroom_core::name::{AppId, Revision};
use greenroom_core::stage::{Cause, Stage};
use jiff::{SignedDuration, Timestamp};

use super::glass::{Glass, waits};
use crate::truth::{Answer, Happened, Truth};
use crate::world::World;

/// Everything of one rehearsal, or of several together.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// By name; stages that only existed for a while are among them.
    pub stages: BTreeMap<String, StageStory>,
    /// Messages that arrived, by channel.
    pub messages: BTreeMap<String, u64>,
    /// Messages that were refused for good, by channel.
    pub refused: BTreeMap<String, u64>,
    pub pushes: u64,
}

/// What happened to one stage.
#[derive(Clone, Debug, Default)]
pub struct StageStory {
    /// Runs that have ended, by outcome.
    pub runs: BTreeMap<&'static str, u64>,
    pub deployments: u64,
    /// Runs that took what another stage had verified, and succeeded.
    pub promotions: u64,
    pub rollbacks: u64,
    pub breaks: u64,
    pub green: SignedDuration,
    pub red: SignedDuration,
    /// From a push to the first time it was green here, one for each release.
    pub to_green: Vec<SignedDuration>,
    /// For how long what was waited for, longest and by whom it could end.
    pub waits: BTreeMap<&'static str, Waited>,
    pub refreshes: u64,
    pub skipped: u64,
    state: Standing,
    greens: Vec<Revision>,
}

/// How long something was waited for.
#[derive(Clone, Debug, Default)]
pub struct Waited {
    pub total: SignedDuration,
    pub who: String,
    pub blocked: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    since: Option<Timestamp>,
    green: bool,
    red: bool,
}

impl StageStory {
    fn settle(&mut self, now: Timestamp) {
        if let Some(since) = self.state.since {
            let lasted = now.duration_since(since);
            if self.state.red {
                self.red += lasted;
            } else if self.state.green {
                self.green += lasted;
            }
        }
        self.state.since = Some(now);
    }

    fn replaced(&mut self, truth: &Truth, before: Option<&Stage>, after: &Stage) {
        self.settle(truth.now);
        self.state.green = after.verified.is_some();
        self.state.red = after.brk.is_some();
        self.ended(before, after);
        if after.episodes > before.map_or(0, |before| before.episodes) {
            self.breaks += 1;
        }
        let skipped = before.and_then(|before| before.refresh.skipped.as_ref());
        if after.refresh.skipped.is_some() && after.refresh.skipped.as_ref() != skipped {
            let missed = after.refresh.skipped.as_ref().map_or(0, |skip| skip.missed);
            self.skipped += u64::from(missed.max(1));
        }
        let Some(verified) = &after.verified else {
            return;
        };
        let revision = &verified.release.revision;
        if self.greens.contains(revision) {
            return;
        }
        self.greens.push(revision.clone());
        if let Some(commit) = truth.repository.find(revision) {
            self.to_green.push(truth.now.duration_since(commit.at));
        }
    }

    fn ended(&mut self, before: Option<&Stage>, after: &Stage) {
        let known = before.and_then(|before| before.last.as_ref());
        let last = after.last.as_ref();
        let Some(run) =
            last.filter(|run| known.map(|known| known.generation) != Some(run.generation))
        else {
            return;
        };
        let Some(outcome) = run.outcome else { return };
        *self.runs.entry(outcome.code()).or_default() += 1;
        let succeeded = outcome.code() == "succeeded";
        match &run.cause {
            Cause::Promotion { .. } if succeeded => self.promotions += 1,
            Cause::Rollback { .. } if succeeded => self.rollbacks += 1,
            Cause::Refresh { .. } => self.refreshes += 1,
            _ => {}
        }
    }

    fn add(&mut self, other: Self) {
        for (outcome, n) in other.runs {
            *self.runs.entry(outcome).or_default() += n;
        }
        for (code, waited) in other.waits {
            let mine = self.waits.entry(code).or_default();
            mine.total += waited.total;
            mine.blocked |= waited.blocked;
            mine.who = waited.who;
        }
        self.deployments += other.deployments;
        self.promotions += other.promotions;
        self.rollbacks += other.rollbacks;
        self.breaks += other.breaks;
        self.green += other.green;
        self.red += other.red;
        self.refreshes += other.refreshes;
        self.skipped += other.skipped;
        self.to_green.extend(other.to_green);
    }

    /// The duration that so many of a hundred pushes did not exceed until they were green.
    pub fn percentile(&self, hundredths: usize) -> Option<SignedDuration> {
        let mut all = self.to_green.clone();
        all.sort();
        let last = all.len().checked_sub(1)?;
        all.get(last * hundredths / 100).copied()
    }
}

impl Story {
    /// Notes what has just happened.
    pub fn see(&mut self, truth: &Truth, happened: &Happened<'_>) {
        match happened {
            Happened::Stage { before, after } => {
                let before = before.map(|before: &StageRecord| &*before.stage);
                let stage = self.stage(after.stage.id.stage.as_str());
                stage.replaced(truth, before, &after.stage);
            }
            Happened::Deployed { execution } => {
                let execution = truth.executor.get(*execution);
                if let Some(stage) = execution.stage() {
                    self.stage(stage).deployments += 1;
                }
            }
            Happened::Told(told) => {
                let by = match told.answer {
                    Answer::Refused => &mut self.refused,
                    _ if told.arrived => &mut self.messages,
                    _ => return,
                };
                *by.entry(told.channel.to_string()).or_default() += 1;
            }
            Happened::Moved { to: Some(_), .. } => self.pushes += 1,
            _ => {}
        }
    }

    fn stage(&mut self, name: &str) -> &mut StageStory {
        self.stages.entry(name.to_owned()).or_default()
    }

    /// Another rehearsal of the same file.
    pub fn add(&mut self, other: Self) {
        for (name, stage) in other.stages {
            self.stages.entry(name).or_default().add(stage);
        }
        for (channel, n) in other.messages {
            *self.messages.entry(channel).or_default() += n;
        }
        for (channel, n) in other.refused {
            *self.refused.entry(channel).or_default() += n;
        }
        self.pushes += other.pushes;
    }
}

impl World {
    /// Notes what every stage waits for, for as long as nobody looked.
    pub(super) fn note_waits(&mut self, since: SignedDuration) {
        let app: AppId = self.shared.lock().truth.app;
        let found = {
            let glass = self.glass.get_or_insert_with(|| Glass::app(&self.shared));
            waits(glass, app)
        };
        let mut inner = self.shared.lock();
        let Some(story) = &mut inner.story else {
            return;
        };
        for waiting in found {
            let stage = story.stage(waiting.stage.as_str());
            let waited = stage.waits.entry(waiting.code).or_default();
            waited.total += since;
            waited.blocked |= waiting.blocked;
            waited.who = waiting.who;
        }
    }

    /// The last states end now.
    pub(super) fn conclude_story(&mut self) {
        let mut inner = self.shared.lock();
        let now = inner.truth.now;
        if let Some(story) = &mut inner.story {
            for stage in story.stages.values_mut() {
                stage.settle(now);
            }
        }
    }
}
