//! Another stage asks for a release to be deployed here before it takes it.

use jiff::Timestamp;

use crate::name::{RefName, StageName};
use crate::release::Release;
use crate::stage::{BuildNeed, Candidate, Cause, HEARD_MAX, Heard, Phase, Run, Stage};

/// What was asked.
pub(super) struct Ask<'a> {
    pub by: &'a StageName,
    pub number: u64,
    pub asked: u32,
    pub after: u64,
    pub release: &'a Release,
    pub reference: Option<&'a RefName>,
    pub at: Timestamp,
}

/// Takes the release, unless something else waits here: nothing that leads here by itself is lost
/// over it, and who asked asks again. An ask counts once, and none that is older than another.
pub(super) fn asked(stage: &mut Stage, ask: &Ask<'_>) {
    let is_old = |known: &Heard| {
        known.stage == *ask.by && (known.number, known.asked) >= (ask.number, ask.asked)
    };
    if stage.heard.iter().any(is_old) {
        return;
    }
    stage.heard.retain(|known| known.stage != *ask.by);
    stage.heard.push(Heard {
        stage: ask.by.clone(),
        number: ask.number,
        asked: ask.asked,
    });
    let over = stage.heard.len().saturating_sub(HEARD_MAX);
    stage.heard.drain(..over);
    if is_taken(stage, ask) {
        return;
    }
    if stage.tried.as_ref() == Some(ask.release) {
        stage.tried = None;
    }
    stage.candidate = Some(Candidate {
        revision: ask.release.revision.clone(),
        reference: ask.reference.cloned(),
        release: Some(ask.release.clone()),
        cause: Cause::Through { to: ask.by.clone() },
        since: ask.at,
        contains: Vec::new(),
        build: BuildNeed::NotAsked,
        attempt: 0,
        not_before: None,
    });
}

/// Something else waits, a run of it is under way already, or a person does not want it here.
fn is_taken(stage: &Stage, ask: &Ask<'_>) -> bool {
    let waits = |candidate: &Candidate| {
        candidate.build != BuildNeed::Failed || candidate.cause.is_personal()
    };
    let runs = |run: &Run| {
        run.release == *ask.release
            && run.generation > ask.after
            && !matches!(run.phase, Phase::Stopping { .. })
    };
    stage.candidate.as_ref().is_some_and(waits)
        || stage.run.as_ref().is_some_and(runs)
        || stage
            .rejected
            .as_ref()
            .is_some_and(|no| no.release == *ask.release)
}
