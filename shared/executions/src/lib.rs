//! What CodePipeline does with the executions of one pipeline: where they are, and who may go on.
//! Pure, without a clock. The CodePipeline of tests and the one of the simulator are both this.
//!
//! An execution waits before a stage, is inside it, or is over. What several executions of one
//! pipeline do to each other depends on the pipeline's mode, as CodePipeline documents it. Knows
//! nothing of actions, and nothing of Greenroom.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

/// Executions that may be under way at once in a QUEUED or PARALLEL pipeline.
pub const ACTIVE_MAX: usize = 50;

/// What several executions of one pipeline do to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// A newer one overtakes an older one that waits; the older one is over.
    #[default]
    Superseded,
    /// One after the other into each stage.
    Queued,
    /// Beside each other.
    Parallel,
}

/// What CodePipeline calls the state of an execution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    InProgress,
    Stopping,
    Stopped,
    Succeeded,
    Superseded,
    Failed,
}

impl Status {
    /// Under way, so that it counts against [`ACTIVE_MAX`].
    pub fn is_active(self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }
}

/// Where an execution is; stages are counted from zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Before(usize),
    Inside(usize),
    /// It ended in or before this stage.
    Over(usize),
}

/// One execution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Execution {
    pub status: Status,
    pub place: Place,
    /// 1, and one more for each retry.
    pub attempt: u32,
}

/// Whether an execution may go into the stage it waits before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    Inside,
    Waits,
    Over,
}

/// What a start came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Started {
    New(usize),
    /// The token started this one before.
    Known(usize),
    /// [`ACTIVE_MAX`] are under way.
    TooMany,
}

/// Why an execution cannot be stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoStop {
    NotStoppable,
    Duplicated,
}

/// Why a stage cannot be run again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoRetry {
    NotRetryable,
    NotLatest,
    TooMany,
}

/// All executions of one pipeline, oldest first.
#[derive(Clone, Debug)]
pub struct Machine {
    mode: Mode,
    executions: Vec<Execution>,
    tokens: BTreeMap<String, (usize, Timestamp)>,
    /// How long a start's token is remembered; `None`: for ever.
    token_memory: Option<SignedDuration>,
    /// Stages that people let nothing into.
    closed: BTreeSet<usize>,
}

impl Machine {
    pub fn new(mode: Mode, token_memory: Option<SignedDuration>) -> Self {
        Self {
            mode,
            executions: Vec::new(),
            tokens: BTreeMap::new(),
            token_memory,
            closed: BTreeSet::new(),
        }
    }

