//! A state of the world: the table, what is under way, and what is true whatever the table says.

use std::collections::BTreeSet;

use crate::book::StageKey;
use crate::setup::{End, Tick, Wish};

/// The `n`th commit of the branch.
pub type Head = u8;

/// What a start carries, and all an execution knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Start {
    pub generation: u64,
    /// Claims that nobody may take for each other have different ones.
    pub nonce: u8,
    pub head: Head,
}

/// An effect that matters here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Out {
    Start(Start),
    Stop(u8),
    /// Read the branch for the slot of the schedule that was due at this tick.
    ReadHead(Tick),
}

/// Why a worker looks at the stage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Input {
    /// Time has passed, or the execution was read: how it ended, if it has.
    Look(Option<End>),
    /// The branch was read.
    Head(Head),
    /// The branch was read for this slot.
    Refreshed(Tick, Head),
    /// The pipeline answered a start with this execution.
    Started(Start, u8),
    /// An execution asks the fence.
    Ask(Start, u8),
    /// The suites have answered, all alike.
    Tested(bool),
    /// A person asks, about the commit they looked at if it matters.
    Wish(Wish, Option<Head>),
}

/// A decision that is made and not yet committed: what was read is still what stands in the
/// table, or the commit would be refused.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hold {
    pub input: Input,
    pub read: StageKey,
    pub next: StageKey,
    pub out: Vec<Out>,
    /// The stage file it was decided by.
    pub file: u8,
    /// What a person looked at before they asked: the commit and the stage file.
    pub seen: Option<(Head, u8)>,
}

/// Where an execution really is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// Before the fence.
    Asking,
    /// The fence said yes; the answer is on its way.
    Granted,
    /// It changes the stage.
    Deploying,
    Ended(End),
}

/// An execution of the pipeline.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Execution {
    pub start: Start,
    pub phase: Phase,
    /// Whether it has ever changed the stage.
    pub touched: bool,
    /// Its run is over although it was not: it would not stop.
    pub given_up: bool,
    /// A person went on without it since.
    pub gone_on: bool,
}

impl Execution {
    /// True while it may change the stage without asking anybody again.
    pub fn is_let_in(&self) -> bool {
        matches!(self.phase, Phase::Granted | Phase::Deploying)
    }
}

/// Something that must never happen. It is noted where it happens and looked at by properties.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Wrong {
    /// Claimed, or let in, while a person's lock held.
    UnderLock,
    /// Claimed, or let in, for a commit that too few people said yes to.
    Unapproved,
    /// Claimed, or let in, while the upstream was not green with it for long enough.
    Unproven,
    /// Let in although it is not of the current claim, with the claim's nonce and commit.
    NotClaimed,
    /// Let in and told to stop by one commit: its time was up.
    TooLate,
    /// Automation sent the same commit again while one that would not stop was still at it.
    Repeated,
    /// Automation sent another commit while one that would not stop was still at it.
    Overtaken,
    /// A slot of the schedule was decided again, or after a later one.
    SlotTwice,
    /// A plan of what was just planned, at the same instant, wanted something else.
    Unsettled,
}

/// What happened, for the properties; the protocol cannot read it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Truth {
    pub wrong: BTreeSet<Wrong>,
    /// A lock that was granted, not taken back, and not over: until which tick.
    pub lock: Option<Option<Tick>>,
    /// Who said yes to what: person, commit, the stage file it counts for, and the one that was in
    /// force when they looked.
    pub yes: BTreeSet<(u8, Head, u8, u8)>,
    /// What each person looked at last.
    pub seen: Vec<Option<(Head, u8)>>,
    /// What stands on the stage; `None`: nobody knows.
    pub on_stage: Option<Head>,
    /// What the upstream is green with, and since which tick.
    pub upstream: Option<(Head, Tick)>,
    /// Something was let in at some time.
    pub let_in: bool,
    /// A claim or an admission counted a yes of somebody who had looked at other terms.
    pub blindly: bool,
    /// Slots for which the branch was to be read.
    pub slots: BTreeSet<Tick>,
}

impl Truth {
    /// How many people said yes to `head`, under the stage files that `counts` (the one their
    /// yes was recorded for, the one they had looked at).
    pub fn people_for(&self, head: Head, counts: impl Fn(u8, u8) -> bool) -> usize {
        let yes = self.yes.iter();
        let meant = yes.filter(|(_, yes, decided, seen)| *yes == head && counts(*decided, *seen));
        let people: BTreeSet<u8> = meant.map(|(by, ..)| *by).collect();
        people.len()
    }
}

/// The world at one moment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    pub stage: StageKey,
    pub upstream: Option<StageKey>,
    /// The newest head the upstream has deployed; `0`: none.
    pub upstream_head: Head,
    /// Which stage file is in force.
    pub file: u8,
    pub file_moves: u8,
    pub upstream_moves: u8,
    pub tick: Tick,
    /// Where the branch really stands; `0`: nowhere yet.
    pub head: Head,
    /// Sorted, so that it does not matter which worker is which.
    pub holds: Vec<Hold>,
    /// Outbox entries of starts and stops, until they are removed.
    pub outbox: BTreeSet<Out>,
    /// Starts on their way; sorted.
    pub flying: Vec<Start>,
    pub executions: Vec<Execution>,
    pub truth: Truth,
}
