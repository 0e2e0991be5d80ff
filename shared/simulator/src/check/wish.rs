//! What people ask for, and what is recorded of it: whatever only a person may do is done by the
//! commit that takes up a person's wish, and what was granted was recorded.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_core::command::Command;
use greenroom_core::name::{ExecutionId, Revision};
use greenroom_core::release::Release;
use greenroom_core::stage::{Approval, Stage};

use super::{Found, Replaced};
use crate::inner::TaskId;
use crate::truth::{Happened, Truth};

/// Who asks for what, and what people went on without.
#[derive(Debug, Default)]
pub struct Wishes {
    open: BTreeMap<TaskId, Wish>,
    /// Executions that would not stop, and that a person did not wait for.
    let_go: BTreeSet<ExecutionId>,
}

/// What a task asks for on somebody's behalf.
#[derive(Debug)]
struct Wish {
    stage: String,
    by: String,
    command: Command,
    recorded: bool,
}

impl Wishes {
    pub fn see(&mut self, truth: &Truth, happened: &Happened<'_>, found: &mut Found) {
        let Some(task) = truth.acting else { return };
        match happened {
            Happened::Wished {
                stage,
                principal,
                command,
            } => {
                let wish = Wish {
                    stage: stage.stage.to_string(),
                    by: principal.name().to_owned(),
                    command: (*command).clone(),
                    recorded: false,
                };
                self.open.insert(task, wish);
            }
            Happened::Commanded {
                stage,
                command,
                granted,
                ..
            } => {
                let wish = self.open.remove(&task);
                let recorded = wish.is_some_and(|wish| wish.recorded);
                if *granted && !recorded && leaves_a_trace(command) {
                    let what = format!("{} on {stage} is granted and not recorded", command.verb());
                    found.broken(truth, "G2", what);
                }
            }
            _ => {}
        }
    }

    pub fn replaced(&mut self, truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
        if let Some(wish) = self.acting_mut(truth, replaced.after) {
            wish.recorded = true;
        }
        let command = self.command(truth, replaced.after);
        if let Some(before) = replaced.before {
            unlocked(truth, before, replaced.after, command, found);
            self.went_on(truth, before, replaced.after, found);
            let lifts = matches!(
                self.command(truth, replaced.after),
                Some(Command::Promote | Command::Retry | Command::Refresh | Command::Deploy { .. })
            );
            // What was rolled back to is gone with its stage; nothing is left to be held.
            let went = before.life.gone.is_none() && replaced.after.life.gone.is_some();
            if before.hold.is_some() && replaced.after.hold.is_none() && !lifts && !went {
                let what = format!("{} is held no more, and nobody asked", replaced.after.id);
                found.broken(truth, "C9", what);
            }
        }
        self.approved(truth, replaced, found);
        self.let_through(truth, replaced, found);
    }

    /// What the task that commits asks of this stage.
    pub fn command(&self, truth: &Truth, stage: &Stage) -> Option<&Command> {
        let wish = self.open.get(&truth.acting?)?;
        (wish.stage == stage.id.stage.as_str()).then_some(&wish.command)
    }

    /// Who says yes to a release with the commit under way.
    pub fn says_yes(&self, truth: &Truth, stage: &Stage, release: &Release) -> Option<String> {
        let wish = self.open.get(&truth.acting?)?;
        let here = wish.stage == stage.id.stage.as_str();
        (here && means(&wish.command, release)).then(|| wish.by.to_ascii_lowercase())
    }

    /// Whether a person goes on although this one has not ended.
    pub fn has_let_go(&self, execution: &ExecutionId) -> bool {
        self.let_go.contains(execution)
    }

    fn acting_mut(&mut self, truth: &Truth, stage: &Stage) -> Option<&mut Wish> {
        let wish = self.open.get_mut(&truth.acting?)?;
        (wish.stage == stage.id.stage.as_str()).then_some(wish)
    }

    /// C1: what would not stop keeps its stage until it has ended or a person goes on.
    fn went_on(&mut self, truth: &Truth, before: &Stage, after: &Stage, found: &mut Found) {
        let Some(old) = &before.unstopped else { return };
        if after.unstopped.as_ref() == Some(old) {
            return;
        }
        let personal = matches!(
            self.command(truth, after),
            Some(
                Command::Promote
                    | Command::Retry
                    | Command::Refresh
                    | Command::Rollback { .. }
                    | Command::Deploy { .. }
            )
        );
        if personal {
            self.let_go.insert(old.execution.clone());
            return;
        }
        let over = truth.executor.find(&old.execution).is_none_or(|index| {
            let execution = truth.executor.get(index);
            execution.has_ended() || !execution.endings.is_empty()
        });
        if !over {
            let what = format!("{} forgets {}, which goes on", after.id, old.execution);
            found.broken(truth, "C1", what);
        }
    }

