//! What an execution came to, from what was read of it.

use std::time::Duration;

use greenroom_app::ports::pipelines::Observation;
use greenroom_core::bound::{self, NAME_MAX, WHY_MAX};
use greenroom_core::definition::NOTHING;
use greenroom_core::name::Digest;
use greenroom_core::release::{Artifact, Outputs};
use jiff::Timestamp;

use super::build::{Build, Status as BuildStatus};
use super::seen::{Action, ActionStatus, Execution, Kind, Status};

/// Exported variables that are ours, not outputs of a step.
const OURS: &str = "GREENROOM_";
const STEP: &str = "GREENROOM_STEP";
const FAILURE: &str = "GREENROOM_FAILURE";
const DIGEST: &str = "GREENROOM_DIGEST";
const SIZE: &str = "GREENROOM_SIZE";
const REPORTS: &str = "GREENROOM_REPORTS";

/// The build that must be looked at before the execution can be judged, by its id.
pub(super) fn asks_for(execution: &Execution) -> Option<&str> {
    if matches!(execution.status, Status::UnderWay | Status::Succeeded) {
        return None;
    }
    let build = deciding(execution).filter(|action| action.kind == Kind::Build)?;
    build.external.as_deref()
}

/// The action that tells how a bad end came about: what failed, or else what ran last.
fn deciding(execution: &Execution) -> Option<&Action> {
    let bad = |wanted: ActionStatus| {
        let mut actions = execution.actions.iter().rev();
        actions.find(move |action| action.status == wanted)
    };
    bad(ActionStatus::Failed)
        .or_else(|| bad(ActionStatus::Abandoned))
        .or_else(|| execution.actions.last())
}

/// When the last of its actions changed; `None` when none ever began.
pub(super) fn last_change(execution: &Execution) -> Option<Timestamp> {
    execution.actions.iter().map(|action| action.at).max()
}

/// The verdict. `build` is what [`asks_for`] asked for; `at` is when it ended, or is now.
///
/// Where somebody ran steps again by hand, nobody can tell what the end means: they ran twice, and the
/// second time past the fence.
pub(super) fn of(execution: &Execution, build: Option<&Build>, at: Timestamp) -> Observation {
    let verdict = by_status(execution, build, at);
    match &execution.again {
        Some(what) if verdict.is_terminal() => errored(
            &format!("{what}, past Greenroom: nobody can tell what it came to"),
            at,
        ),
        _ => verdict,
    }
}

fn by_status(execution: &Execution, build: Option<&Build>, at: Timestamp) -> Observation {
    let errored = |why: String| errored(&why, at);
    match execution.status {
        Status::UnderWay => under_way(execution, at),
        Status::Succeeded => succeeded(execution, at),
        Status::Superseded => errored(
            "a newer execution superseded it; the pipeline must have the mode PARALLEL: run `greenroom apply`".to_owned(),
        ),
        Status::Cancelled => errored("its pipeline was changed while it ran".to_owned()),
        Status::Other => errored("CodePipeline tells a state this version does not know".to_owned()),
        // An abandoned action's build goes on, and it may still touch its stage.
        Status::Stopped if build.is_some_and(|build| build.status == BuildStatus::UnderWay) => {
            under_way(execution, at)
        }
        Status::Stopped => Observation::Stopped { at },
        Status::Failed => match deciding(execution) {
            Some(action) if action.status == ActionStatus::Failed => failed(action, build, at),
            _ => {
                let summary = execution.summary.as_deref();
                errored(summary.unwrap_or("it failed, and CodePipeline does not say why").to_owned())
            }
        },
    }
}

fn under_way(execution: &Execution, now: Timestamp) -> Observation {
    let began = execution.actions.first().map(|action| action.began);
    Observation::Running {
        // What a build exports is known when it has ended.
        step: None,
        since: began.unwrap_or(now),
    }
}

fn succeeded(execution: &Execution, at: Timestamp) -> Observation {
    let builds = execution
        .actions
        .iter()
        .filter(|action| action.kind == Kind::Build);
    let told: Vec<(&String, &String)> = builds.flat_map(|action| &action.outputs).collect();
    let get = |name: &str| {
        told.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    };
    let artifact = if execution.deploys {
        None
    } else {
        match artifact(get(DIGEST), get(SIZE)) {
            Ok(artifact) => artifact,
            Err(why) => return errored(&why, at),
        }
    };
    let outputs: Outputs = told
        .iter()
        .filter(|(name, _)| !name.starts_with(OURS))
        .map(|(name, value)| ((*name).clone(), (*value).clone()))
        .collect();
    Observation::Succeeded {
        artifact,
        outputs: bound::outputs(&outputs),
        at,
        evidence: None,
    }
}

