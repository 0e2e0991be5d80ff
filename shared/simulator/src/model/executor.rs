//! A pipeline service in the shape of CodePipeline: it remembers start tokens for a while (or not
//! at all), keeps executions apart by their ids, runs their steps in its own time, and lets people
//! start and stop executions behind Greenroom's back.
//!
//! It has no clock: whoever drives it says what happens when. Builds are executions too; they ask
//! no fence.

use std::collections::BTreeMap;

use greenroom_app::ports::pipelines::{AdmissionRequest, Observation, Purpose, StartRequest};
use greenroom_core::name::{Digest, ExecutionId};
use greenroom_core::release::Artifact;
use jiff::{SignedDuration, Timestamp};

use crate::random::{key, mix};

/// Who started an execution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    Greenroom,
    /// A person, in the service's own console.
    Hand,
}

/// What the service does with several executions of one stage's pipeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// They run beside each other.
    #[default]
    Parallel,
    /// A newer one ends an older one that waits.
    Superseded,
    /// A newer one waits until the older ones have ended.
    Queued,
}

/// What became of the bytes an execution was to fetch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spoiled {
    /// They are not there.
    Lost,
    /// They are others than their digest says.
    Tampered,
}

/// Where an execution is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Accepted; it will ask the fence, or build.
    Waiting,
    /// The fence let it through, or a person made it skip the fence; its steps run.
    Running,
    Ended(Observation),
}

/// One execution, in truth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Execution {
    pub id: ExecutionId,
    pub request: StartRequest,
    pub by: By,
    pub started: Timestamp,
    pub phase: Phase,
    /// When the fence said yes.
    pub admitted: Option<Timestamp>,
    /// Somebody asked it to stop.
    pub stopping: bool,
    pub ended: Option<Timestamp>,
    /// Set before its first step, which then never runs.
    pub spoiled: Option<Spoiled>,
    /// How it ended before a person made it run again.
    pub endings: Vec<Observation>,
}

impl Execution {
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// The stage it deploys to; `None` for a build.
    pub fn stage(&self) -> Option<&str> {
        match &self.request.purpose {
            Purpose::Build => None,
            Purpose::Deploy { stage, .. } => Some(stage),
        }
    }

    /// True if this is how it ended, now or before somebody made it run again.
    pub fn ended_as(&self, how: &Observation) -> bool {
        matches!(&self.phase, Phase::Ended(now) if now == how) || self.endings.contains(how)
    }

    /// True for one that a person started, let past the fence, or made run again.
    pub fn is_foreign(&self) -> bool {
        self.by == By::Hand || self.admitted.is_none() || !self.endings.is_empty()
    }

    /// What a deployment's generation is.
    pub fn generation(&self) -> Option<u64> {
        match &self.request.purpose {
            Purpose::Build => None,
            Purpose::Deploy { generation, .. } => Some(*generation),
        }
    }

    /// The bytes it was told to deploy.
    pub fn artifact(&self) -> Option<&Digest> {
        match &self.request.purpose {
            Purpose::Build => None,
            Purpose::Deploy { artifact, .. } => artifact.as_ref(),
        }
    }

    /// What it asks the fence; `None` for a build.
    pub fn asks(&self) -> Option<AdmissionRequest> {
        match &self.request.purpose {
            Purpose::Build => None,
            Purpose::Deploy {
                app,
                stage,
                generation,
                nonce,
                ..
            } => Some(AdmissionRequest {
                app: app.clone(),
                stage: stage.clone(),
                generation: *generation,
                nonce: nonce.clone(),
                execution: self.id.clone(),
                revision: self.request.revision.clone(),
                definition: None,
            }),
        }
    }
}

/// All executions.
#[derive(Clone, Debug)]
pub struct Executor {
    executions: Vec<Execution>,
    by_id: BTreeMap<ExecutionId, usize>,
    /// Which execution a token started, and when.
    tokens: BTreeMap<String, (usize, Timestamp)>,
    /// How long a token is remembered; `None`: for ever.
    pub token_memory: Option<SignedDuration>,
    /// Whether two builds of one revision give the same bytes.
    pub reproducible: bool,
}

