//! A pipeline service in the shape of CodePipeline: it remembers start tokens for a while (or not
//! at all), keeps executions apart by their ids, runs their steps in its own time, and lets people
//! start, stop and repeat executions behind Greenroom's back.
//!
//! Where the executions of each pipeline are, and what they do to each other, is what
//! [`greenroom_executions`] says. A deployment's stages are the fence and its steps, a build has
//! its steps only; to fetch the commit takes no time. It has no clock: whoever drives it says what
//! happens when.

use std::collections::BTreeMap;

use greenroom_app::ports::pipelines::{Observation, StartRequest};
use greenroom_core::name::{Digest, ExecutionId};
use greenroom_core::release::Artifact;
pub use greenroom_executions::Mode;
use greenroom_executions::{Entry, Machine, Place, Started, Status};
use jiff::{SignedDuration, Timestamp};

use crate::random::{key, mix};

mod execution;
#[cfg(test)]
mod tests;

pub use execution::{By, Execution, Spoiled};

/// One pipeline.
#[derive(Clone, Debug)]
struct Pipeline {
    machine: Machine,
    /// Which execution each of the machine's is.
    executions: Vec<usize>,
}

/// All executions.
#[derive(Clone, Debug)]
pub struct Executor {
    executions: Vec<Execution>,
    by_id: BTreeMap<ExecutionId, usize>,
    pipelines: BTreeMap<String, Pipeline>,
    /// Of every pipeline.
    pub mode: Mode,
    /// How long a token is remembered; `None`: for ever.
    pub token_memory: Option<SignedDuration>,
    /// Whether two builds of one revision give the same bytes.
    pub reproducible: bool,
}

impl Executor {
    pub fn new(mode: Mode, token_memory: Option<SignedDuration>, reproducible: bool) -> Self {
        Self {
            executions: Vec::new(),
            by_id: BTreeMap::new(),
            pipelines: BTreeMap::new(),
            mode,
            token_memory,
            reproducible,
        }
    }

    /// Starts an execution; or, if the token is remembered, finds the one it started. `None` when
    /// too many are under way.
    pub fn start(
        &mut self,
        request: &StartRequest,
        by: By,
        at: Timestamp,
    ) -> Option<(usize, bool)> {
        let name = request.definition.name.clone();
        let pipeline = self.pipelines.entry(name).or_insert_with(|| Pipeline {
            machine: Machine::new(self.mode, self.token_memory),
            executions: Vec::new(),
        });
        let number = match pipeline.machine.start(&request.token, at) {
            Started::New(number) => number,
            Started::Known(number) => return Some((pipeline.executions[number], false)),
            Started::TooMany => return None,
        };
        let index = self.executions.len();
        pipeline.executions.push(index);
        let id = ExecutionId::new(format!("exec-{}", index + 1));
        self.by_id.insert(id.clone(), index);
        self.executions.push(Execution {
            id,
            request: request.clone(),
            by,
            started: at,
            admitted: None,
            ending: None,
            ended: None,
            spoiled: None,
            endings: Vec::new(),
            number,
            held: false,
        });
        Some((index, true))
    }

    pub fn all(&self) -> &[Execution] {
        &self.executions
    }

    pub fn get(&self, index: usize) -> &Execution {
        &self.executions[index]
    }