    /// The pipeline was changed; what is under way goes on as it was declared before.
    pub fn redeclare(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Somebody lets nothing into a stage any more, or, with `open`, again.
    pub fn transition(&mut self, stage: usize, open: bool) {
        if open {
            self.closed.remove(&stage);
        } else {
            self.closed.insert(stage);
        }
    }

    pub fn get(&self, index: usize) -> &Execution {
        &self.executions[index]
    }

    /// A new execution before the first stage, or the one this token started before.
    pub fn start(&mut self, token: &str, now: Timestamp) -> Started {
        if let Some((index, since)) = self.tokens.get(token) {
            let forgotten = self
                .token_memory
                .is_some_and(|memory| now.duration_since(*since) >= memory);
            if !forgotten {
                return Started::Known(*index);
            }
        }
        if self.is_full() {
            return Started::TooMany;
        }
        let index = self.executions.len();
        self.executions.push(Execution {
            status: Status::InProgress,
            place: Place::Before(0),
            attempt: 1,
        });
        self.tokens.insert(token.to_owned(), (index, now));
        self.arrives(index, 0);
        Started::New(index)
    }

    fn is_full(&self) -> bool {
        let active = self.executions.iter().filter(|one| one.status.is_active());
        self.mode != Mode::Superseded && active.count() >= ACTIVE_MAX
    }

    /// It is before `stage` now; in SUPERSEDED mode whoever waited there is over.
    fn arrives(&mut self, index: usize, stage: usize) {
        self.executions[index].place = Place::Before(stage);
        if self.mode != Mode::Superseded {
            return;
        }
        for older in &mut self.executions[..index] {
            if older.place == Place::Before(stage) && older.status == Status::InProgress {
                older.status = Status::Superseded;
                older.place = Place::Over(stage);
            }
        }
    }

    /// Lets an execution into the stage it waits before, if it may.
    pub fn enter(&mut self, index: usize) -> Entry {
        let Place::Before(stage) = self.executions[index].place else {
            return Entry::Over;
        };
        match self.executions[index].status {
            Status::InProgress => {}
            Status::Stopping => {
                self.finish(index, Status::Stopped, stage);
                return Entry::Over;
            }
            _ => return Entry::Over,
        }
        let others = || self.executions.iter().enumerate();
        let taken = others().any(|(_, other)| other.place == Place::Inside(stage));
        let older = others().any(|(n, other)| n < index && other.place == Place::Before(stage))
            && self.mode == Mode::Queued;
        let locked = self.mode != Mode::Parallel && (taken || older);
        if locked || self.closed.contains(&stage) {
            return Entry::Waits;
        }
        self.executions[index].place = Place::Inside(stage);
        Entry::Inside
    }

    /// All actions of its stage have ended. `stages` is how many its own declaration has.
    /// False if it was over already: somebody abandoned it.
    pub fn leave(&mut self, index: usize, succeeded: bool, stages: usize) -> bool {
        let Place::Inside(stage) = self.executions[index].place else {
            return false;
        };
        match (self.executions[index].status, succeeded) {
            (Status::Stopping, _) => self.finish(index, Status::Stopped, stage),
            (_, false) => self.finish(index, Status::Failed, stage),
            (_, true) if stage + 1 == stages => self.finish(index, Status::Succeeded, stage),
            (_, true) => self.arrives(index, stage + 1),
        }
        true
    }

    /// What ran in its stage failed while it was stopping, and that is what it is called after.
    pub fn fail(&mut self, index: usize) {
        if let Place::Inside(stage) = self.executions[index].place {
            self.finish(index, Status::Failed, stage);
        }
    }

    fn finish(&mut self, index: usize, status: Status, stage: usize) {
        self.executions[index].status = status;
        self.executions[index].place = Place::Over(stage);
    }

    /// Somebody asks an execution to stop: after what runs in it now, or, to abandon it, at once.
    pub fn stop(&mut self, index: usize, abandon: bool) -> Result<(), NoStop> {
        let execution = &self.executions[index];
        let (Place::Before(stage) | Place::Inside(stage) | Place::Over(stage)) = execution.place;
        match execution.status {
            Status::Stopping if !abandon => Err(NoStop::Duplicated),
            Status::InProgress | Status::Stopping if abandon => {
                self.finish(index, Status::Stopped, stage);
                Ok(())
            }
            Status::InProgress => {
                self.executions[index].status = Status::Stopping;
                Ok(())
            }
            _ => Err(NoStop::NotStoppable),
        }
    }

    /// Somebody has the stage that an execution ended in run again; nothing before it is.
    pub fn retry(&mut self, index: usize, stage: usize) -> Result<u32, NoRetry> {
        let execution = &self.executions[index];
        let ended_badly = matches!(execution.status, Status::Failed | Status::Stopped);
        if !ended_badly || execution.place != Place::Over(stage) {
            return Err(NoRetry::NotRetryable);
        }
        let reached = |other: &Execution| match other.place {
            Place::Before(at) => at > stage,
            Place::Inside(at) | Place::Over(at) => at >= stage,
        };
        if self.mode != Mode::Parallel && self.executions[index + 1..].iter().any(reached) {
            return Err(NoRetry::NotLatest);
        }
        if self.is_full() {
            return Err(NoRetry::TooMany);
        }
        self.executions[index].status = Status::InProgress;
        self.executions[index].attempt += 1;
        self.arrives(index, stage);
        Ok(self.executions[index].attempt)
    }
}

#[cfg(test)]
mod tests;