impl Executor {
    pub fn new(token_memory: Option<SignedDuration>, reproducible: bool) -> Self {
        Self {
            executions: Vec::new(),
            by_id: BTreeMap::new(),
            tokens: BTreeMap::new(),
            token_memory,
            reproducible,
        }
    }

    /// Starts an execution; or, if the token is remembered, finds the one it started.
    pub fn start(&mut self, request: &StartRequest, by: By, at: Timestamp) -> (usize, bool) {
        if let Some((index, since)) = self.tokens.get(&request.token).copied() {
            let forgotten = self
                .token_memory
                .is_some_and(|memory| at.duration_since(since) >= memory);
            if !forgotten {
                return (index, false);
            }
        }
        let index = self.executions.len();
        let id = ExecutionId::new(format!("exec-{}", index + 1));
        self.by_id.insert(id.clone(), index);
        self.tokens.insert(request.token.clone(), (index, at));
        self.executions.push(Execution {
            id,
            request: request.clone(),
            by,
            started: at,
            phase: Phase::Waiting,
            admitted: None,
            stopping: false,
            ended: None,
            spoiled: None,
            endings: Vec::new(),
        });
        (index, true)
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

    /// Its steps begin; `admitted` unless somebody made it skip the fence. False if it has ended.
    pub fn run(&mut self, index: usize, admitted: bool, at: Timestamp) -> bool {
        let execution = &mut self.executions[index];
        if execution.phase != Phase::Waiting {
            return false;
        }
        execution.phase = Phase::Running;
        execution.admitted = admitted.then_some(at);
        true
    }

    /// A person makes what has ended badly run once more, past the fence; false if it did not.
    pub fn again(&mut self, index: usize) -> bool {
        let execution = &mut self.executions[index];
        let Phase::Ended(how) = &execution.phase else {
            return false;
        };
        if matches!(how, Observation::Succeeded { .. }) {
            return false;
        }
        execution.endings.push(how.clone());
        execution.phase = Phase::Running;
        execution.admitted = None;
        execution.stopping = false;
        execution.ended = None;
        true
    }

    /// Its bytes cannot be used.
    pub fn spoil(&mut self, index: usize, how: Spoiled) {
        self.executions[index].spoiled = Some(how);
    }

    /// Deployments to the same stage that began before and have not ended, oldest first.
    pub fn older(&self, index: usize) -> Vec<usize> {
        let this = &self.executions[index];
        let same = |other: &Execution| other.stage().is_some() && other.stage() == this.stage();
        let older = self.executions[..index].iter().enumerate();
        older
            .filter(|(_, other)| same(other) && !other.has_ended())
            .map(|(n, _)| n)
            .collect()
    }

    /// Somebody asks it to stop; false if it has ended already.
    pub fn stop(&mut self, index: usize) -> bool {
        let execution = &mut self.executions[index];
        execution.stopping = true;
        !execution.has_ended()
    }

    /// It ends; false if it had already, and then nothing changes.
    pub fn end(&mut self, index: usize, how: Observation, at: Timestamp) -> bool {
        let execution = &mut self.executions[index];
        if execution.has_ended() {
            return false;
        }
        execution.phase = Phase::Ended(how);
        execution.ended = Some(at);
        true
    }

    /// What the service says of an execution.
    pub fn observe(&self, id: &ExecutionId) -> Observation {
        let Some(index) = self.find(id) else {
            return Observation::Unknown;
        };
        let execution = &self.executions[index];
        match &execution.phase {
            Phase::Ended(how) => how.clone(),
            Phase::Waiting => Observation::Running {
                step: None,
                since: execution.started,
            },
            Phase::Running => Observation::Running {
                step: Some("deploy".to_owned()),
                since: execution.admitted.unwrap_or(execution.started),
            },
        }
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
