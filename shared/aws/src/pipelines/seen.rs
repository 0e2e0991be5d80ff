//! What was read of an execution, without AWS's types: so that judging it needs no AWS.

use std::collections::BTreeMap;

use aws_sdk_codepipeline::types::{
    ActionCategory, ActionExecutionDetail, ActionExecutionStatus, PipelineExecutionStatus,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// A variable that every start of a deployment has, and no start of a build.
pub(super) const RUN: &str = "GREENROOM_RUN";

/// Where CodePipeline has an execution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    UnderWay,
    Stopped,
    Succeeded,
    Failed,
    Superseded,
    Cancelled,
    /// Newer than this code.
    Other,
}

impl Status {
    pub fn of(status: Option<&PipelineExecutionStatus>) -> Self {
        match status {
            Some(PipelineExecutionStatus::InProgress | PipelineExecutionStatus::Stopping) => {
                Self::UnderWay
            }
            Some(PipelineExecutionStatus::Stopped) => Self::Stopped,
            Some(PipelineExecutionStatus::Succeeded) => Self::Succeeded,
            Some(PipelineExecutionStatus::Failed) => Self::Failed,
            Some(PipelineExecutionStatus::Superseded) => Self::Superseded,
            Some(PipelineExecutionStatus::Cancelled) => Self::Cancelled,
            _ => Self::Other,
        }
    }
}

/// An execution with its actions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Execution {
    pub status: Status,
    pub summary: Option<String>,
    /// It deploys; otherwise it builds.
    pub deploys: bool,
    /// Those that nobody ran again later, in the order they began.
    pub actions: Vec<Action>,
    /// What somebody ran again by hand, for people.
    pub again: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Source,
    /// Asks a function: the fence.
    Fence,
    Build,
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ActionStatus {
    UnderWay,
    Succeeded,
    Failed,
    Abandoned,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Action {
    pub stage: String,
    pub name: String,
    pub kind: Kind,
    pub status: ActionStatus,
    pub began: Timestamp,
    /// When it last changed.
    pub at: Timestamp,
    /// Of a build: its id.
    pub external: Option<String>,
    /// Code and message of a failure.
    pub error: (String, String),
    pub outputs: BTreeMap<String, String>,
}

impl Action {
    /// `None` for what has no times or no name: AWS never leaves them out.
    pub fn of(detail: &ActionExecutionDetail) -> Option<Self> {
        let output = detail.output.as_ref();
        let result = output.and_then(|output| output.execution_result.as_ref());
        let error = result.and_then(|result| result.error_details.as_ref());
        let category = detail
            .input
            .as_ref()
            .and_then(|input| input.action_type_id.as_ref());
        let kind = match category.map(|of| (&of.category, of.provider.as_str())) {
            Some((ActionCategory::Source, _)) => Kind::Source,
            Some((ActionCategory::Invoke, "Lambda")) => Kind::Fence,
            Some((_, "CodeBuild")) => Kind::Build,
            _ => Kind::Other,
        };
        let status = match detail.status.as_ref()? {
            ActionExecutionStatus::Succeeded => ActionStatus::Succeeded,
            ActionExecutionStatus::Failed => ActionStatus::Failed,
            ActionExecutionStatus::Abandoned => ActionStatus::Abandoned,
            _ => ActionStatus::UnderWay,
        };
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let outputs = output.and_then(|output| output.output_variables.as_ref());
        Some(Self {
            stage: detail.stage_name.clone()?,
            name: detail.action_name.clone()?,
            kind,
            status,
            began: time(detail.start_time.as_ref()?)?,
            at: time(detail.last_update_time.as_ref()?)?,
            external: result.and_then(|result| result.external_execution_id.clone()),
            error: (
                text(error.and_then(|error| error.code.as_ref())),
                text(error.and_then(|error| error.message.as_ref())),
            ),
            outputs: outputs
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        })
    }
}

/// Those that nobody ran again later, in the order they began.
pub(super) fn latest(mut all: Vec<Action>) -> Vec<Action> {
    all.sort_by_key(|action| action.began);
    let mut kept: Vec<Action> = Vec::new();
    for action in all {
        kept.retain(|other| (&other.stage, &other.name) != (&action.stage, &action.name));
        kept.push(action);
    }
    kept
}

pub(super) fn time(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(at.as_nanos()).ok()
}
