//! What a commit may do to a run, a candidate and a break, whoever makes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_app::ports::pipelines::{Observation, Purpose, StartRequest};
use greenroom_core::name::{ConfigHash, RefName};
use greenroom_core::policy::Policy;
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage::{
    CONTAINS_MAX, Candidate, Cause, Failing, Run, Skipped, Stage, Verified,
};
use greenroom_core::stage_file::{Rule, StageFile};
use jiff::Timestamp;

use super::line::Lines;
use super::{Found, Replaced, Stages};
use crate::model::executor::By;
use crate::truth::Truth;

/// Runs of a release that end without an answer before nobody tries again by himself.
const RUNS_MAX: u32 = 3;

type Files = BTreeMap<ConfigHash, Arc<StageFile>>;

pub fn replaced(
    truth: &Truth,
    replaced: &Replaced<'_>,
    files: &Files,
    stages: &Stages,
    lines: &Lines,
    found: &mut Found,
) {
    gone(truth, replaced, files, found);
    contained(truth, replaced, found);
    breaks(truth, replaced, found);
    if replaced.claims() {
        terms(truth, replaced, files, (stages, lines), found);
        again(truth, replaced, found);
    }
}

/// B4: an execution of ours has the steps of the stage file that governs its run.
pub fn started(truth: &Truth, execution: usize, files: &Files, stages: &Stages, found: &mut Found) {
    let execution = truth.executor.get(execution);
    if execution.by != By::Greenroom {
        return;
    }
    let request = &execution.request;
    let Purpose::Deploy {
        stage, generation, ..
    } = &request.purpose
    else {
        return;
    };
    let Some((_, record)) = stages.get(stage) else {
        return;
    };
    let run = record
        .stage
        .run
        .iter()
        .find(|run| run.generation == *generation);
    let Some(file) = run.and_then(|run| files.get(&run.config)) else {
        return;
    };
    let rule = file.rule(&record.stage.spec.rule);
    if run.is_some_and(|run| run.cause.is_teardown()) {
        return teardown(truth, rule, file, &execution.request, found);
    }
    let pipeline = rule.and_then(|rule| file.pipelines.get(rule.pipeline.as_ref()?));
    let wanted = pipeline.iter().flat_map(|pipeline| &pipeline.steps);
    if rule.is_some() && !wanted.filter(|step| !step.once).eq(&request.steps) {
        let what =
            format!("run {generation} of {stage} does not have the steps it was claimed with");
        found.broken(truth, "B4", what);
    }
}

/// H5: what takes a stage away are the steps of its stage file, at a commit that the default branch
/// had: never the code of what goes.
fn teardown(
    truth: &Truth,
    rule: Option<&Rule>,
    file: &StageFile,
    request: &StartRequest,
    found: &mut Found,
) {
    let pipeline = rule.and_then(|rule| file.pipelines.get(rule.pipeline.as_ref()?));
    let wanted = pipeline.and_then(|pipeline| pipeline.teardown.as_ref());
    let own = wanted.is_some_and(|teardown| teardown.all_steps() == request.steps);
    let default = truth.repository.default_branch();
    let mut had = default
        .into_iter()
        .flat_map(|branch| truth.repository.moves(branch));
    let had = had.any(|(_, to)| to.as_ref() == Some(&request.revision));
    if !own || !had {
        let short = request.revision.short();
        let what = format!("a stage is taken away by {short}, which the default branch never had");
        found.broken(truth, "H5", what);
    }
}

