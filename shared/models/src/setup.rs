//! What a model is given: a stage file, bounds, who may do what, and which protection is missing.

use greenroom_core::stage_file::StageFile;
use jiff::{SignedDuration, Timestamp};
use stateright::Property;

use crate::protocol::Protocol;

/// One step of time. Longer than every wait of the stage files here, so that one step is enough
/// for each of them; shorter than two of any soak.
pub const TICK: SignedDuration = SignedDuration::from_mins(5);

/// A step of time, counted from the beginning.
pub type Tick = u8;

/// A protection that is taken away, to see that the model notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Executions deploy without asking.
    NoFence,
    /// A commit replaces whatever stands in the table.
    NoVersion,
    /// A claim or an admission does not check that the upstream is still what was read.
    UpstreamUnchecked,
    /// A yes is kept for the stage, and counts for whatever is its candidate.
    ApprovalUnbound,
    /// People say yes without naming the commit they looked at.
    ApprovalUnnamed,
    /// A run that is given up leaves nothing behind that automation waits for.
    NoHold,
}

/// What a person may ask for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Wish {
    Abort,
    Retry,
    Rollback,
    /// Until a later tick, or until somebody unlocks it.
    Lock {
        by: u8,
        until: Option<Tick>,
    },
    Unlock,
    Approve {
        by: u8,
    },
    Reject {
        by: u8,
    },
}

/// What may become of the upstream, all at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Move {
    /// A newer head is deployed and verified.
    Green,
    /// A newer head is deployed and fails.
    Red,
    /// What was green before is rolled back to, and verified once more.
    Back,
}

/// How an execution may end, as the pipeline tells it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum End {
    Succeeded,
    Failed,
    Errored,
    Refused,
    Stopped,
}

/// One model: what happens in it, and how much of it.
#[derive(Clone, Debug)]
pub struct Setup {
    pub name: &'static str,
    /// Stage files that can be in force; the first one is at the beginning.
    pub files: Vec<StageFile>,
    /// The stage that is looked at.
    pub rule: &'static str,
    /// How wrong clocks may be, and the readings in ticks that are tried.
    pub clock_error: SignedDuration,
    pub skews: &'static [i8],
    /// Time stops at this tick.
    pub ticks: Tick,
    /// Decisions that are made and not yet committed, at once.
    pub workers: usize,
    /// Claims, in all.
    pub generations: u64,
    /// Executions, in all; any start that arrives may make one more.
    pub executions: usize,
    /// Starts on their way to the pipeline, at once.
    pub flying: usize,
    /// Heads the branch has had, one after the other; none come back.
    pub heads: u8,
    /// Whether heads lead to the stage by themselves, and not only by its schedule.
    pub pushed: bool,
    /// Changes of the upstream, in all.
    pub upstream_moves: u8,
    /// Changes of the stage file in force, in all.
    pub file_moves: u8,
    pub wishes: Vec<Wish>,
    /// How an execution that deploys may end by itself.
    pub ends: &'static [End],
    pub fault: Option<Fault>,
    pub properties: fn() -> Vec<Property<Protocol>>,
}

impl Setup {
    /// Tick zero.
    pub const BEGINNING: Timestamp = Timestamp::constant(3_600, 0);

    /// A stage that takes a branch, one worker's step at a time; models change what they need.
    pub fn new(
        name: &'static str,
        file: &str,
        properties: fn() -> Vec<Property<Protocol>>,
    ) -> Self {
        Self {
            name,
            files: vec![stage_file(file)],
            rule: "dev",
            clock_error: SignedDuration::ZERO,
            skews: &[0],
            ticks: 0,
            workers: 2,
            generations: 2,
            executions: 2,
            flying: 1,
            heads: 1,
            pushed: true,
            upstream_moves: 0,
            file_moves: 0,
            wishes: Vec::new(),
            ends: &[End::Succeeded],
            fault: None,
            properties,
        }
    }

    /// The same without one of its protections.
    #[must_use]
    pub fn without(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// What a clock reads at `tick` that is wrong by `skew` ticks.
    pub fn clock(&self, tick: Tick, skew: i8) -> Timestamp {
        let ticks = i32::from(tick) + i32::from(skew);
        Self::BEGINNING + TICK * ticks
    }
}

/// A stage file that is valid.
pub fn stage_file(text: &str) -> StageFile {
    StageFile::parse("greenroom.yaml", text.as_bytes()).expect("the model's stage file is valid")
}
