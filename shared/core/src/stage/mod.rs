//! The record of one stage: bounded, whole, replaced at each commit. Its history lives elsewhere.

mod brk;
mod candidate;
mod control;
mod flap;
mod flip;
mod foreign;
mod fork;
mod life;
mod passage;
mod queue;
mod quiet;
mod run;
mod watch;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use brk::{Acknowledged, Break, Failing, Fingerprint, Health};
pub use candidate::{BuildNeed, CONTAINS_MAX, Candidate, Cause, Skipped};
pub use control::{
    Approval, Hold, Lock, Override, RefreshSkip, RefreshState, RefreshWish, Rejected,
};
pub use flap::{Flap, Flapped, Flapping};
pub use flip::{Handed, Turn, TurnKind};
pub use foreign::Foreign;
pub use fork::Fork;
pub use life::{
    Extended, Gone, Left, Life, Orphan, Parked, Pinned, REFS_MAX, Source, Warned, Why, Wish,
};
pub use passage::{HEARD_MAX, Heard, Passage};
pub use queue::{Passed, Proof, QUEUE_MAX, Queue, Taken};
pub use quiet::{Kept, Mute, Quiet, Untold};
pub use run::{Outcome, Phase, Run, StopReason, SuiteProgress, Unstopped};
pub use watch::{Judged, Looked, Round, Watch};

use crate::name::{
    Actor, ExecutionId, RecipeHash, RefName, Revision, RuleName, SettingsHash, StageId,
};
use crate::release::{Outputs, Release};

/// How many releases that were verified here a stage remembers, for rolling back.
pub const GREENS_MAX: usize = 5;

/// One stage of an app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stage {
    pub id: StageId,
    /// The rule that leads here, and the values its template was filled with.
    pub spec: Spec,
    /// Counts claimed runs; only grows.
    pub generation: u64,
    /// The branch head, tag or pull request last seen leading here.
    pub head: Option<Head>,
    /// What is deployed next. With the `newest` policy nothing else waits; with `fifo` the rest is in
    /// `queue`.
    pub candidate: Option<Candidate>,
    /// The claimed run, until it has ended.
    pub run: Option<Run>,
    /// The run that ended last.
    pub last: Option<Run>,
    /// What may still be changing the stage though its run, the last one, is over. Nothing is
    /// claimed beside it; it is here until it has ended, or until a person goes on without it.
    #[serde(default)]
    pub unstopped: Option<Unstopped>,
    pub deployed: Option<Deployed>,
    /// Present exactly while what is deployed is green; its `since` is where a soak begins.
    pub verified: Option<Verified>,
    /// Releases that were verified here, newest first, at most [`GREENS_MAX`]. A rollback leaves
    /// its release where it is, so that the next one goes further back.
    #[serde(default)]
    pub greens: Vec<Verified>,
    /// The release that did not succeed here last; automation does not try it again.
    pub tried: Option<Release>,
    /// `tried` once more if nobody could tell how it is: no reason to take it out of another
    /// stage's line.
    #[serde(default)]
    pub unclear: Option<Release>,
    /// The release that a person does not want here; automation does not try it either.
    #[serde(default)]
    pub rejected: Option<Rejected>,
    pub health: Health,
    pub brk: Option<Break>,
    /// Counts break episodes; only grows.
    pub episodes: u64,
    pub lock: Option<Lock>,
    pub hold: Option<Hold>,
    #[serde(default)]
    pub approvals: Vec<Approval>,
    pub refresh: RefreshState,
    /// The candidate passes these windows once; gone with the candidate, or with its claim.
    #[serde(default)]
    pub overridden: Option<Override>,
    /// Counts passages; only grows.
    #[serde(default)]
    pub passages: u64,
    /// The way of what waits or runs through another stage.
    #[serde(default)]
    pub passage: Option<Passage>,
    /// What other stages asked this one to deploy, at most [`HEARD_MAX`].
    #[serde(default)]
    pub heard: Vec<Heard>,
    /// Somebody ran steps here past Greenroom, since the last execution that was let in.
    #[serde(default)]
    pub foreign: Option<Foreign>,
    /// Of a stage that was made to go again.
    #[serde(default, skip_serializing_if = "Life::is_blank")]
    pub life: Life,
    /// Of a stage whose suites run again though nothing is deployed.
    #[serde(default, skip_serializing_if = "Watch::is_blank")]
    pub watch: Watch,
    /// What waits behind the candidate, where each change is deployed by itself.
    #[serde(default, skip_serializing_if = "Queue::is_blank")]
    pub queue: Queue,
    /// Of a stage that somebody muted.
    #[serde(default, skip_serializing_if = "Quiet::is_blank")]
    pub quiet: Quiet,
    /// Of a stage that takes turns with another: what a person last asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// Of such a stage: what it last gave to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed: Option<Handed>,
    /// Of a stage that broke lately.
    #[serde(default, skip_serializing_if = "Flap::is_blank")]
    pub flap: Flap,
}