/// B2, B3: a stage forgets a branch when it is gone or leads elsewhere, then wholly, and not before.
fn gone(truth: &Truth, replaced: &Replaced<'_>, files: &Files, found: &mut Found) {
    let stage = replaced.after;
    let head = replaced.before.and_then(|before| before.head.as_ref());
    let (Some(head), None) = (head, &stage.head) else {
        return;
    };
    let closed = stage.spec.pull_request.is_some();
    let away = files.values().any(|file| {
        let trigger = Trigger {
            event: Event::Push,
            reference: head.reference.clone(),
            actor: head.actor.clone(),
            deleted: false,
        };
        resolve(file, &trigger).stage.as_ref() != Some(&stage.id.stage)
    });
    // The stage of a person follows a branch until somebody else pushes to it.
    let handed_on = stage.spec.actor.as_ref().is_some_and(|owner| {
        let tip = truth.repository.tip(&head.reference);
        let theirs = tip.and_then(|tip| truth.repository.find(tip));
        // Somebody who pushes it back brings no commit of their own.
        let was = truth.repository.moves(&head.reference).iter().rev().nth(1);
        let mut older = was.and_then(|(_, to)| to.as_ref());
        let back = std::iter::from_fn(|| {
            older = truth.repository.parent(older?);
            older
        });
        let back = back.into_iter().any(|older| Some(older) == tip);
        back || tip != Some(&head.revision)
            || theirs.is_some_and(|commit| commit.author != owner.as_str())
    });
    if !closed && !away && !handed_on && !was_gone(truth, &head.reference, replaced.since) {
        let what = format!("{} forgets {}, which was there", stage.id, head.reference);
        found.broken(truth, "B2", what);
    }
    let keeps = |candidate: &&Candidate| {
        candidate.reference.as_ref() == Some(&head.reference) && !candidate.cause.is_personal()
    };
    if stage.line().any(|it| keeps(&it)) {
        let what = format!("{} still wants what {} had", stage.id, head.reference);
        found.broken(truth, "B3", what);
    }
}

/// Whether a reference did not exist at some instant since.
pub(super) fn was_gone(truth: &Truth, reference: &RefName, since: Timestamp) -> bool {
    let moves = truth.repository.moves(reference);
    let later = moves.first().is_none_or(|(at, _)| *at > since);
    later
        || moves.iter().enumerate().any(|(n, (_, to))| {
            let until = moves.get(n + 1).map(|(at, _)| *at);
            to.is_none() && until.is_none_or(|until| until >= since)
        })
}

/// C8: what never ran is contained in what took its place.
fn contained(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
    let stage = replaced.after;
    // What becomes of a line is looked at by itself.
    let before = replaced.before.filter(|before| !before.queue.fifo);
    let old = before.and_then(|before| before.candidate.as_ref());
    let Some(old) = old.filter(|old| follows(&old.cause)) else {
        return;
    };
    if stage.queue.fifo {
        return;
    }
    // What is tried again is what the branch came back to; nothing newer is wanted any more.
    let new = match (&stage.candidate, &stage.run) {
        (Some(new), _) if new.takes_over(old.reference.as_ref()) => return,
        (Some(new), _) if new.attempt == 0 => (&new.revision, &new.contains, &new.cause),
        (None, Some(run)) if differ(run.reference.as_ref(), old.reference.as_ref()) => return,
        (None, Some(run)) if replaced.claims() && run.attempt == 0 => {
            (&run.release.revision, &run.contains, &run.cause)
        }
        _ => return,
    };
    let (revision, contains, cause) = new;
    let runs = replaced.claims()
        && stage
            .run
            .as_ref()
            .is_some_and(|run| run.release.revision == old.revision);
    let named = |skipped: &Skipped| skipped.revision == old.revision;
    let kept = *revision == old.revision || runs || contains.iter().any(named);
    if follows(cause) && !kept && contains.len() < CONTAINS_MAX {
        let what = format!(
            "{} does not say what became of {}",
            stage.id,
            old.revision.short()
        );
        found.broken(truth, "C8", what);
    }
    if contains.len() > CONTAINS_MAX {
        found.broken(truth, "G5", format!("{} remembers too much", stage.id));
    }
}

/// Of two branches that share a stage neither contains the other.
fn differ(one: Option<&RefName>, other: Option<&RefName>) -> bool {
    one.is_some() && other.is_some() && one != other
}

