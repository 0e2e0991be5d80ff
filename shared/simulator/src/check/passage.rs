//! D9: what has to pass another stage was verified there, by a run begun after it came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_core::name::{ConfigHash, Revision};
use greenroom_core::policy::Policy;
use greenroom_core::stage::{BuildNeed, Candidate};
use greenroom_core::stage_file::StageFile;

use super::{Found, Replaced, Stages};
use crate::truth::Truth;

/// What came to each stage, and what ran there.
#[derive(Debug, Default)]
pub struct Passages {
    /// For each stage what it wanted last, and how many runs each other stage had begun by then.
    came: BTreeMap<String, Came>,
    /// Every revision that was ever claimed, or could not be built, by stage.
    ran: BTreeSet<(String, Revision)>,
}

#[derive(Debug)]
struct Came {
    revision: Revision,
    begun: BTreeMap<String, u64>,
}

impl Passages {
    pub fn replaced(
        &mut self,
        truth: &Truth,
        replaced: &Replaced<'_>,
        files: &BTreeMap<ConfigHash, Arc<StageFile>>,
        stages: &Stages,
        found: &mut Found,
    ) {
        let stage = replaced.after;
        self.came(replaced, stages);
        let run = stage.run.as_ref().filter(|run| !run.cause.is_teardown());
        let run = run.filter(|_| replaced.claims());
        let run = run.map(|run| &run.release.revision);
        let unbuilt = |it: &&Candidate| it.build == BuildNeed::Failed;
        let unbuilt = stage.line().filter(unbuilt).map(|it| &it.revision);
        let passed = stage.queue.passed.iter().map(|it| &it.revision);
        for revision in run.into_iter().chain(unbuilt).chain(passed) {
            let name = stage.id.stage.to_string();
            self.ran.insert((name, revision.clone()));
        }
        let goes_on = replaced.claims() || replaced.admits();
        let run = stage
            .run
            .as_ref()
            .filter(|run| goes_on && !run.cause.is_rollback() && !run.cause.is_teardown());
        let Some((run, file)) = run.and_then(|run| Some((run, files.get(&run.config)?))) else {
            return;
        };
        let policy = Policy::of(file, &stage.spec.rule, truth.setup.clock_error);
        let Some(through) = policy.and_then(|policy| policy.through) else {
            return;
        };
        let there = through.stage.as_str();
        let verified = stages
            .get(there)
            .and_then(|(_, record)| record.stage.verified.as_ref());
        let came = self.came.get(stage.id.stage.as_str());
        let before = came
            .filter(|came| came.revision == run.release.revision)
            .and_then(|came| came.begun.get(there).copied());
        let proven = verified.is_some_and(|verified| {
            verified.release == run.release
                && verified.terms == through.terms
                && verified.generation > before.unwrap_or(0)
        });
        if !proven {
            let what = format!(
                "run {} of {} goes on with {}, which {there} has not verified since it came \
                 (there: {verified:?}, after run {before:?})",
                run.generation,
                stage.id,
                run.release.revision.short(),
            );
            found.broken(truth, "D9", what);
        }
    }

    /// Whether a stage ever ran this, or found that it cannot be built.
    pub fn ran(&self, stage: &str, revision: &Revision) -> bool {
        self.ran.contains(&(stage.to_owned(), revision.clone()))
    }

    /// Notes when something else is wanted.
    fn came(&mut self, replaced: &Replaced<'_>, stages: &Stages) {
        let Some(candidate) = &replaced.after.candidate else {
            return;
        };
        // What is tried again by itself has come before.
        let before = replaced.before.is_some_and(|before| {
            let waited = before.candidate.as_ref().map(|it| &it.revision);
            let ran = before.run.as_ref().map(|run| &run.release.revision);
            [waited, ran].contains(&Some(&candidate.revision))
        });
        if before {
            return;
        }
        let begun = stages
            .iter()
            .map(|(name, (_, record))| (name.clone(), record.stage.generation));
        let came = Came {
            revision: candidate.revision.clone(),
            begun: begun.collect(),
        };
        let name = replaced.after.id.stage.to_string();
        self.came.insert(name, came);
    }
}
