//! B3: a stage goes because it was idle, left or given up, and never against a person's word; it is
//! called gone only after steps that took it away ended well, and else it stays visible.

use greenroom_core::execution::Observation;
use greenroom_core::stage::{Cause, Stage, Why};

use super::{Found, Replaced};
use crate::truth::Truth;

pub fn replaced(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
    let (Some(old), new) = (replaced.before, replaced.after) else {
        return;
    };
    kept(truth, replaced, old, found);
    let went = new.life.gone.is_some() && new.life.gone != old.life.gone;
    if went && !took_away(truth, new) {
        let what = format!("{} is called gone, and nothing took it away", new.id);
        found.broken(truth, "B3", what);
    }
    let lives = new.run.as_ref().is_some_and(|run| !run.cause.is_teardown());
    let again = replaced.admits() && lives;
    if old.life.orphan.is_some() && new.life.orphan.is_none() && !went && !again {
        let what = format!("{} is no orphan any more, and nobody saw to it", new.id);
        found.broken(truth, "B3", what);
    }
}

/// What a person pinned or parked does not go by itself.
fn kept(truth: &Truth, replaced: &Replaced<'_>, old: &Stage, found: &mut Found) {
    let run = replaced.after.run.as_ref().filter(|_| replaced.claims());
    let Some(Cause::Teardown { why, .. }) = run.map(|run| &run.cause) else {
        return;
    };
    let now = replaced.commit.glance.map_or(truth.now, |glance| glance.at);
    let life = &old.life;
    let parked = life.parked.as_ref().is_some_and(|it| now < it.until);
    let extended = life.extended.as_ref().is_some_and(|it| now < it.until);
    let idle = matches!(why, Why::Idle { .. });
    if !why.is_personal() && (life.pinned.is_some() || parked) || idle && extended {
        let what = format!("{} is torn down although a person keeps it", old.id);
        found.broken(truth, "B3", what);
    }
}

/// Whether the run that ended last tore the stage down, in truth.
fn took_away(truth: &Truth, stage: &Stage) -> bool {
    let last = stage.last.as_ref().filter(|run| run.cause.is_teardown());
    let execution = last.and_then(|run| run.execution.as_ref());
    execution
        .and_then(|id| truth.executor.find(id))
        .is_some_and(|index| {
            let ended = &truth.executor.get(index).ending;
            matches!(ended, Some(Observation::Succeeded { .. }))
        })
}
