//! I4: what could not be reached is tried until it can. The world's services never refuse for ever,
//! so nothing may be given up as if one had.

use greenroom_app::keys;
use greenroom_app::ports::pipelines::Observation;
use greenroom_app::records::{Attention, BuildRecord};
use greenroom_core::build::BuildState;
use greenroom_core::stage::Run;

use super::{Found, Replaced};
use crate::truth::{Change, Truth};

pub fn committed(truth: &Truth, changes: &[Change<'_>], found: &mut Found) {
    for change in changes {
        if change.key.partition != keys::app_partition(truth.app) {
            continue;
        }
        if change.key.sort.starts_with("attention#") {
            let item: Option<Attention> =
                change.after.and_then(|it| serde_json::from_slice(it).ok());
            if let Some(item) = item.filter(|item| item.code == "effect_parked") {
                found.broken(truth, "I4", item.text);
            }
        }
        if change.key.sort.starts_with("build#") {
            build(truth, change, found);
        }
    }
}

/// A build that was never started has not ended before its time.
fn build(truth: &Truth, change: &Change<'_>, found: &mut Found) {
    let read = |bytes: &[u8]| serde_json::from_slice::<BuildRecord>(bytes).ok();
    let before = change.before.as_deref().and_then(read);
    let after = change.after.and_then(read);
    let (Some(before), Some(after)) = (before, after) else {
        return;
    };
    let BuildState::Running {
        execution: None,
        deadline,
        ..
    } = before.build.state
    else {
        return;
    };
    let given_up = matches!(
        after.build.state,
        BuildState::Waiting { .. } | BuildState::Errored { .. }
    );
    let clocks = truth.setup.clock_error.saturating_mul(2);
    let early = truth
        .now
        .saturating_add(clocks)
        .is_ok_and(|at| at < deadline);
    if given_up && early {
        let revision = after.build.revision.short().to_owned();
        found.broken(
            truth,
            "I4",
            format!("the build of {revision} was never started"),
        );
    }
}

pub fn replaced(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
    let stage = replaced.after;
    let unstarted = |run: &&Run| {
        run.execution.is_none() && matches!(run.ended, Some(Observation::Errored { .. }))
    };
    for run in stage.run.iter().chain(&stage.last).filter(unstarted) {
        let what = format!("run {} of {} was never started", run.generation, stage.id);
        found.broken(truth, "I4", what);
    }
}
