//! Trying again what did not succeed.

use jiff::Timestamp;

use super::Rejection;
use crate::policy::Policy;
use crate::stage::{BuildNeed, Candidate, Cause, Outcome, Run, Stage};

/// What waits is tried at once; a rollback that did not succeed is rolled back to again; a
/// promotion goes through all its gates again; anything else is run again as it was.
pub(super) fn retry(
    mut stage: Stage,
    by: &str,
    policy: Option<&Policy<'_>>,
    now: Timestamp,
) -> Result<Stage, Rejection> {
    let name = stage.id.stage.clone();
    if stage.run.is_some() {
        return Err(Rejection::conflict(
            "a run is under way",
            &format!("greenroom abort {name}"),
        ));
    }
    let Some(policy) = policy else {
        return Err(Rejection::invalid(
            format!("the stage file in force has no stage {name} any more"),
            "greenroom validate",
        ));
    };
    let last = stage.last.clone();
    if let Some(last) = &last
        && last.cause.is_teardown()
        && stage.candidate.is_none()
    {
        return Err(torn_down(&stage, last, policy));
    }
    if let Some(last) = &last
        && last.cause.is_flip()
        && stage.candidate.is_none()
    {
        return Err(Rejection::invalid(
            format!(
                "the last run of {name}, {}, led people there",
                last.generation
            ),
            &format!("greenroom toggle {name}"),
        ));
    }
    let rolled_back = last.as_ref().filter(|last| {
        last.cause.is_rollback() && last.outcome != Some(Outcome::Succeeded) && stage.hold.is_some()
    });
    let rolls_back = |candidate: &Candidate| candidate.cause.is_rollback();
    if let Some(last) = rolled_back
        && !stage.candidate.as_ref().is_some_and(rolls_back)
    {
        // What automation would like meanwhile is held; that is not what failed.
        let back = again(last, last.cause.clone(), policy, now);
        if stage.queue.fifo {
            stage.go_first(back);
        } else {
            stage.candidate = Some(back);
        }
        stage.unstopped = None;
        return Ok(stage);
    }
    if let Some(candidate) = &mut stage.candidate {
        if candidate.build == BuildNeed::Failed {
            candidate.build = BuildNeed::Again;
        }
        candidate.not_before = None;
        // It passes the other stage anew, however often that was asked before.
        stage.passage = None;
        if !candidate.cause.is_rollback() {
            stage.hold = None;
        }
        stage.unstopped = None;
        return Ok(stage);
    }
    if policy.upstream.is_some() {
        if stage.tried.is_none() && stage.verified.is_some() {
            return Err(Rejection::invalid(
                format!("{name} is green; there is nothing to try again"),
                &format!("greenroom why {name}"),
            ));
        }
        stage.tried = None;
        stage.hold = None;
        stage.unstopped = None;
        return Ok(stage);
    }
    let Some(last) = last else {
        return Err(Rejection::not_found(
            format!("nothing was ever deployed on {name}"),
            "push something that leads here",
        ));
    };
    let cause = Cause::Retry {
        by: by.to_owned(),
        of: last.generation,
    };
    stage.candidate = Some(again(&last, cause, policy, now));
    stage.hold = None;
    stage.unstopped = None;
    Ok(stage)
}

/// What was torn down last is deployed by what leads to the stage, and what it left goes by another
/// teardown: neither is a run to be repeated.
fn torn_down(stage: &Stage, last: &Run, policy: &Policy<'_>) -> Rejection {
    let name = &stage.id.stage;
    if stage.life.orphan.is_some() {
        return Rejection::conflict(
            format!(
                "run {} was to tear {name} down, and did not",
                last.generation
            ),
            &format!("greenroom destroy {name} --reason WHY"),
        );
    }
    Rejection::not_found(
        format!(
            "the last run of {name}, {}, was its teardown",
            last.generation
        ),
        &match policy.upstream {
            Some(_) => format!("greenroom promote {name}"),
            None => format!("greenroom refresh {name}"),
        },
    )
}

/// The same bytes once more. What is built otherwise by now is built anew, unless it is a
/// rollback, which is to exactly what was good.
fn again(last: &Run, cause: Cause, policy: &Policy<'_>, now: Timestamp) -> Candidate {
    let same = cause.is_rollback() || last.release.recipe == policy.build_recipe;
    Candidate {
        revision: last.release.revision.clone(),
        reference: last.reference.clone(),
        release: same.then(|| last.release.clone()),
        cause,
        since: now,
        contains: last.contains.clone(),
        build: BuildNeed::NotAsked,
        attempt: 0,
        not_before: None,
    }
}
