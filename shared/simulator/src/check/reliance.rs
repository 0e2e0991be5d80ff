//! G4: a claim relies on its upstream and its app as they are, and says so in the same commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_app::keys;
use greenroom_core::name::{ConfigHash, StageId};
use greenroom_core::policy::Policy;
use greenroom_core::stage_file::StageFile;

use super::{Found, Replaced};
use crate::truth::Truth;

pub fn replaced(
    truth: &Truth,
    replaced: &Replaced<'_>,
    files: &BTreeMap<ConfigHash, Arc<StageFile>>,
    found: &mut Found,
) {
    let stage = replaced.after;
    let goes_on = replaced.claims() || replaced.admits();
    if goes_on && !replaced.commit.relies_on.contains(&keys::app(stage.id.app)) {
        let what = format!("{} goes on whatever became of its app", stage.id);
        found.broken(truth, "G4", what);
    }
    let run = stage.run.as_ref().filter(|_| replaced.claims());
    let Some(run) = run.filter(|run| !run.cause.is_rollback()) else {
        return;
    };
    let policy = files
        .get(&run.config)
        .and_then(|file| Policy::of(file, &stage.spec.rule, truth.setup.clock_error));
    let Some(upstream) = policy.and_then(|policy| policy.upstream) else {
        return;
    };
    let id = StageId {
        app: stage.id.app,
        stage: upstream.stage.clone(),
    };
    if !replaced.commit.relies_on.contains(&keys::stage(&id)) {
        let what = format!(
            "run {} of {} is claimed whatever became of {}",
            run.generation, stage.id, upstream.stage
        );
        found.broken(truth, "G4", what);
    }
}
