//! Executions whose server is gone.

use std::time::Duration;

use greenroom_app::ports::pipelines::Observation;
use greenroom_core::name::ExecutionId;
use jiff::Timestamp;

use super::environment::EXECUTION;
use super::folder::Status;
use crate::clock::Clock;
use crate::process::{Group, ProcessIdentity, members};

/// Kills what is left of the step that ran, if it is certain that it is ours.
///
/// A pid is not reused while a process group carries its number. So either the leader still
/// lives, with the start time we wrote down; or it is gone, and the group, if there is one, is
/// the old one unless number and boot began anew: then nobody in it carries our execution's id.
pub(super) async fn end_leftovers(
    execution: &ExecutionId,
    status: Option<&Status>,
    grace: Duration,
) {
    let Some(leader) = status.and_then(|status| status.group.as_ref()) else {
        return;
    };
    let group_lives = match ProcessIdentity::of(leader.pid) {
        Some(now) => now == *leader,
        None => {
            let left = members(leader.pid).unwrap_or_default();
            left.into_iter().any(|pid| carries(pid, execution))
        }
    };
    if group_lives {
        tracing::warn!(execution.id = %execution, group = leader.pid, "killing what a dead server left");
        Group::new(leader.pid).end(grace).await;
    }
}

/// True when the process was started with the execution's id in its environment.
fn carries(pid: i32, execution: &ExecutionId) -> bool {
    let wanted = format!("{EXECUTION}={execution}");
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|all| all.split(|b| *b == 0).any(|one| one == wanted.as_bytes()))
}

/// What such an execution is, for ever.
pub(super) fn result_of(status: Option<&Status>) -> Observation {
    let during = match status.and_then(|status| status.step.as_deref()) {
        Some(step) => format!("in the middle of step {step}"),
        None => "before its first step, or between two".to_owned(),
    };
    Observation::Errored {
        why: format!("the process that ran it is gone, {during}; nobody can say how it ended"),
        at: Timestamp::now(),
    }
}

/// How a result is called.
pub(super) fn word(observation: &Observation) -> &'static str {
    match observation {
        Observation::Running { .. } => "running",
        Observation::Succeeded { .. } => "succeeded",
        Observation::Failed { .. } => "failed",
        Observation::Errored { .. } => "errored",
        Observation::TimedOut { .. } => "timed out",
        Observation::Stopped { .. } => "stopped",
        Observation::Refused { .. } => "refused",
        Observation::Unknown => "unknown",
    }
}

/// The result with the time of its end by the clock in force: processes know the machine's only.
pub(super) fn told_by(clock: &Clock, mut result: Observation) -> Observation {
    match &mut result {
        Observation::Succeeded { at, .. }
        | Observation::Failed { at, .. }
        | Observation::Errored { at, .. }
        | Observation::TimedOut { at, .. }
        | Observation::Stopped { at }
        | Observation::Refused { at, .. } => *at = clock.of(*at),
        Observation::Running { .. } | Observation::Unknown => {}
    }
    result
}
