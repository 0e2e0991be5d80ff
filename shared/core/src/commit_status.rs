//! What a stage shows beside a commit: on its way, green, red, or that nobody can tell. It follows
//! from the stage alone, so it is decided by comparing two of its states, as history is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::name::Revision;
use crate::stage::{BuildNeed, Candidate, Looked, Outcome, Phase, Run, Skipped, Stage};

/// Statuses decided at once; of a run that contains more commits, older ones keep what they show.
pub const STATUSES_MAX: usize = 6;

/// How it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusState {
    /// On its way.
    Pending,
    /// Verified on the stage.
    Success,
    /// The change is bad.
    Failure,
    /// Nobody can tell, or it goes there no more.
    Error,
}

/// What is shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CommitStatus {
    pub state: StatusState,
    /// One sentence for people. It may hold texts of strangers.
    pub sentence: String,
}

/// What the stage shows beside this commit; `None` when it has nothing to say of it any more.
#[must_use]
pub fn of(stage: &Stage, revision: &Revision) -> Option<CommitStatus> {
    let mut all = all(stage).into_iter();
    all.find_map(|(of, status)| (of == *revision).then_some(status))
}

/// What is to be shown differently, the stage's own commits before those they contain; at most
/// [`STATUSES_MAX`].
#[must_use]
pub fn between(before: Option<&Stage>, after: &Stage) -> Vec<Effect> {
    let shown = before.map(all).unwrap_or_default();
    let known: BTreeMap<&Revision, &CommitStatus> =
        shown.iter().map(|(of, status)| (of, status)).collect();
    let wanted = all(after);
    let stays: Vec<&Revision> = wanted.iter().map(|(of, _)| of).collect();
    let gone = shown.iter().filter(|(of, status)| {
        // What has ended there keeps its status when the stage forgets it.
        status.state == StatusState::Pending && !stays.contains(&of)
    });
    let gone = gone.map(|(of, _)| {
        let sentence = format!("no longer on its way to {}", after.id.stage);
        let state = StatusState::Error;
        (of.clone(), CommitStatus { state, sentence })
    });
    let new = wanted
        .iter()
        .filter(|(of, status)| known.get(of) != Some(&status));
    let all = new.cloned().chain(gone).take(STATUSES_MAX);
    all.map(|(revision, status)| Effect::ReportStatus {
        stage: after.id.stage.clone(),
        revision,
        status,
    })
    .collect()
}

/// The status of each commit that the stage knows of. What is on its way now counts more than how
/// it went before, and a commit's own status more than that of one which contains it.
fn all(stage: &Stage) -> Vec<(Revision, CommitStatus)> {
    let mut own: Vec<(&Revision, CommitStatus, &[Skipped])> = Vec::new();
    // A teardown's commit is of the default branch, and nothing of it is deployed.
    let deploys = |run: &&Run| run.cause.deploys();
    if let Some(run) = stage.run.as_ref().filter(deploys) {
        own.push((&run.release.revision, of_run(stage, run), &run.contains));
    }
    for candidate in stage.line() {
        let status = of_candidate(stage, candidate);
        own.push((&candidate.revision, status, &candidate.contains));
    }
    let last = stage.last.as_ref().filter(deploys);
    if let (Some(stands), Some(looked)) = (stage.stands(), stage.looked()) {
        let run = last.filter(|run| run.generation == looked.generation);
        let contains = run.map_or(&[][..], |run| &run.contains);
        own.push((&stands.release.revision, of_round(stage, looked), contains));
    }
    if let Some(run) = last {
        own.push((&run.release.revision, of_run(stage, run), &run.contains));
    }
    let mut statuses: Vec<(Revision, CommitStatus)> = Vec::new();
    let mut add = |revision: &Revision, status: CommitStatus| {
        if statuses.iter().all(|(known, _)| known != revision) {
            statuses.push((revision.clone(), status));
        }
    };
    for (revision, status, _) in &own {
        add(revision, status.clone());
    }
    for (revision, status, contains) in own {
        for skipped in contains {
            let sentence = format!("contained in {}: {}", revision.short(), status.sentence);
            let state = status.state;
            add(&skipped.revision, CommitStatus { state, sentence });
        }
    }
    statuses
}

fn of_candidate(stage: &Stage, candidate: &Candidate) -> CommitStatus {
    let name = &stage.id.stage;
    if candidate.build == BuildNeed::Failed {
        return CommitStatus {
            state: StatusState::Error,
            sentence: format!("its build gave nothing to deploy; greenroom why {name}"),
        };
    }
    CommitStatus {
        state: StatusState::Pending,
        sentence: format!("waits for {name}; greenroom why {name}"),
    }
}

fn of_run(stage: &Stage, run: &Run) -> CommitStatus {
    let name = &stage.id.stage;
    let pending = |sentence| CommitStatus {
        state: StatusState::Pending,
        sentence,
    };
    let Some(outcome) = run.outcome else {
        return pending(match &run.phase {
            Phase::Starting | Phase::Deploying => format!("is being deployed to {name}"),
            Phase::Verifying { .. } => format!("is deployed to {name} and being tested"),
            Phase::Stopping { .. } | Phase::Ended => format!("is being stopped on {name}"),
        });
    };
    ended(stage, outcome, run.why.as_deref())
}

/// What is watched is as the last round found it.
fn of_round(stage: &Stage, looked: &Looked) -> CommitStatus {
    ended(stage, looked.outcome, Some(&looked.why))
}

fn ended(stage: &Stage, outcome: Outcome, why: Option<&str>) -> CommitStatus {
    let name = &stage.id.stage;
    let state = match outcome {
        Outcome::Succeeded => StatusState::Success,
        Outcome::Failed => StatusState::Failure,
        Outcome::Errored | Outcome::Aborted | Outcome::TimedOut | Outcome::Refused => {
            StatusState::Error
        }
    };
    let sentence = match (outcome, why) {
        (Outcome::Succeeded, _) => format!("green on {name}"),
        (_, Some(why)) => format!("{} on {name}: {why}", outcome.word()),
        (_, None) => format!("{} on {name}", outcome.word()),
    };
    CommitStatus { state, sentence }
}
