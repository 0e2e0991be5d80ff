//! What became of releases on a stage that others promote from.

use std::collections::BTreeMap;

use greenroom_core::release::Release;
use greenroom_core::stage::{Outcome, Run, Stage, Terms};
use jiff::Timestamp;

use crate::check::Replaced;
use crate::check::watch::concludes;
use crate::truth::Truth;

/// What became of releases on a stage that others promote from.
#[derive(Debug, Default)]
pub(super) struct Above {
    /// Each time that something was verified, in order.
    pub(super) greens: Vec<Release>,
    /// Under which terms.
    pub(super) terms: Vec<(Release, Terms)>,
    /// What was red there when it was looked at last.
    pub(super) red: Vec<Release>,
    /// When something was last known not to have succeeded there.
    pub(super) tried: BTreeMap<Release, Timestamp>,
    /// What only a round that could not tell speaks against.
    pub(super) unclear: Vec<Release>,
    /// When somebody last went back there.
    pub(super) back: Option<Timestamp>,
}

impl Above {
    /// Notes what became of releases here.
    pub(super) fn note(&mut self, truth: &Truth, replaced: &Replaced<'_>) {
        let stage = replaced.after;
        let above = self;
        let before = replaced.before;
        let tried = before.and_then(|before| before.tried.as_ref());
        for release in tried.into_iter().chain(&stage.tried) {
            above.tried.insert(release.clone(), truth.now);
        }
        let back = |run: &Run| run.cause.is_rollback();
        if stage.run.iter().chain(&stage.last).any(back) {
            above.back = Some(truth.now);
        }
        let generation = |stage: &Stage| stage.last.as_ref().map(|run| run.generation);
        let last = stage.last.as_ref();
        let ended = last.filter(|_| before.and_then(generation) != generation(stage));
        if let Some(run) = ended {
            above.unclear.retain(|it| *it != run.release);
            if run.outcome == Some(Outcome::Failed) {
                above.red.push(run.release.clone());
            }
        }
        let stands = stage.stands().map(|it| &it.release);
        if let (Some(looked), Some(release)) = (concludes(replaced), stands) {
            match looked.outcome {
                Outcome::Failed => above.red.push(release.clone()),
                Outcome::Succeeded => {}
                _ if tried != Some(release) => above.unclear.push(release.clone()),
                _ => {}
            }
        }
        let known = before.and_then(|before| before.verified.as_ref());
        if let Some(green) = stage.verified.as_ref().filter(|it| known != Some(*it)) {
            above.red.retain(|it| *it != green.release);
            above.unclear.retain(|it| *it != green.release);
            above.greens.push(green.release.clone());
            above
                .terms
                .push((green.release.clone(), green.terms.clone()));
        }
    }
}
