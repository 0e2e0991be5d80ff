//! C7: every run ends. What is looked at after its time is up is ended by who looks; and once
//! nothing goes wrong any more, no end stays unnoticed and no time runs over.

use greenroom_app::keys;
use greenroom_core::stage::{Phase, Run};
use jiff::{SignedDuration, Timestamp};

use super::{Found, Replaced};
use crate::inner::Inner;
use crate::truth::Truth;

/// How long an execution that was asked to stop may take before its run is given up.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);

pub fn replaced(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
    let (Some(run), Some(glance)) = (&replaced.after.run, replaced.commit.glance) else {
        return;
    };
    if replaced.claims() || glance.showed < end_of(run) {
        return;
    }
    let what = format!(
        "run {} of {} was to end at {} and goes on at {}",
        run.generation,
        replaced.after.id,
        end_of(run),
        glance.showed
    );
    found.broken(truth, "C7", what);
}

/// When whoever looks at it ends it.
fn end_of(run: &Run) -> Timestamp {
    match &run.phase {
        Phase::Stopping { since, .. } => since.saturating_add(PATIENCE).unwrap_or(*since),
        _ => run.deadline,
    }
}

impl Inner {
    /// What was over when all became `calm` is known by now.
    pub fn check_overdue(&mut self, calm: Timestamp) {
        for name in self.stage_names() {
            let Some(record) = self.stage_record(&name) else {
                continue;
            };
            let Some(run) = &record.stage.run else {
                continue;
            };
            // The clock it was read from may be fast.
            let error = self.truth.setup.clock_error;
            let late = end_of(run)
                .saturating_add(error)
                .is_ok_and(|end| end <= calm);
            let unread = run.execution.as_ref().filter(|_| run.ended.is_none());
            let over = unread.and_then(|id| {
                let execution = self.truth.executor.get(self.truth.executor.find(id)?);
                execution.ended.filter(|at| *at <= calm)
            });
            let what = match over {
                Some(at) => format!("ended at {at} and nobody knows"),
                None if late => format!("was to end at {}", end_of(run)),
                None => continue,
            };
            let what = format!("run {} of {name} {what}", run.generation);
            self.found.broken(&self.truth, "C7", what);
        }
    }

    pub(crate) fn stage_names(&self) -> Vec<String> {
        self.keys_of_prefix(&keys::app_partition(self.truth.app), "stage#")
            .into_iter()
            .map(|sort| sort.trim_start_matches("stage#").to_owned())
            .collect()
    }
}
