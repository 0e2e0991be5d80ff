//! Two announcements of one channel in the outbox: a break, and its recovery.
//!
//! The core decides both here; the way they are delivered is the app's, and mirrored: `perform`,
//! `try_again` and `give_up` of `shared/app/src/dispatch.rs`, `claim` of
//! `shared/app/src/dispatch/claim.rs`, `announce` of `shared/app/src/dispatch/announce.rs` and
//! `Gate::NotYet` beside it, `removal` and `replacement` of `shared/app/src/outbox.rs`. Two messages are
//! below every cap. A lease is one tick here, a wait of the ladder nothing or a tick.
//!
//! A worker may stop anywhere for as long as it likes, and go on when its lease is long over.

pub mod promises;
mod steps;

use std::sync::Arc;

use greenroom_core::effect::Effect;
use stateright::{Model, Property};

use crate::setup::Tick;

/// Which of the two announcements.
pub type Letter = usize;

/// A protection that is taken away, to see that the model notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// The entry goes when it is claimed, before it is sent.
    RemovedFirst,
    /// Whoever finds an entry sends it; nobody is kept away.
    NoLease,
    /// An answer that never came counts as a no.
    SilenceIsNo,
    /// An answer that never came counts as a yes.
    SilenceIsYes,
    /// A recovery does not wait for its break.
    NoOrder,
}

/// How much of it is looked at.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Time stops at this tick.
    pub ticks: Tick,
    /// Workers, each with a clock and a mind of its own; of one process if `alone`.
    pub workers: usize,
    /// One process: when it dies all of its workers do, and the next one knows.
    pub alone: bool,
    /// How often that may happen.
    pub restarts: u8,
    /// Failed tries after which nobody tries any more.
    pub tries: u8,
    pub flaw: Option<Flaw>,
    pub properties: fn(&Bounds) -> Vec<Property<Outbox>>,
}

/// One try, as the entry remembers it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Attempt {
    pub answered: bool,
    pub ambiguous: bool,
}

/// An outbox entry, and the version it has.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    pub version: u8,
    pub due: Tick,
    pub attempts: Vec<Attempt>,
    pub tries: u8,
    /// Which process is at it, and until when nobody else is.
    pub claim: Option<(u8, Tick)>,
}

/// What the channel answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reply {
    Taken,
    /// None came; the flag is whether the message did arrive.
    Silence(bool),
    /// Certainly not sent.
    Later,
    /// It never will be.
    Never,
}

/// Where a worker is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Worker {
    Idle,
    /// It has read this version and is about to replace it with its claim.
    Read(Letter, u8, Entry),
    /// Its claim is this version; it is about to send.
    Claimed(Letter, Entry),
    /// It has this answer and is about to write it down.
    Answered(Letter, Entry, Reply),
}

/// What happened, for the properties.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Told {
    /// Copies that do not say they may be one.
    pub plain: u8,
    /// Copies that do.
    pub repeated: u8,
    /// Tries of which nobody knows whether they arrived.
    pub unknown: u8,
    /// Nobody tries any more; told on another channel.
    pub given_up: bool,
    /// A copy was sent when the entry was gone already.
    pub late: bool,
    /// Somebody took it over from somebody else.
    pub taken_over: bool,
}

impl Told {
    pub fn copies(&self) -> u8 {
        self.plain + self.repeated
    }
}

/// The world at one moment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    pub tick: Tick,
    /// Counts processes, when there is one at a time.
    pub process: u8,
    pub entries: Vec<Option<Entry>>,
    pub workers: Vec<Worker>,
    pub told: Vec<Told>,
    /// The recovery was told while the break was not, and nobody had given it up.
    pub out_of_turn: bool,
}

/// Whatever can happen next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    Tick,
    /// A worker finds that an entry is due, or left over.
    Reads(usize, Letter),
    /// It commits its claim. If the answer gets lost it reads again, and finds that the claim is
    /// its own and goes on, or is not, which is as if it had died before.
    Claims(usize),
    /// It sends, and is answered so.
    Sends(usize, Reply),
    /// It writes down what came of it, the next try being so many ticks away.
    Records(usize, Tick),
    /// It dies, or its process does.
    Dies(usize),
}

/// The model.
#[derive(Debug)]
pub struct Outbox {
    pub bounds: Bounds,
    /// The two announcements, as the core decided them.
    pub effects: Arc<[Effect]>,
}

impl Outbox {
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            effects: steps::announcements().into(),
        }
    }

    /// Whether this protection is missing.
    pub fn lacks(&self, flaw: Flaw) -> bool {
        self.bounds.flaw == Some(flaw)
    }
}

impl Model for Outbox {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let entry = Entry {
            version: 1,
            due: 0,
            attempts: Vec::new(),
            tries: 0,
            claim: None,
        };
        vec![State {
            tick: 0,
            process: 0,
            entries: self.effects.iter().map(|_| Some(entry.clone())).collect(),
            workers: vec![Worker::Idle; self.bounds.workers],
            told: self.effects.iter().map(|_| Told::default()).collect(),
            out_of_turn: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.tick < self.bounds.ticks {
            actions.push(Action::Tick);
        }
        for (n, worker) in state.workers.iter().enumerate() {
            match worker {
                Worker::Idle => {
                    actions.extend((0..state.entries.len()).map(|letter| Action::Reads(n, letter)));
                }
                Worker::Read(..) => actions.push(Action::Claims(n)),
                Worker::Claimed(..) => {
                    let replies = [
                        Reply::Taken,
                        Reply::Silence(true),
                        Reply::Silence(false),
                        Reply::Later,
                        Reply::Never,
                    ];
                    actions.extend(replies.map(|reply| Action::Sends(n, reply)));
                }
                Worker::Answered(..) => {
                    actions.extend([0, 1].map(|wait| Action::Records(n, wait)));
                }
            }
            if *worker != Worker::Idle {
                actions.push(Action::Dies(n));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.happens(&mut next, action)?;
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        (self.bounds.properties)(&self.bounds)
    }
}
