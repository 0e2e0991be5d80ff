//! Putting on a stage what a person selects.

use jiff::Timestamp;

use super::Rejection;
use crate::bound;
use crate::name::{RefName, Revision};
use crate::policy::{Policy, View};
use crate::stage::{BuildNeed, Candidate, Cause, Stage};
use crate::stage_file::From;

/// What a selection takes over is described by at most so many characters.
const OVER_MAX: usize = 200;

/// What a person selected, resolved.
pub(super) struct Selection<'a> {
    pub by: &'a str,
    pub revision: &'a Revision,
    /// The branch or tag it was named by.
    pub reference: Option<&'a RefName>,
}

/// Wants the selection here, whatever waited or stands here before: the newest wish counts. The
/// suites run again even if the very same release stands here.
pub(super) fn deploy(
    mut stage: Stage,
    view: &View<'_>,
    policy: Option<&Policy<'_>>,
    selection: &Selection<'_>,
) -> Result<Stage, Rejection> {
    let name = stage.id.stage.clone();
    let Some(policy) = policy else {
        return Err(Rejection::invalid(
            format!("the stage file in force has no stage {name} any more"),
            "greenroom validate",
        ));
    };
    may_select(policy, &stage, selection)?;
    if let Some(bad) = view.marks.bad(selection.revision) {
        return Err(super::is_bad(selection.revision, bad));
    }
    let older = stage.candidate.take();
    let is_it = |candidate: &Candidate| candidate.revision == *selection.revision;
    let failed = |candidate: &Candidate| candidate.build == BuildNeed::Failed;
    let build = match older.as_ref().filter(|older| is_it(older)) {
        Some(older) if failed(older) => BuildNeed::Again,
        _ => BuildNeed::NotAsked,
    };
    let over = taken_over(&stage, older.as_ref());
    stage.candidate = Some(fresh(selection, over, build, view.now));
    let is_same = |release: &crate::release::Release| release.revision == *selection.revision;
    if stage.tried.as_ref().is_some_and(is_same) {
        stage.tried = None;
    }
    if stage
        .rejected
        .as_ref()
        .is_some_and(|no| is_same(&no.release))
    {
        stage.rejected = None;
    }
    stage.hold = None;
    stage.unstopped = None;
    Ok(stage)
}

fn fresh(
    selection: &Selection<'_>,
    over: Option<String>,
    build: BuildNeed,
    now: Timestamp,
) -> Candidate {
    Candidate {
        revision: selection.revision.clone(),
        reference: selection.reference.cloned(),
        release: None,
        cause: Cause::Selected {
            by: selection.by.to_owned(),
            over,
        },
        since: now,
        contains: Vec::new(),
        build,
        attempt: 0,
        not_before: None,
    }
}

/// Only a stage that takes selections does, and only of branches that its rule takes.
fn may_select(
    policy: &Policy<'_>,
    stage: &Stage,
    selection: &Selection<'_>,
) -> Result<(), Rejection> {
    let name = &stage.id.stage;
    let (takes, instead) = match &policy.rule.from {
        From::Select { pattern } => {
            let strange = |it: &&RefName| it.branch().is_none() && it.tag().is_none();
            if let Some(reference) = selection.reference.filter(strange) {
                return Err(Rejection::invalid(
                    format!("{name} takes branches, and {reference} is none"),
                    &format!("greenroom releases, or greenroom deploy {name} --release BRANCH"),
                ));
            }
            let branch = selection.reference.and_then(RefName::branch);
            return match branch.filter(|branch| !pattern.matches(branch)) {
                Some(branch) => Err(Rejection::invalid(
                    format!("{name} takes branches that match `{pattern}`, and {branch} does not"),
                    &format!("greenroom releases, or greenroom deploy {name} --release SHA"),
                )),
                None => Ok(()),
            };
        }
        From::Promote { rule } => (
            format!("what {rule} has verified"),
            format!("greenroom promote {name}"),
        ),
        From::Branch { pattern, .. } => (
            format!("what is pushed to {pattern}"),
            format!("push to that branch, or greenroom refresh {name}"),
        ),
        From::Tag { pattern } => (
            format!("tags that match {pattern}"),
            "push such a tag".to_owned(),
        ),
        From::PullRequest { base, .. } => (
            format!("pull requests to {base}"),
            "push to the pull request's branch".to_owned(),
        ),
        From::Local => (
            "nothing: it is local".to_owned(),
            "greenroom status".to_owned(),
        ),
    };
    Err(Rejection::invalid(
        format!("nobody selects for {name}: it takes {takes}"),
        &instead,
    ))
}

/// What gives way, for people: what waited, else what stands on the stage.
fn taken_over(stage: &Stage, older: Option<&Candidate>) -> Option<String> {
    let place = |reference: Option<&RefName>, revision: &Revision| match reference {
        Some(reference) => format!(
            "{} at {}",
            reference.branch().unwrap_or_else(|| reference.as_str()),
            revision.short()
        ),
        None => revision.short().to_owned(),
    };
    let run = stage.run.as_ref().or(stage.last.as_ref());
    let run = run.filter(|run| run.cause.deploys());
    let (what, cause) = match (older, run) {
        (Some(older), _) => (
            place(older.reference.as_ref(), &older.revision),
            &older.cause,
        ),
        (None, Some(run)) => (
            place(run.reference.as_ref(), &run.release.revision),
            &run.cause,
        ),
        (None, None) => return None,
    };
    let whose = match cause {
        Cause::Selected { by, .. } => format!(", selected by {by}"),
        _ => String::new(),
    };
    Some(bound::text(&format!("{what}{whose}"), OVER_MAX))
}
