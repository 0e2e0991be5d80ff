//! One execution: what was asked for, and what became of it.

use greenroom_app::ports::pipelines::{AdmissionRequest, Observation, Purpose, StartRequest};
use greenroom_core::name::{Digest, ExecutionId};
use jiff::Timestamp;

/// Who started an execution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    Greenroom,
    /// A person, in the service's own console.
    Hand,
}

/// What became of the bytes an execution was to fetch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spoiled {
    /// They are not there.
    Lost,
    /// They are others than their digest says.
    Tampered,
}

/// One execution, in truth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Execution {
    pub id: ExecutionId,
    pub request: StartRequest,
    pub by: By,
    pub started: Timestamp,
    /// When the fence said yes.
    pub admitted: Option<Timestamp>,
    /// How it ended; an abandoned one does when its steps do.
    pub ending: Option<Observation>,
    pub ended: Option<Timestamp>,
    /// Set before its first step, which then never runs.
    pub spoiled: Option<Spoiled>,
    /// How it ended before a person made it run again.
    pub endings: Vec<Observation>,
    /// Its number in the machine of its pipeline.
    pub(super) number: usize,
    /// It was not let into the next stage yet, and will ask again when one is free.
    pub(super) held: bool,
}

impl Execution {
    pub fn has_ended(&self) -> bool {
        self.ending.is_some()
    }

    /// Its pipeline, where pipelines have names.
    pub(super) fn pipeline(&self) -> &str {
        &self.request.definition.name
    }

    pub(super) fn stages(&self) -> usize {
        match self.request.purpose {
            Purpose::Build => 1,
            Purpose::Deploy { .. } => 2,
        }
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
        self.ending.as_ref() == Some(how) || self.endings.contains(how)
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
