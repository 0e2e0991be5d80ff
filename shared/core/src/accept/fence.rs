//! The fence: the last question before anything on a stage changes.
//!
//! An execution is admitted if its generation is current, it knows the nonce, its commit is the
//! claimed one, its time is not up, and no other execution was admitted for that claim. Everything
//! a gate demanded at the claim must still hold, so that a lock or a red verdict that came in
//! between stops it.

use jiff::Timestamp;

use crate::name::{ExecutionId, Nonce, RefName, Revision};
use crate::plan::{gates, teardown, toggle};
use crate::policy::{Policy, View};
use crate::stage::{Deployed, Phase, Run, Stage};

use super::Rejection;

pub(super) struct Ask<'a> {
    pub generation: u64,
    pub nonce: &'a Nonce,
    pub execution: &'a ExecutionId,
    pub revision: &'a Revision,
}

pub(super) fn admit(
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    ask: &Ask<'_>,
) -> Result<Stage, Rejection> {
    let mut stage = view.stage.clone();
    let run = claimed(&stage, ask, view.now)?;
    if run.is_admitted() {
        return Ok(stage);
    }
    still_open(view, policy, run)?;
    if run.cause.is_teardown() {
        return Ok(torn_down(stage, ask, view.now));
    }
    if run.cause.is_flip() {
        // What stands on the stage stays.
        let_in(&mut stage, ask, view.now);
        return Ok(stage);
    }
    let deployed = Deployed {
        release: run.release.clone(),
        generation: run.generation,
        at: view.now,
        complete: false,
        outputs: std::collections::BTreeMap::new(),
        took_over: taken_from(stage.deployed.as_ref(), run.reference.as_ref()),
        reference: run.reference.clone(),
        terms: Some(run.terms.clone()),
        is_back: run.cause.is_rollback(),
    };
    let_in(&mut stage, ask, view.now);
    stage.deployed = Some(deployed);
    stage.verified = None;
    stage.foreign = None;
    stage.life.begin();
    Ok(stage)
}

fn claimed<'a>(stage: &'a Stage, ask: &Ask<'_>, now: Timestamp) -> Result<&'a Run, Rejection> {
    let late = |why: String| Rejection::conflict(why, &format!("greenroom log {}", stage.id.stage));
    let run = stage
        .run
        .as_ref()
        .filter(|run| run.generation == ask.generation)
        .ok_or_else(|| {
            late(format!(
                "run {} of {} is not the claimed one",
                ask.generation, stage.id.stage
            ))
        })?;
    if run.nonce != *ask.nonce {
        return Err(late(
            "the execution does not know the claim's nonce".to_owned(),
        ));
    }
    if run.release.revision != *ask.revision {
        return Err(late(format!(
            "the execution has {}, the claim {}",
            ask.revision.short(),
            run.release.revision.short()
        )));
    }
    if run
        .execution
        .as_ref()
        .is_some_and(|execution| execution != ask.execution)
    {
        return Err(late("another execution belongs to this claim".to_owned()));
    }
    // The plan that follows would stop it: let in now, it would be stopped halfway.
    if now >= run.deadline {
        return Err(late(format!("its time was up at {}", run.deadline)));
    }
    match run.phase {
        Phase::Starting | Phase::Deploying => Ok(run),
        Phase::Stopping { .. } => Err(late("the run is being stopped".to_owned())),
        Phase::Verifying { .. } | Phase::Ended => {
            Err(late("the run is past its deployment".to_owned()))
        }
    }
}

/// The gates once more, as they are now.
fn still_open(view: &View<'_>, policy: Option<&Policy<'_>>, run: &Run) -> Result<(), Rejection> {
    let name = &view.stage.id.stage;
    let Some(policy) = policy else {
        return Err(Rejection::closed(
            format!("the stage file in force has no stage {name} any more"),
            "greenroom validate",
        ));
    };
    let closed = if run.cause.is_teardown() {
        teardown::at_the_fence(view, policy, run)
    } else if run.cause.is_flip() {
        toggle::at_the_fence(view, policy, run)
    } else {
        gates::at_the_fence(view, policy, run)
    };
    let Some(closed) = closed else {
        return Ok(());
    };
    let closed = closed.explain(name);
    let help = closed
        .command
        .unwrap_or_else(|| format!("greenroom why {name}"));
    Err(Rejection::closed(closed.sentence, &help))
}

fn let_in(stage: &mut Stage, ask: &Ask<'_>, now: Timestamp) {
    if let Some(run) = stage.run_of(ask.generation) {
        run.execution = Some(ask.execution.clone());
        run.admitted_at = Some(now);
        run.phase = Phase::Deploying;
    }
}

/// From here on nobody can say what stands on the stage, until something else does.
fn torn_down(mut stage: Stage, ask: &Ask<'_>, now: Timestamp) -> Stage {
    let_in(&mut stage, ask, now);
    if let Some(deployed) = &mut stage.deployed {
        deployed.complete = false;
    }
    stage.verified = None;
    stage
}

/// The branch that has to give way to `to`, now or when `to` came; none if it is the same one.
fn taken_from(before: Option<&Deployed>, to: Option<&RefName>) -> Option<RefName> {
    let before = before.filter(|before| to.is_some() && before.reference.is_some())?;
    if before.reference.as_ref() == to {
        before.took_over.clone()
    } else {
        before.reference.clone()
    }
}
