//! All gates between one release and one stage, open ones too: what is required, what is found.
//!
//! What is closed is what the plan would wait for. A wait that is of no kind named here still gets
//! its line, so that nothing that closes the stage is missing from the table.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

mod release;

use super::{evidence, gates, sharing, window};
use crate::build::BuildState;
use crate::name::Revision;
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage::{Cause, Outcome, Stage};
use crate::waiting::{Explained, ReleaseWait, Wait};

/// One line of the table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Row {
    /// `build`, `upstream`, `soak`, `tests`, `coverage`, `endpoints`, `docs`, `approvals`, `lock`,
    /// `hold`, `mark NAME` for each mark that is demanded, `through`; the code of the wait for any
    /// other.
    pub gate: String,
    pub required: String,
    pub found: String,
    pub open: bool,
    /// Of a closed one: why, who can open it, and what to type.
    pub why: Option<String>,
    pub who: Option<String>,
    pub command: Option<String>,
    /// When it opens by itself.
    pub until: Option<Timestamp>,
}

/// The gates of `view.stage` for `release`; `view.build` is the build of that release.
pub fn table(release: &Release, view: &View<'_>, policy: &Policy<'_>) -> Vec<Row> {
    let stage = view.stage;
    let name = &stage.id.stage;
    let cause = cause(release, stage, policy);
    let mut waits: Vec<Wait> = gates::paused(view, policy).into_iter().collect();
    waits.extend(gates::standing(stage, policy));
    waits.extend(gates::outdated(policy));
    waits.extend(sharing::in_use(view, policy));
    let overridden = window::let_through(stage, release);
    let revision = &release.revision;
    waits.extend(window::closed(
        revision, &cause, overridden, view.now, policy,
    ));
    waits.extend(gates::proven(stage, &cause, release, view, policy));
    waits.extend(release::closed(release, &cause, view, policy));
    waits.extend(unwanted(release, stage, policy));
    let mut rows: Vec<Row> = build(release, view, policy).into_iter().collect();
    rows.extend(upstream(view, policy));
    rows.extend(soak(policy));
    for judged in evidence::judge(release, view, policy) {
        rows.push(Row::open(judged.gate.word(), judged.required, judged.found));
    }
    rows.extend(approvals(release, stage, policy));
    rows.extend(release::open(release, view, policy));
    rows.push(Row::open(
        "lock",
        "not locked".to_owned(),
        "not locked".to_owned(),
    ));
    rows.push(Row::open(
        "hold",
        "not on hold".to_owned(),
        "not on hold".to_owned(),
    ));
    if cause.is_rollback() {
        rows.iter_mut().for_each(Row::waive);
    }
    for wait in waits {
        let explained = wait.explain(name);
        let gate = gate_of(&wait, policy);
        match rows.iter_mut().find(|row| row.gate == gate) {
            Some(row) => row.close(&wait, explained),
            None => {
                let mut row = Row::open(&gate, "open".to_owned(), String::new());
                row.close(&wait, explained);
                rows.push(row);
            }
        }
    }
    soak_follows_upstream(&mut rows);
    rows
}

/// What only this release meets here: it was rejected, or did not succeed.
fn unwanted(release: &Release, stage: &Stage, policy: &Policy<'_>) -> Vec<Wait> {
    let green = stage.verified.as_ref().map(|green| &green.release);
    let rejected = stage
        .rejected
        .as_ref()
        .filter(|no| no.release == *release && green != Some(release));
    let rejected = rejected.map(|no| Wait::Rejected {
        no: no.clone(),
        promotes: policy.upstream.is_some(),
    });
    let tried = stage.tried.as_ref().filter(|tried| *tried == release);
    let failed = tried.map(|tried| Wait::FailedHere {
        revision: tried.revision.clone(),
        aborted: stage
            .last
            .as_ref()
            .is_some_and(|run| run.release == *tried && run.outcome == Some(Outcome::Aborted)),
    });
    rejected.into_iter().chain(failed).collect()
}

/// Nothing soaks where it is not verified.
fn soak_follows_upstream(rows: &mut [Row]) {
    let Some(closed) = rows
        .iter()
        .find(|row| row.gate == "upstream" && !row.open)
        .cloned()
    else {
        return;
    };
    if let Some(soak) = rows.iter_mut().find(|row| row.gate == "soak" && row.open) {
        *soak = Row {
            gate: soak.gate.clone(),
            required: soak.required.clone(),
            found: "not begun".to_owned(),
            ..closed
        };
    }
}

/// The release that the build of `revision` gives; without one, what it will be but for its bytes.
pub fn release_of(revision: &Revision, view: &View<'_>, policy: &Policy<'_>) -> Release {
    let artifact = view
        .build
        .filter(|build| build.revision == *revision && build.recipe == policy.build_recipe)
        .and_then(|build| match &build.state {
            BuildState::Succeeded { artifact, .. } => artifact.as_ref(),
            _ => None,
        });
    Release {
        revision: revision.clone(),
        recipe: policy.build_recipe.clone(),
        artifact: artifact.map(|artifact| artifact.digest.clone()),
    }
}

/// Why it would be deployed; what was good here before need not prove itself once more.
fn cause(release: &Release, stage: &Stage, policy: &Policy<'_>) -> Cause {
    let waiting = stage.candidate.as_ref();
    let own = waiting.filter(|candidate| candidate.revision == release.revision);
    match (own, &policy.upstream) {
        (Some(candidate), _) => candidate.cause.clone(),
        (None, Some(upstream)) => Cause::Promotion {
            from: upstream.stage.clone(),
        },
        (None, None) => Cause::Poll,
    }
}