/// What a build says its reports are.
pub(super) fn reports(execution: &Execution) -> Option<&str> {
    let builds = execution.actions.iter();
    let mut builds = builds.filter(|action| action.kind == Kind::Build);
    builds.find_map(|action| action.outputs.get(REPORTS).map(String::as_str))
}

/// Bytes that nobody names cannot be promoted: a build that does not say what it made is no build.
fn artifact(digest: Option<&str>, size: Option<&str>) -> Result<Option<Artifact>, String> {
    let digest = digest.ok_or("the build does not say what it made; run `greenroom apply`")?;
    if digest == NOTHING {
        return Ok(None);
    }
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if hex.len() != 64 || !hex.chars().all(is_hex) {
        return Err(format!(
            "the build says its artifact is `{}`, which is no digest",
            bound::text(digest, NAME_MAX)
        ));
    }
    let size = size.and_then(|size| size.parse().ok());
    let size = size.ok_or("the build does not say how large its artifact is")?;
    Ok(Some(Artifact {
        digest: Digest::new(digest),
        size,
    }))
}

fn failed(action: &Action, build: Option<&Build>, at: Timestamp) -> Observation {
    let (code, message) = &action.error;
    match (action.kind, build) {
        (Kind::Source, _) => errored(&format!("the source could not be had: {message}"), at),
        (Kind::Fence, _) if code == "JobFailed" => Observation::Refused {
            why: bound::text(message, WHY_MAX),
            at,
        },
        (Kind::Fence, _) => errored(
            &format!("the fence could not be asked: {code}: {message}"),
            at,
        ),
        (Kind::Build, Some(build)) => of_build(action, build, at),
        (Kind::Build, None) => errored(&format!("{code}: {message}"), at),
        (Kind::Other, _) => step_failed(&action.name, message, at),
    }
}

fn of_build(action: &Action, build: &Build, at: Timestamp) -> Observation {
    let step = bound::text(build.exported(STEP).unwrap_or(&action.name), NAME_MAX);
    let told = build.failed.as_ref().map_or("", |(_, told)| told.as_str());
    match build.status {
        // CodePipeline has the end before CodeBuild tells it.
        BuildStatus::UnderWay => Observation::Running {
            step: Some(step),
            since: action.began,
        },
        BuildStatus::Stopped => Observation::Stopped { at },
        BuildStatus::TimedOut => Observation::TimedOut {
            step,
            after: Duration::from_secs(build.timeout_minutes.saturating_mul(60)),
            at,
        },
        BuildStatus::Fault => errored(&format!("CodeBuild itself failed: {told}"), at),
        BuildStatus::Succeeded => errored(&action.error.1, at),
        BuildStatus::Failed => match build.exported(FAILURE) {
            Some(failure) => of_failure(failure, step, build, at),
            None => match &build.failed {
                Some((true, told)) => step_failed(&step, &with_log(told, build), at),
                _ => errored(&with_log(told, build), at),
            },
        },
    }
}

/// What a rendered buildspec left in `GREENROOM_FAILURE`.
fn of_failure(failure: &str, step: String, build: &Build, at: Timestamp) -> Observation {
    let (kind, rest) = failure.split_once(':').unwrap_or((failure, ""));
    let rest = rest.trim_start();
    match kind {
        "digest" => Observation::Refused {
            why: with_log(
                "the artifact is not the one that was verified; no step ran",
                build,
            ),
            at,
        },
        "artifact" => errored(&with_log(rest, build), at),
        "timeout" => match rest.parse() {
            Ok(seconds) => Observation::TimedOut {
                step,
                after: Duration::from_secs(seconds),
                at,
            },
            Err(_) => step_failed(&step, &with_log(failure, build), at),
        },
        "step" => step_failed(&step, &with_log(rest, build), at),
        _ => step_failed(&step, &with_log(failure, build), at),
    }
}

/// The sentence, and where its step's output is read; all of it within [`WHY_MAX`], of which a
/// line's end takes six.
fn with_log(why: &str, build: &Build) -> String {
    const LOG: &str = "\nlog: ";
    const COST: usize = LOG.len() + 5;
    match &build.log {
        Some(log) if log.len() <= WHY_MAX / 2 => {
            let why = bound::text(why, WHY_MAX - log.len() - COST);
            format!("{why}{LOG}{log}")
        }
        _ => bound::text(why, WHY_MAX),
    }
}

fn step_failed(step: &str, why: &str, at: Timestamp) -> Observation {
    Observation::Failed {
        step: step.to_owned(),
        why: bound::text(why, WHY_MAX),
        at,
    }
}

fn errored(why: &str, at: Timestamp) -> Observation {
    Observation::Errored {
        why: bound::text(why, WHY_MAX),
        at,
    }
}

#[cfg(test)]
mod tests;