    /// D3: only a person lets something through a closed window, once, and nothing else than was
    /// there to see.
    fn let_through(&self, truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
        let stage = replaced.after;
        let known = replaced
            .before
            .and_then(|before| before.overridden.as_ref());
        let asked = matches!(self.command(truth, stage), Some(Command::Override { .. }));
        if stage.overridden.is_some() && stage.overridden.as_ref() != known && !asked {
            let what = format!(
                "something of {} may pass closed windows, and nobody asked",
                stage.id
            );
            found.broken(truth, "D3", what);
        }
        let run = stage.run.as_ref().filter(|_| replaced.claims());
        let Some((run, through)) = run.and_then(|run| Some((run, run.overridden.as_ref()?))) else {
            return;
        };
        if through.release != run.release || !(asked || Some(through) == known) {
            let what = format!(
                "run {} of {} passes closed windows with what was given to {}",
                run.generation,
                stage.id,
                through.release.revision.short()
            );
            found.broken(truth, "D3", what);
        }
    }

    /// H7, H2: a yes is recorded for who says it and for the release that is meant; nobody's
    /// counts twice.
    fn approved(&self, truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
        let stage = replaced.after;
        let known = replaced
            .before
            .map_or(&[][..], |before| &before.approvals[..]);
        for (n, yes) in stage.approvals.iter().enumerate() {
            let twice = |other: &Approval| {
                other.by.eq_ignore_ascii_case(&yes.by)
                    && (&other.release, &other.terms) == (&yes.release, &yes.terms)
            };
            if stage.approvals[..n].iter().any(twice) {
                let what = format!("{} counts twice on {}", yes.by, stage.id);
                found.broken(truth, "H2", what);
            }
            let by = self.says_yes(truth, stage, &yes.release);
            if !known.contains(yes) && by != Some(yes.by.to_ascii_lowercase()) {
                let what = format!(
                    "{} is taken to say yes to {} on {}",
                    yes.by,
                    yes.release.revision.short(),
                    stage.id
                );
                found.broken(truth, "H7", what);
            }
        }
    }
}

/// D6, D3: a lock is there until somebody unlocks, or until it is really over.
fn unlocked(
    truth: &Truth,
    before: &Stage,
    after: &Stage,
    command: Option<&Command>,
    found: &mut Found,
) {
    let Some(lock) = before.lock.as_ref().filter(|_| after.lock.is_none()) else {
        return;
    };
    let number = match lock.until {
        None => "D6",
        Some(until) if truth.now < until => "D3",
        Some(_) => return,
    };
    if command != Some(&Command::Unlock) {
        let what = format!("{} is open again, and {} locked it", after.id, lock.by);
        found.broken(truth, number, what);
    }
}

/// Whether a command is a yes to this release.
fn means(command: &Command, release: &Release) -> bool {
    let Command::Approve { revision } = command else {
        return false;
    };
    let is_it = |named: &Revision| release.revision.as_str().starts_with(named.as_str());
    revision.as_ref().is_none_or(is_it)
}

/// Whether what is granted cannot but change the record.
fn leaves_a_trace(command: &Command) -> bool {
    match command {
        Command::Reject { .. }
        | Command::Rollback { .. }
        | Command::Abort { .. }
        | Command::Lock { .. }
        | Command::Unlock
        | Command::Refresh
        | Command::Acknowledge { .. }
        | Command::Override { .. }
        | Command::Deploy { .. }
        | Command::Extend { .. }
        | Command::Park { .. }
        | Command::Unpark
        | Command::Toggle
        | Command::Settle
        | Command::Pin { .. }
        | Command::Unpin
        | Command::Destroy { .. }
        | Command::Mute { .. }
        | Command::Unmute => true,
        // A second yes, or a wish for what is under way anyhow, changes nothing.
        Command::Admit { .. } | Command::Promote | Command::Approve { .. } | Command::Retry => {
            false
        }
    }
}
