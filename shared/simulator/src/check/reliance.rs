//! G4: a claim relies on its app, on what people say of its release, on its upstream and on the
//! stage it passes first as they are, and says so in the same commit.

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
    let run = stage.run.as_ref().filter(|run| !run.cause.is_teardown());
    let run = run.filter(|_| replaced.claims());
    let Some(run) = run else { return };
    let app = stage.id.app;
    let relies_on = &replaced.commit.relies_on;
    let mut ignored = Vec::new();
    if !relies_on.contains(&keys::marks(app, &run.release.revision)) {
        ignored.push(format!("the marks of {}", run.release.revision.short()));
    }
    let policy = files
        .get(&run.config)
        .and_then(|file| Policy::of(file, &stage.spec.rule, truth.setup.clock_error))
        .filter(|_| !run.cause.is_rollback());
    let others = policy.map(|policy| [policy.upstream, policy.through]);
    for other in others.into_iter().flatten().flatten() {
        let id = StageId {
            app,
            stage: other.stage,
        };
        if !relies_on.contains(&keys::stage(&id)) {
            ignored.push(id.stage.to_string());
        }
    }
    for what in ignored {
        let what = format!(
            "run {} of {} is claimed whatever became of {what}",
            run.generation, stage.id
        );
        found.broken(truth, "G4", what);
    }
}
