//! What waits behind the candidate of a stage that deploys each change by itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Candidate, Stage, Terms};
use crate::name::{RefName, Revision, StageName};
use crate::release::Release;

/// At most this many wait behind the candidate; of more, the newest two become one.
pub const QUEUE_MAX: usize = 20;

/// The line behind the candidate (`fifo` policy); blank on stages that take the newest.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Queue {
    /// Whether the stage deploys each change by itself, as the stage file had it last.
    #[serde(default)]
    pub fifo: bool,
    /// Behind the candidate, in the order they were seen, at most [`QUEUE_MAX`]. Empty while there
    /// is no candidate.
    #[serde(default)]
    pub waiting: Vec<Candidate>,
    /// What the upstream had verified of what waits or runs here: it may stand there no more.
    #[serde(default)]
    pub proven: Vec<Proof>,
    /// How far the upstream's greens were taken over.
    #[serde(default)]
    pub taken: Option<Taken>,
    /// What gave way to the next without having been deployed, newest last, at most [`QUEUE_MAX`].
    #[serde(default)]
    pub passed: Vec<Passed>,
}

/// A release that the upstream had verified, under these terms.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proof {
    pub release: Release,
    pub terms: Terms,
}

/// The greens of `from` up to this generation were taken over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Taken {
    pub from: StageName,
    pub generation: u64,
}

/// A change that cannot be deployed, and kept nobody waiting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Passed {
    pub revision: Revision,
    pub why: String,
    pub at: Timestamp,
}

impl Queue {
    /// True on stages that take the newest.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// Writes down that `revision` gave way.
    pub fn pass_over(&mut self, revision: Revision, why: String, at: Timestamp) {
        self.passed.push(Passed { revision, why, at });
        let over = self.passed.len().saturating_sub(QUEUE_MAX);
        self.passed.drain(..over);
    }
}

impl Stage {
    /// All that waits, what is next first.
    pub fn line(&self) -> impl Iterator<Item = &Candidate> {
        self.candidate.iter().chain(&self.queue.waiting)
    }

    /// Takes its place at the end.
    pub fn enqueue(&mut self, fresh: Candidate) {
        if self.candidate.is_none() && self.queue.waiting.is_empty() {
            self.candidate = Some(fresh);
            return;
        }
        self.queue.waiting.push(fresh);
        self.bound();
    }

    /// Goes before all that waits; nothing of it is lost.
    pub fn go_first(&mut self, first: Candidate) {
        if let Some(second) = self.candidate.replace(first) {
            self.queue.waiting.insert(0, second);
        }
        self.bound();
    }

    /// The first that waits becomes the candidate, if there is none.
    pub fn move_up(&mut self) {
        if self.candidate.is_none() && !self.queue.waiting.is_empty() {
            self.candidate = Some(self.queue.waiting.remove(0));
        }
    }

    /// Takes out of the line what `keep` says no to. What waited behind it moves up.
    pub fn keep_in_line(&mut self, keep: impl Fn(&Candidate) -> bool) {
        self.candidate = self.candidate.take().filter(|candidate| keep(candidate));
        self.queue.waiting.retain(keep);
        self.move_up();
    }

    /// The reference is back at `revision`: what came from it after that is wanted no more.
    pub fn back_to(&mut self, revision: &Revision, reference: &RefName) {
        let place = self.line().position(|it| it.revision == *revision);
        let mut n = 0;
        let from = place.map_or(0, |place| place + 1);
        let mut stays = |it: &Candidate| {
            n += 1;
            n <= from || it.cause.is_personal() || it.reference.as_ref() != Some(reference)
        };
        self.candidate = self.candidate.take().filter(&mut stays);
        self.queue.waiting.retain(stays);
        self.move_up();
    }

    /// Where too many wait, the newest is deployed together with the one before it of its branch.
    fn bound(&mut self) {
        while self.queue.waiting.len() > QUEUE_MAX {
            let Some(newest) = self.queue.waiting.pop() else {
                return;
            };
            let before = |it: &Candidate| !newest.takes_over(it.reference.as_ref());
            let place = self.queue.waiting.iter().rposition(before);
            let older = place.map(|place| self.queue.waiting.remove(place));
            // Of as many branches or tags, each with one change: nothing is contained in anything.
            if older.is_none()
                && let Some(older) = self.queue.waiting.pop()
            {
                let why = format!("{QUEUE_MAX} others wait, and none contains it");
                self.queue.pass_over(older.revision, why, newest.since);
            }
            self.queue.waiting.push(newest.superseding(older));
        }
    }
}
