//! One stage, a table with versions, workers that forget, a pipeline that does as it likes.
//!
//! A worker loads the stage, has the core decide, and commits; between any two of these anything
//! else may happen, and it may die. Since a commit names the version that was read, a decision
//! over an older one can only be refused: it is dropped at the moment it becomes outdated, which
//! spares the model all the states in which it waits for that. Versions themselves need no number
//! then, and a record that comes back to what it was is the same state as before.
//!
//! Starts are performed as `start_execution` in `shared/app/src/dispatch/pipeline.rs` does it: the
//! entry and the stage are read, the request is sent, and stays in the outbox until the answer is
//! recorded. There is no lease, so any number of workers may send it, and each copy arrives when
//! it likes or never; the pipeline may know its token or have forgotten it.

use std::hash::Hash;

use greenroom_core::stage::Stage;
use stateright::{Model, Property};

use crate::book::{Book, StageKey};
use crate::decide::{blank, index};
use crate::setup::{End, Fault, Move, Setup, Wish};
use crate::state::{Input, Out, Phase, Start, State, Truth};

/// Whatever can happen next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Time goes on.
    Tick,
    /// Somebody pushes.
    Push,
    /// Another stage file comes into force.
    FileChanges,
    /// The upstream changes, by a clock that is wrong by so many ticks.
    Upstream(Move, i8),
    /// A person looks at the board.
    Sees(u8),
    /// A worker loads the stage and decides, by a clock that is wrong by so many ticks.
    Decides(Input, i8),
    /// It commits what it decided.
    Commits(usize),
    /// It dies, and what it decided is forgotten.
    Dies(usize),
    /// A worker performs a start.
    Sends(Start),
    /// A worker finds that a start is not wanted any more, and removes it.
    Skips(Start),
    /// A start arrives: a new execution, or the token is known.
    Arrives(usize, bool),
    /// A stop is performed.
    Stops(u8),
    /// The execution hears that it was let in, or does not care, and deploys.
    Deploys(u8),
    /// It ends.
    Ends(u8, End),
}

/// The model of one setup.
#[derive(Debug)]
pub struct Protocol {
    pub setup: Setup,
    pub book: Book,
}

impl Protocol {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            book: Book::default(),
        }
    }

    /// The record that stands in the table.
    pub fn stage(&self, state: &State) -> std::sync::Arc<Stage> {
        self.book.stage(state.stage)
    }

    /// Whether this protection is missing.
    pub fn lacks(&self, fault: Fault) -> bool {
        self.setup.fault == Some(fault)
    }

    fn inputs(&self, state: &State) -> Vec<Input> {
        let stage = self.stage(state);
        let watched = stage.watched().map(|(_, id)| id);
        let ended = watched.and_then(|id| match state.executions[usize::from(index(id))].phase {
            Phase::Ended(end) => Some(end),
            _ => None,
        });
        let mut inputs = vec![Input::Look(ended)];
        if state.head > 0 && self.setup.pushed {
            inputs.push(Input::Head(state.head));
        }
        for out in &state.outbox {
            if let Out::ReadHead(slot) = out
                && state.head > 0
            {
                inputs.push(Input::Refreshed(*slot, state.head));
            }
        }
        for (n, execution) in (0_u8..).zip(&state.executions) {
            if state.outbox.contains(&Out::Start(execution.start)) {
                inputs.push(Input::Started(execution.start, n));
            }
            if execution.phase == Phase::Asking && !self.lacks(Fault::NoFence) {
                inputs.push(Input::Ask(execution.start, n));
            }
        }
        for wish in &self.setup.wishes {
            match wish {
                Wish::Approve { by } | Wish::Reject { by } => {
                    let seen = state.truth.seen.get(usize::from(*by)).copied().flatten();
                    let Some((head, _)) = seen else { continue };
                    let named = !self.lacks(Fault::ApprovalUnnamed);
                    inputs.push(Input::Wish(*wish, named.then_some(head)));
                }
                Wish::Lock {
                    until: Some(until), ..
                } if *until <= state.tick => {}
                other => inputs.push(Input::Wish(*other, None)),
            }
        }
        inputs
    }

    fn people_look(&self, actions: &mut Vec<Action>) {
        for wish in &self.setup.wishes {
            if let Wish::Approve { by } = wish {
                actions.push(Action::Sees(*by));
            }
        }
    }

    fn pipeline(&self, state: &State, actions: &mut Vec<Action>) {
        let full = state.flying.len() >= self.setup.flying;
        for out in &state.outbox {
            match out {
                Out::Start(start) => {
                    if !full {
                        actions.push(Action::Sends(*start));
                    }
                    actions.push(Action::Skips(*start));
                }
                Out::Stop(execution) => actions.push(Action::Stops(*execution)),
                Out::ReadHead(_) => {}
            }
        }
        for (n, start) in state.flying.iter().enumerate() {
            if state.executions.len() < self.setup.executions {
                actions.push(Action::Arrives(n, false));
            }
            if state.executions.iter().any(|known| known.start == *start) {
                actions.push(Action::Arrives(n, true));
            }
        }
        for (n, execution) in (0_u8..).zip(&state.executions) {
            match execution.phase {
                Phase::Asking if self.lacks(Fault::NoFence) => actions.push(Action::Deploys(n)),
                Phase::Granted => actions.push(Action::Deploys(n)),
                Phase::Deploying => {
                    let ends = self.setup.ends.iter();
                    actions.extend(ends.map(|end| Action::Ends(n, *end)));
                }
                Phase::Asking | Phase::Ended(_) => {}
            }
            let dies = self.setup.ends.contains(&End::Errored);
            if dies && matches!(execution.phase, Phase::Asking | Phase::Granted) {
                actions.push(Action::Ends(n, End::Errored));
            }
        }
    }

    fn surroundings(&self, state: &State, actions: &mut Vec<Action>) {
        if state.tick < self.setup.ticks {
            actions.push(Action::Tick);
        }
        if state.head < self.setup.heads {
            actions.push(Action::Push);
        }
        if state.file_moves < self.setup.file_moves {
            actions.push(Action::FileChanges);
        }
        if state.upstream_moves < self.setup.upstream_moves {
            for skew in self.setup.skews {
                let moves = [Move::Green, Move::Red, Move::Back];
                actions.extend(moves.map(|step| Action::Upstream(step, *skew)));
            }
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let stage: StageKey = self
            .book
            .key(blank(self.setup.rule, self.setup.clock(0, 0)));
        vec![State {
            stage,
            upstream: None,
            upstream_head: 0,
            file: 0,
            file_moves: 0,
            upstream_moves: 0,
            tick: 0,
            head: 0,
            holds: Vec::new(),
            outbox: std::collections::BTreeSet::new(),
            flying: Vec::new(),
            executions: Vec::new(),
            truth: Truth {
                seen: vec![None; 4],
                ..Truth::default()
            },
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        // What must never happen has happened: what comes after it says nothing.
        if !state.truth.wrong.is_empty() {
            return;
        }
        self.surroundings(state, actions);
        self.people_look(actions);
        if state.holds.len() < self.setup.workers {
            for input in self.inputs(state) {
                let skews = self.setup.skews.iter();
                actions.extend(skews.map(|skew| Action::Decides(input, *skew)));
            }
        }
        for n in 0..state.holds.len() {
            actions.push(Action::Commits(n));
            actions.push(Action::Dies(n));
        }
        self.pipeline(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.happens(&mut next, action)?;
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        (self.setup.properties)()
    }

    fn within_boundary(&self, state: &State) -> bool {
        self.stage(state).generation <= self.setup.generations
    }
}
