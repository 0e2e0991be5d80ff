//! What a stage shows beside a commit: on its way, green, red, or that nobody can tell. It follows
//! from the stage alone, so it is decided by comparing two of its states, as history is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::name::Revision;
use crate::stage::{BuildNeed, Candidate, Outcome, Phase, Run, Skipped, Stage};

/// Marks decided at once; of a run that contains more commits, older ones keep what they show.
pub const MARKS_MAX: usize = 6;

/// How it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkState {
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
pub struct Mark {
    pub state: MarkState,
    /// One sentence for people. It may hold texts of strangers.
    pub sentence: String,
}

/// What the stage shows beside this commit; `None` when it has nothing to say of it any more.
#[must_use]
pub fn of(stage: &Stage, revision: &Revision) -> Option<Mark> {
    let mut all = all(stage).into_iter();
    all.find_map(|(of, mark)| (of == *revision).then_some(mark))
}

/// What is to be shown differently, the stage's own commits before those they contain; at most
/// [`MARKS_MAX`].
#[must_use]
pub fn between(before: Option<&Stage>, after: &Stage) -> Vec<Effect> {
    let shown = before.map(all).unwrap_or_default();
    let known: BTreeMap<&Revision, &Mark> = shown.iter().map(|(of, mark)| (of, mark)).collect();
    let wanted = all(after);
    let stays: Vec<&Revision> = wanted.iter().map(|(of, _)| of).collect();
    let gone = shown.iter().filter(|(of, mark)| {
        // What has ended there keeps its mark when the stage forgets it.
        mark.state == MarkState::Pending && !stays.contains(&of)
    });
    let gone = gone.map(|(of, _)| {
        let sentence = format!("no longer on its way to {}", after.id.stage);
        let state = MarkState::Error;
        (of.clone(), Mark { state, sentence })
    });
    let new = wanted
        .iter()
        .filter(|(of, mark)| known.get(of) != Some(&mark));
    let all = new.cloned().chain(gone).take(MARKS_MAX);
    all.map(|(revision, mark)| Effect::ReportMark {
        stage: after.id.stage.clone(),
        revision,
        mark,
    })
    .collect()
}

/// The mark of each commit that the stage knows of. What is on its way now counts more than how
/// it went before, and a commit's own mark more than that of one which contains it.
fn all(stage: &Stage) -> Vec<(Revision, Mark)> {
    let mut own: Vec<(&Revision, Mark, &[Skipped])> = Vec::new();
    if let Some(run) = &stage.run {
        own.push((&run.release.revision, of_run(stage, run), &run.contains));
    }
    if let Some(candidate) = &stage.candidate {
        let mark = of_candidate(stage, candidate);
        own.push((&candidate.revision, mark, &candidate.contains));
    }
    if let Some(run) = &stage.last {
        own.push((&run.release.revision, of_run(stage, run), &run.contains));
    }
    let mut marks: Vec<(Revision, Mark)> = Vec::new();
    let mut add = |revision: &Revision, mark: Mark| {
        if marks.iter().all(|(known, _)| known != revision) {
            marks.push((revision.clone(), mark));
        }
    };
    for (revision, mark, _) in &own {
        add(revision, mark.clone());
    }
    for (revision, mark, contains) in own {
        for skipped in contains {
            let sentence = format!("contained in {}: {}", revision.short(), mark.sentence);
            let state = mark.state;
            add(&skipped.revision, Mark { state, sentence });
        }
    }
    marks
}

fn of_candidate(stage: &Stage, candidate: &Candidate) -> Mark {
    let name = &stage.id.stage;
    if candidate.build == BuildNeed::Failed {
        return Mark {
            state: MarkState::Error,
            sentence: format!("its build gave nothing to deploy; greenroom why {name}"),
        };
    }
    Mark {
        state: MarkState::Pending,
        sentence: format!("waits for {name}; greenroom why {name}"),
    }
}

fn of_run(stage: &Stage, run: &Run) -> Mark {
    let name = &stage.id.stage;
    let pending = |sentence| Mark {
        state: MarkState::Pending,
        sentence,
    };
    let Some(outcome) = run.outcome else {
        return pending(match &run.phase {
            Phase::Starting | Phase::Deploying => format!("is being deployed to {name}"),
            Phase::Verifying { .. } => format!("is deployed to {name} and being tested"),
            Phase::Stopping { .. } | Phase::Ended => format!("is being stopped on {name}"),
        });
    };
    let state = match outcome {
        Outcome::Succeeded => MarkState::Success,
        Outcome::Failed => MarkState::Failure,
        Outcome::Errored | Outcome::Aborted | Outcome::TimedOut | Outcome::Refused => {
            MarkState::Error
        }
    };
    let sentence = match (outcome, &run.why) {
        (Outcome::Succeeded, _) => format!("green on {name}"),
        (_, Some(why)) => format!("{} on {name}: {why}", outcome.word()),
        (_, None) => format!("{} on {name}", outcome.word()),
    };
    Mark { state, sentence }
}