    pub fn find(&self, id: &ExecutionId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Its pipeline's machine, and its number there.
    fn machine(&mut self, index: usize) -> (&mut Machine, usize) {
        let execution = &self.executions[index];
        let pipeline = self.pipelines.get_mut(execution.pipeline());
        let pipeline = pipeline.expect("every execution is of a pipeline");
        (&mut pipeline.machine, execution.number)
    }

    fn seen(&self, index: usize) -> &greenroom_executions::Execution {
        let execution = &self.executions[index];
        let pipeline = &self.pipelines[execution.pipeline()];
        pipeline.machine.get(execution.number)
    }

    /// 1, and one more each time that somebody had it run again.
    pub fn attempt(&self, index: usize) -> u32 {
        self.seen(index).attempt
    }

    /// It waits for its pipeline, or for the fence.
    pub fn waits(&self, index: usize) -> bool {
        self.is_asking(index) || self.seen(index).place == Place::Before(0)
    }

    /// Its question at the fence is open.
    pub fn is_asking(&self, index: usize) -> bool {
        self.seen(index).place == Place::Inside(0) && !self.steps_run(index)
    }

    /// Its steps run, or somebody abandoned them and they do all the same.
    pub fn steps_run(&self, index: usize) -> bool {
        let last = self.executions[index].stages() - 1;
        match self.seen(index).place {
            Place::Before(_) => false,
            Place::Inside(stage) => stage == last,
            Place::Over(stage) => stage == last && !self.executions[index].has_ended(),
        }
    }

    /// Somebody asked it to stop, and it has not ended.
    pub fn is_to_stop(&self, index: usize) -> bool {
        let stops = matches!(self.seen(index).status, Status::Stopping | Status::Stopped);
        stops && !self.executions[index].has_ended()
    }

    /// Lets it into the stage that it waits before, if it may; `None` if it waits before none.
    pub fn enter(&mut self, index: usize) -> Option<Entry> {
        let Place::Before(_) = self.seen(index).place else {
            return None;
        };
        let (machine, number) = self.machine(index);
        let entry = machine.enter(number);
        self.executions[index].held = entry == Entry::Waits;
        Some(entry)
    }

    /// The fence lets it through, or, unless it is `admitted`, somebody makes it pass. False if it
    /// was to stop, and is over now.
    pub fn pass(&mut self, index: usize, admitted: bool, at: Timestamp) -> bool {
        let stages = self.executions[index].stages();
        let (machine, number) = self.machine(index);
        machine.leave(number, true, stages);
        let passed = machine.get(number).status == Status::InProgress;
        self.executions[index].admitted = (admitted && passed).then_some(at);
        passed
    }

    /// A person makes the stage that it ended in run once more; false if that cannot be.
    pub fn again(&mut self, index: usize) -> bool {
        let ended = self.executions[index].has_ended();
        let (machine, number) = self.machine(index);
        let again = match machine.get(number).place {
            Place::Over(stage) if ended => machine.retry(number, stage).is_ok(),
            _ => false,
        };
        if !again {
            return false;
        }
        let execution = &mut self.executions[index];
        execution.endings.extend(execution.ending.take());
        execution.admitted = None;
        execution.ended = None;
        execution.spoiled = None;
        true
    }

    /// Its bytes cannot be used.
    pub fn spoil(&mut self, index: usize, how: Spoiled) {
        self.executions[index].spoiled = Some(how);
    }

    /// Somebody asks it to stop, after what runs in it or, to abandon it, at once. False if it
    /// cannot be.
    pub fn stop(&mut self, index: usize, abandon: bool) -> bool {
        let (machine, number) = self.machine(index);
        machine.stop(number, abandon).is_ok()
    }

    /// Somebody lets no execution of its pipeline go on to its steps, or, with `open`, again.
    pub fn transition(&mut self, index: usize, open: bool) {
        let last = self.executions[index].stages() - 1;
        self.machine(index).0.transition(last, open);
    }

    /// It ends, where it is; false if it had already, and then nothing changes. What was asked to
    /// stop has stopped, however it ended.
    pub fn end(&mut self, index: usize, how: Observation, at: Timestamp) -> bool {
        if self.executions[index].has_ended() {
            return false;
        }
        let stages = self.executions[index].stages();
        let (machine, number) = self.machine(index);
        let succeeded = matches!(how, Observation::Succeeded { .. });
        // What waits ends at once when it is to stop, and with its machine.
        machine.enter(number);
        machine.leave(number, succeeded, stages);
        let how = match machine.get(number).status {
            Status::Stopped => Observation::Stopped { at },
            _ => how,
        };
        self.executions[index].ending = Some(how);
        self.executions[index].ended = Some(at);
        true
    }

    /// Those of its pipeline that a newer one has overtaken.
    pub fn superseded(&self, index: usize) -> Vec<usize> {
        self.beside(index, |other| {
            self.seen(other).status == Status::Superseded && !self.executions[other].has_ended()
        })
    }

    /// Those of its pipeline that were not let into a stage, each time once.
    pub fn held(&mut self, index: usize) -> Vec<usize> {
        let held = self.beside(index, |other| self.executions[other].held);
        for other in &held {
            self.executions[*other].held = false;
        }
        held
    }

    fn beside(&self, index: usize, of: impl Fn(usize) -> bool) -> Vec<usize> {
        let pipeline = &self.pipelines[self.executions[index].pipeline()];
        let all = pipeline.executions.iter().copied();
        all.filter(|other| of(*other)).collect()
    }

    /// What the service says of an execution.
    pub fn observe(&self, id: &ExecutionId) -> Observation {
        let Some(index) = self.find(id) else {
            return Observation::Unknown;
        };
        let execution = &self.executions[index];
        if let Some(how) = &execution.ending {
            return how.clone();
        }
        let since = execution.admitted.unwrap_or(execution.started);
        let stage = execution.stage().filter(|_| self.steps_run(index));
        let step = stage.map(|_| "deploy".to_owned());
        Observation::Running { step, since }
    }

    /// What a build gives: bytes of its revision, or of this very build if builds differ.
    pub fn built(&self, index: usize) -> Artifact {
        let execution = &self.executions[index];
        let mut name = format!("{} {}", execution.request.revision, execution.request.token);
        if self.reproducible {
            name = execution.request.revision.to_string();
        }
        artifact_of(&name)
    }
}

fn artifact_of(name: &str) -> Artifact {
    let one = key(name);
    let parts = [one, mix(one), mix(one ^ 2), mix(one ^ 3)];
    let hex: String = parts.iter().map(|part| format!("{part:016x}")).collect();
    Artifact {
        digest: Digest::new(format!("sha256:{hex}")),
        size: 1,
    }
}
