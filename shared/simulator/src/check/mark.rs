//! D8: what somebody called bad goes nowhere, and what a stage demands was said of its release.

use std::collections::BTreeMap;

use greenroom_core::mark::Marked;
use greenroom_core::name::{ConfigHash, Revision};
use greenroom_core::stage_file::StageFile;
use std::sync::Arc;

use super::{Found, Replaced};
use crate::truth::{Change, Truth};

/// What the table says of each revision.
#[derive(Debug, Default)]
pub struct Marks(BTreeMap<Revision, Marked>);

impl Marks {
    pub fn committed(&mut self, changes: &[Change<'_>]) {
        for change in changes {
            let Some(revision) = change.key.sort.strip_prefix("marks#") else {
                continue;
            };
            let said = change.after.map(serde_json::from_slice::<Marked>);
            match said {
                Some(Ok(marked)) => drop(self.0.insert(marked.revision.clone(), marked)),
                _ => drop(self.0.remove(&Revision::new(revision))),
            }
        }
    }

    /// A stage's record was replaced.
    pub fn replaced(
        &self,
        truth: &Truth,
        replaced: &Replaced<'_>,
        files: &BTreeMap<ConfigHash, Arc<StageFile>>,
        found: &mut Found,
    ) {
        let stage = replaced.after;
        let goes_on = replaced.claims() || replaced.admits();
        let Some(run) = stage.run.as_ref().filter(|_| goes_on) else {
            return;
        };
        let named = format!("run {} of {}", run.generation, stage.id);
        let short = run.release.revision.short();
        let said = self.0.get(&run.release.revision);
        if let Some(bad) = said.and_then(Marked::bad) {
            let what = format!("{named} goes on with {short}, which {} calls bad", bad.by);
            found.broken(truth, "D8", what);
        }
        if run.cause.is_rollback() {
            return;
        }
        let file = files.get(&run.config);
        let rule = file.and_then(|file| file.rule(&stage.spec.rule));
        for mark in rule.iter().flat_map(|rule| &rule.marks) {
            if !said.is_some_and(|said| said.marks.contains_key(mark)) {
                let what = format!("{named} goes on with {short}, which is not marked {mark}");
                found.broken(truth, "D8", what);
            }
        }
    }
}