/// Which rule made the stage, and with what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    pub rule: RuleName,
    pub actor: Option<Actor>,
    pub pull_request: Option<u64>,
    /// Present once a pull request from a fork has led here; never gone again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<Fork>,
}

/// Where what leads to a stage stood when it was last read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Head {
    pub reference: RefName,
    pub revision: Revision,
    pub actor: Option<Actor>,
    pub seen_at: Timestamp,
    /// It differs from this in none of the paths that the stage is about, and is not wanted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untouched: Option<Revision>,
}

/// What stands on the stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deployed {
    pub release: Release,
    pub generation: u64,
    /// When the execution was admitted; when it succeeded, once `complete`.
    pub at: Timestamp,
    /// False from admission until the pipeline has succeeded: nobody can say what stands there.
    pub complete: bool,
    pub outputs: Outputs,
    /// The branch or tag it came from; none for what was promoted or rolled back to.
    #[serde(default)]
    pub reference: Option<RefName>,
    /// The branch that had the stage before, if it was another: who pushes last, has it.
    #[serde(default)]
    pub took_over: Option<RefName>,
    /// What the stage demanded when it was claimed; none in records of older versions.
    #[serde(default)]
    pub terms: Option<Terms>,
    /// A rollback put it there: it came before others that were green or tried.
    #[serde(default)]
    pub is_back: bool,
}

/// What a stage demanded when something was proven or approved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terms {
    pub recipe: RecipeHash,
    pub settings: SettingsHash,
}

/// A release that passed everything a stage demands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verified {
    pub release: Release,
    pub terms: Terms,
    pub generation: u64,
    pub since: Timestamp,
}

impl Stage {
    /// A stage nothing has happened to yet.
    pub fn new(id: StageId, spec: Spec, now: Timestamp) -> Self {
        Self {
            id,
            spec,
            generation: 0,
            head: None,
            candidate: None,
            run: None,
            last: None,
            unstopped: None,
            deployed: None,
            verified: None,
            greens: Vec::new(),
            tried: None,
            unclear: None,
            rejected: None,
            health: Health::Unknown,
            brk: None,
            episodes: 0,
            lock: None,
            hold: None,
            approvals: Vec::new(),
            refresh: RefreshState {
                schedule: None,
                enabled_at: now,
                decided: None,
                wish: None,
                skipped: None,
            },
            overridden: None,
            passages: 0,
            passage: None,
            heard: Vec::new(),
            foreign: None,
            life: Life::default(),
            watch: Watch::default(),
            queue: Queue::default(),
            quiet: Quiet::default(),
            turn: None,
            handed: None,
            flap: Flap::default(),
        }
    }

    /// The claimed run, if it is of this generation.
    pub fn run_of(&mut self, generation: u64) -> Option<&mut Run> {
        self.run.as_mut().filter(|run| run.generation == generation)
    }

    /// The execution that may be changing the stage, with the generation of its run.
    pub fn watched(&self) -> Option<(u64, &ExecutionId)> {
        match (&self.run, &self.unstopped) {
            (Some(run), _) if run.ended.is_none() => {
                Some((run.generation, run.execution.as_ref()?))
            }
            (None, Some(unstopped)) => Some((unstopped.generation, &unstopped.execution)),
            _ => None,
        }
    }

    /// What stands on the stage for certain.
    pub fn stands(&self) -> Option<&Deployed> {
        self.deployed.as_ref().filter(|deployed| deployed.complete)
    }

    /// Whether nobody could tell how `release` is when it was tried here last.
    pub fn is_unclear(&self, release: &Release) -> bool {
        self.unclear.as_ref() == Some(release) && self.tried == self.unclear
    }

    /// The newest release that was green here before what was deployed last.
    pub fn rollback_target(&self) -> Option<&Verified> {
        self.rollback_targets().next()
    }

    /// All of them, newest first.
    pub fn rollback_targets(&self) -> impl Iterator<Item = &Verified> {
        let last = self.deployed.as_ref().map(|deployed| &deployed.release);
        let place = self
            .greens
            .iter()
            .position(|green| Some(&green.release) == last);
        self.greens.iter().skip(place.map_or(0, |place| place + 1))
    }
}