/// Whether something is wanted because a reference moved.
pub(super) fn follows(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::Push { .. } | Cause::Poll | Cause::Tag { .. } | Cause::PullRequest { .. }
    )
}

/// D5: only red opens a break, only green ends it.
fn breaks(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
    let stage = replaced.after;
    let old = replaced.before.and_then(|before| before.brk.as_ref());
    // A break ends with its stage.
    if let Some(old) = old.filter(|_| stage.life.gone.is_none())
        && stage
            .brk
            .as_ref()
            .is_none_or(|brk| brk.episode != old.episode)
        && stage.verified.is_none()
    {
        let what = format!(
            "break {} of {} ends although nothing is green",
            old.episode, stage.id
        );
        found.broken(truth, "D5", what);
    }
    let known = |episode| old.is_some_and(|old| old.episode == episode);
    let Some(brk) = stage.brk.as_ref().filter(|brk| !known(brk.episode)) else {
        return;
    };
    if let Failing::Step {
        build: false, step, ..
    } = &brk.failing
        && !said_no(truth, stage)
    {
        let what = format!(
            "break {} of {} opens, and no {step} failed",
            brk.episode, stage.id
        );
        found.broken(truth, "D5", what);
    }
}

/// Whether a step of the run that ended last really failed.
fn said_no(truth: &Truth, stage: &Stage) -> bool {
    let last = stage.last.as_ref().and_then(|run| run.execution.as_ref());
    let execution = last.and_then(|id| truth.executor.find(id));
    execution.is_some_and(|index| {
        matches!(
            truth.executor.get(index).ending,
            Some(Observation::Failed { .. })
        )
    })
}

/// D1: the upstream proved it under the terms that the claim's stage file has for it.
fn terms(
    truth: &Truth,
    replaced: &Replaced<'_>,
    files: &Files,
    (stages, lines): (&Stages, &Lines),
    found: &mut Found,
) {
    let stage = replaced.after;
    let proves = |run: &&Run| !run.cause.is_rollback() && !run.cause.is_teardown();
    let run = stage.run.as_ref().filter(proves);
    let Some((run, file)) = run.and_then(|run| Some((run, files.get(&run.config)?))) else {
        return;
    };
    let policy = Policy::of(file, &stage.spec.rule, truth.setup.clock_error);
    let Some(upstream) = policy.and_then(|policy| policy.upstream) else {
        return;
    };
    let above = stages.get(upstream.stage.as_str());
    let verified = above.and_then(|(_, record)| record.stage.verified.as_ref());
    let stood = |verified: &Verified| stage.queue.fifo && verified.release != run.release;
    let other = match verified.filter(|verified| !stood(verified)) {
        Some(verified) => verified.terms != upstream.terms,
        None => {
            let name = upstream.stage.as_str();
            let against = lines.against(name, &run.release, &upstream.terms);
            stage.queue.fifo && against.is_some()
        }
    };
    if other {
        let what = format!(
            "run {} of {} relies on what {} proved under other terms",
            run.generation, stage.id, upstream.stage
        );
        found.broken(truth, "D1", what);
    }
}

/// D5: nobody tries for ever. H6: nothing of a stranger's. C9: a rollback holds automation.
fn again(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
    let stage = replaced.after;
    let Some(run) = &stage.run else { return };
    if run.attempt >= RUNS_MAX {
        let what = format!("{} is tried for the {}th time", stage.id, run.attempt + 1);
        found.broken(truth, "D5", what);
    }
    let pull = stage.spec.pull_request;
    if pull.is_some_and(|pull| {
        truth
            .repository
            .pulls
            .get(&pull)
            .is_some_and(|pull| pull.fork)
    }) {
        let what = format!("{} is deployed for a pull request from a fork", stage.id);
        found.broken(truth, "H6", what);
    }
    if run.cause.is_rollback() && stage.hold.is_none() {
        let what = format!(
            "run {} of {} goes back and holds nothing",
            run.generation, stage.id
        );
        found.broken(truth, "C9", what);
    }
}
