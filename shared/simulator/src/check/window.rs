//! D3, D6: no closed window is entered, and nothing goes on while everything is paused.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_app::records::AppRecord;
use greenroom_core::freeze::Freeze;
use greenroom_core::name::ConfigHash;
use greenroom_core::pause::Pause;
use greenroom_core::policy::Policy;
use greenroom_core::stage_file::StageFile;
use jiff::SignedDuration;

use super::{Found, Replaced};
use crate::truth::Truth;

/// What the app's record says about all of its stages.
#[derive(Debug, Default)]
pub struct Closed {
    in_force: Option<ConfigHash>,
    pause: Option<Pause>,
}

impl Closed {
    /// The app's record was written.
    pub fn remember(&mut self, record: Option<&[u8]>) {
        let record = record.and_then(|text| serde_json::from_slice::<AppRecord>(text).ok());
        if let Some(record) = record {
            self.in_force = record.config;
            self.pause = record.pause;
        }
    }

    /// A stage was claimed, or an execution admitted.
    pub fn went_on(
        &self,
        truth: &Truth,
        replaced: &Replaced<'_>,
        files: &BTreeMap<ConfigHash, Arc<StageFile>>,
        found: &mut Found,
    ) {
        let stage = replaced.after;
        // What is decided while it is open may be committed a moment after.
        let Some(glance) = replaced.commit.glance else {
            return;
        };
        let holds = |pause: &&Pause| pause.holds(glance.at, SignedDuration::ZERO);
        if let Some(pause) = self.pause.as_ref().filter(holds) {
            let number = if pause.until.is_some() { "D3" } else { "D6" };
            let what = format!("{} goes on although {} paused it", stage.id, pause.by);
            found.broken(truth, number, what);
        }
        let file = self.in_force.as_ref().and_then(|hash| files.get(hash));
        let policy =
            file.and_then(|file| Policy::of(file, &stage.spec.rule, truth.setup.clock_error));
        // Windows say when releases come, and nothing of when a stage goes.
        let run = stage.run.as_ref().filter(|run| !run.cause.is_teardown());
        let (Some(policy), Some(run)) = (policy, run) else {
            return;
        };
        let through = run.overridden.as_ref();
        let freeze = Freeze::of(policy.windows.iter().copied())
            .without(through.map_or(&[][..], |it| it.windows.as_slice()));
        if !freeze.is_open(glance.at, SignedDuration::ZERO) {
            let by = freeze.closed_by(glance.at, SignedDuration::ZERO);
            let by: Vec<&str> = by.iter().map(|window| window.name.as_str()).collect();
            let what = format!("{} goes on while {} closes it", stage.id, by.join(", "));
            found.broken(truth, "D3", what);
        }
    }
}