fn gate_of(wait: &Wait, policy: &Policy<'_>) -> Cow<'static, str> {
    let through = policy.through.as_ref().map(|through| &through.stage);
    let word = match wait {
        Wait::UpstreamOutdated { upstream } if Some(upstream) == through => "through",
        Wait::Release(ReleaseWait::Unmarked { mark, .. }) => return release::mark(mark).into(),
        Wait::Release(ReleaseWait::Fork { .. }) => release::FORK,
        Wait::UpstreamUnverified { .. } | Wait::UpstreamOutdated { .. } => "upstream",
        Wait::Soaking { .. } => "soak",
        Wait::Approval { .. } => "approvals",
        Wait::Locked(_) => "lock",
        Wait::Held { .. } | Wait::Unstopped(_) => "hold",
        Wait::Gate { gate, .. } => gate.word(),
        other => other.code(),
    };
    word.into()
}

impl Row {
    fn open(gate: &str, required: String, found: String) -> Self {
        Self {
            gate: gate.to_owned(),
            required,
            found,
            open: true,
            why: None,
            who: None,
            command: None,
            until: None,
        }
    }

    /// A rollback need not prove itself once more.
    fn waive(&mut self) {
        if !matches!(
            self.gate.as_str(),
            "build" | "lock" | "hold" | release::FORK
        ) {
            self.found = "not asked of a rollback".to_owned();
        }
    }

    fn close(&mut self, wait: &Wait, explained: Explained) {
        self.open = false;
        self.found = match wait {
            Wait::Gate { found, .. } => found.clone(),
            Wait::Approval { have, .. } => have.to_string(),
            Wait::UpstreamUnverified { red: true, .. } => "red".to_owned(),
            Wait::UpstreamUnverified { .. } => "not verified".to_owned(),
            Wait::UpstreamOutdated { .. } => "verified under an older stage file".to_owned(),
            Wait::Soaking { until, .. } => format!("until {until:.0}"),
            Wait::Locked(lock) => format!("locked by {}", lock.by),
            Wait::Held { hold, .. } => format!("held by {}", hold.by),
            Wait::Release(wait) => release::found(wait),
            _ => "closed".to_owned(),
        };
        self.why = Some(explained.sentence);
        self.who = Some(explained.who);
        self.command = explained.command;
        self.until = explained.until;
    }
}

fn build(release: &Release, view: &View<'_>, policy: &Policy<'_>) -> Option<Row> {
    if !policy.builds() {
        return None;
    }
    let name = &view.stage.id.stage;
    let mut row = Row::open("build", "built once".to_owned(), String::new());
    let build = view
        .build
        .filter(|build| build.revision == release.revision && build.recipe == release.recipe);
    let wait = match build.map(|build| &build.state) {
        Some(BuildState::Succeeded { at, .. }) => {
            row.found = format!("built at {at:.0}");
            return Some(row);
        }
        Some(BuildState::Running { since, .. }) => Wait::Building {
            revision: release.revision.clone(),
            since: *since,
        },
        Some(BuildState::Waiting { why, .. } | BuildState::Errored { why, .. }) => {
            Wait::BuildUnclear {
                revision: release.revision.clone(),
                why: why.clone(),
            }
        }
        Some(BuildState::Failed { step, why, .. }) => Wait::BuildFailed {
            revision: release.revision.clone(),
            step: step.clone(),
            why: why.clone(),
        },
        // The bytes are there; only what is known of their making is not.
        None if release.artifact.is_some() => {
            row.found = "built".to_owned();
            return Some(row);
        }
        None => {
            row.open = false;
            row.found = "not built".to_owned();
            row.why = Some(format!(
                "{} was never built for {name}",
                release.revision.short()
            ));
            row.who = Some("whatever leads to the stage, once it has that revision".to_owned());
            row.command = Some(format!("greenroom why {name}"));
            return Some(row);
        }
    };
    let explained = wait.explain(name);
    row.close(&wait, explained);
    row.found = match wait {
        Wait::Building { .. } => "being built",
        Wait::BuildFailed { .. } => "failed",
        _ => "ended without an answer",
    }
    .to_owned();
    Some(row)
}

fn upstream(view: &View<'_>, policy: &Policy<'_>) -> Option<Row> {
    let upstream = policy.upstream.as_ref()?;
    let since = view.upstream.and_then(|stage| stage.verified.as_ref());
    let found = since.map_or_else(String::new, |green| format!("since {:.0}", green.since));
    let required = format!("verified on {}", upstream.stage);
    Some(Row::open("upstream", required, found))
}

fn soak(policy: &Policy<'_>) -> Option<Row> {
    let (soak, upstream) = (policy.rule.soak?, policy.upstream.as_ref()?);
    let length = crate::stage_file::format_duration(soak);
    let required = format!("green on {} for {length}", upstream.stage);
    Some(Row::open("soak", required, "long enough".to_owned()))
}

fn approvals(release: &Release, stage: &Stage, policy: &Policy<'_>) -> Option<Row> {
    let approvals = policy.rule.approvals.as_ref()?;
    let required = match approvals.by.as_slice() {
        [] => format!("{}", approvals.count),
        roles => format!("{} of {}", approvals.count, roles.join(", ")),
    };
    let given: Vec<String> = stage
        .approvals
        .iter()
        .filter(|approval| approval.release == *release && approval.terms == policy.terms)
        .map(|approval| approval.by.to_string())
        .collect();
    Some(Row::open("approvals", required, given.join(", ")))
}
