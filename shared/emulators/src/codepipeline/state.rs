//! What the service remembers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use greenroom_executions::{Machine, Status};
use jiff::Timestamp;
use serde_json::Value;

use super::declaration::{Action, Declaration, Kind};
use super::references::Values;

#[derive(Debug, Default)]
pub(super) struct State {
    pub pipelines: BTreeMap<String, Pipeline>,
    pub jobs: BTreeMap<String, Job>,
    pub projects: BTreeMap<String, Project>,
    pub builds: BTreeMap<String, Build>,
}

#[derive(Debug)]
pub(super) struct Pipeline {
    /// As it was told, newest last; the first has version 1.
    pub told: Vec<Value>,
    pub declaration: Arc<Declaration>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub machine: Machine,
    /// In the machine's order.
    pub executions: Vec<Execution>,
}

impl Pipeline {
    pub fn version(&self) -> usize {
        self.told.len()
    }

    /// The number of an execution in the machine.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.executions.iter().position(|one| one.id == id)
    }
}

#[derive(Debug)]
pub(super) struct Execution {
    pub id: String,
    pub declaration: Arc<Declaration>,
    pub version: usize,
    /// By name, resolved.
    pub variables: BTreeMap<String, String>,
    /// Commit by source action.
    pub overrides: BTreeMap<String, String>,
    pub started_by: String,
    pub started: Timestamp,
    pub updated: Timestamp,
    pub stop_reason: Option<String>,
    /// Oldest first, those of former attempts included.
    pub actions: Vec<ActionExecution>,
    /// What references stand for.
    pub values: Values,
    /// Packed files by the name of the artifact.
    pub artifacts: BTreeMap<String, Source>,
}

/// What a source action fetched.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub name: String,
    pub revision: String,
    /// A `.tar.gz` with one folder that holds everything.
    pub archive: PathBuf,
}

#[derive(Clone, Debug)]
pub(super) struct ActionExecution {
    pub id: String,
    pub stage: String,
    pub action: Action,
    /// `InProgress`, `Succeeded`, `Failed`, `Abandoned`.
    pub status: &'static str,
    pub attempt: u32,
    pub started: Timestamp,
    pub updated: Timestamp,
    pub resolved: BTreeMap<String, String>,
    pub external_id: Option<String>,
    pub summary: Option<String>,
    /// Code and message.
    pub error: Option<(String, String)>,
    pub outputs: BTreeMap<String, String>,
}

impl ActionExecution {
    pub fn kind_is_build(&self) -> bool {
        self.action.kind() == Ok(Kind::Build)
    }
}

/// One question to a function.
#[derive(Debug)]
pub(super) struct Job {
    pub pipeline: String,
    pub stage: String,
    pub action: Action,
    pub action_id: String,
    pub configuration: BTreeMap<String, String>,
    /// Its function was called.
    pub asked: bool,
    pub answer: Option<Answer>,
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Done {
        outputs: BTreeMap<String, String>,
        summary: Option<String>,
        external_id: Option<String>,
    },
    Again(String),
    Failed {
        kind: String,
        message: String,
        external_id: Option<String>,
    },
}

#[derive(Debug)]
pub(super) struct Project {
    pub told: Value,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct Build {
    /// `<project>:<uuid>`.
    pub id: String,
    pub project: String,
    pub number: usize,
    pub initiator: String,
    pub revision: String,
    pub timeout_minutes: u64,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    /// `IN_PROGRESS`, `SUCCEEDED`, `FAILED`, `STOPPED`, `TIMED_OUT`, `FAULT`.
    pub status: &'static str,
    pub phases: Vec<Phase>,
    pub exported: Vec<(String, String)>,
    /// Somebody asked it to stop.
    pub stop: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Phase {
    pub kind: &'static str,
    /// `None` while it runs.
    pub status: Option<&'static str>,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    /// Status code and message.
    pub context: Option<(String, String)>,
}

/// Seconds since 1970 with a fraction, as both services tell times.
pub(super) fn seconds(at: Timestamp) -> Value {
    let milliseconds = at.as_millisecond().max(0);
    let text = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    serde_json::from_str(&text).unwrap_or_default()
}

/// The name of a status in API answers.
pub(super) fn status_name(status: Status) -> &'static str {
    match status {
        Status::InProgress => "InProgress",
        Status::Stopping => "Stopping",
        Status::Stopped => "Stopped",
        Status::Succeeded => "Succeeded",
        Status::Superseded => "Superseded",
        Status::Failed => "Failed",
    }
}
