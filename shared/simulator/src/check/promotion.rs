//! D: what may go on, and what was proven.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_app::keys;
use greenroom_core::command::Command;
use greenroom_core::name::{ConfigHash, Digest};
use greenroom_core::policy::{Policy, Upstream};
use greenroom_core::release::Release;
use greenroom_core::stage::{Cause, Run, Stage};
use greenroom_core::stage_file::StageFile;
use greenroom_core::verdict::Verdict;
use jiff::Timestamp;

use super::line::Lines;
use super::watch::{concludes, round_of};
use super::window::Closed;
use super::wish::Wishes;
use super::{Found, Replaced, Stages};
use crate::stage_files;
use crate::truth::{Happened, Truth};

/// What was really proven, and who really said yes.
#[derive(Debug, Default)]
pub struct Promotion {
    pub(super) files: BTreeMap<ConfigHash, Arc<StageFile>>,
    /// Attempts at suites that passed or failed, by stage and generation.
    verdicts: Verdicts,
    /// Since when a stage has been green with this release, without a break.
    pub(super) green: BTreeMap<String, (Timestamp, Release)>,
    /// Releases that were green on a stage once.
    greens: BTreeMap<String, BTreeSet<Release>>,
    /// What closes all stages.
    closed: Closed,
}

/// What is known of other stages.
pub struct Others<'a> {
    pub stages: &'a Stages,
    pub lines: &'a Lines,
}

impl Others<'_> {
    /// What speaks against a run of a line, which takes what was green on the upstream though that
    /// went on meanwhile, unless somebody goes back there.
    fn against(&self, upstream: &Upstream, run: &Run) -> Option<&'static str> {
        let above = upstream.stage.as_str();
        let Some((_, record)) = self.stages.get(above) else {
            return Some("nobody knows");
        };
        let there = &record.stage;
        let verified = there.verified.as_ref().map(|it| &it.release);
        let runs = there.run.as_ref().map(|run| &run.cause);
        let waits = there.candidate.as_ref().map(|it| &it.cause);
        let mut back = runs.into_iter().chain(waits);
        if verified != Some(&run.release) && back.any(Cause::is_rollback) {
            return Some("a person goes back from");
        }
        self.lines.against(above, &run.release, &upstream.terms)
    }
}

/// What suites said of which bytes, by stage and generation.
type Verdicts = BTreeMap<(String, u64), Vec<(Verdict, Option<Digest>)>>;

impl Promotion {
    pub fn see(&mut self, truth: &Truth, happened: &Happened<'_>, found: &mut Found) {
        match happened {
            Happened::Tested {
                stage,
                generation,
                standing,
                verdict,
                request,
                ..
            } if round_of(request).is_none() => self
                .verdicts
                .entry(((*stage).to_owned(), *generation))
                .or_default()
                .push((*verdict, standing.cloned())),
            Happened::Committed { changes } => {
                for change in *changes {
                    if change.key.sort.starts_with("config#") {
                        self.remember(truth, change.after, found);
                    }
                    if change.key.partition == keys::APPS {
                        self.closed.remember(change.after);
                    }
                }
            }
            _ => {}
        }
    }

    /// A stage file came into force; the checks read it themselves.
    fn remember(&mut self, truth: &Truth, text: Option<&[u8]>, found: &mut Found) {
        let Some(text) = text else { return };
        match stage_files::read(text) {
            Some(file) => drop(self.files.insert(file.hash.clone(), file)),
            None => found.broken(truth, "H5", "an invalid stage file is kept"),
        }
    }

    pub fn replaced(
        &mut self,
        truth: &Truth,
        replaced: &Replaced<'_>,
        wishes: &Wishes,
        others: &Others<'_>,
        found: &mut Found,
    ) {
        let stage = replaced.after;
        stands(truth, stage, found);
        self.proven(truth, replaced, found);
        broken_by_proof(truth, replaced, &self.verdicts, found);
        if replaced.claims() || replaced.admits() {
            let unlocks = wishes.command(truth, stage) == Some(&Command::Unlock);
            closed(truth, replaced, unlocks, found);
            self.closed.went_on(truth, replaced, &self.files, found);
            self.gated(truth, stage, others, found);
        }
        if replaced.claims() {
            self.agreed(truth, replaced, wishes, found);
        }
    }

    /// A release becomes verified only by tests that passed on its own bytes.
    fn proven(&mut self, truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
        let stage = replaced.after;
        let name = stage.id.stage.to_string();
        let Some(verified) = &stage.verified else {
            self.green.remove(&name);
            return;
        };
        let known = self.green.get(&name);
        let same = replaced.before.and_then(|before| before.verified.as_ref()) == Some(verified);
        if known.is_some_and(|(_, release)| *release == verified.release) && same {
            return;
        }
        let again = replaced.before.and_then(|before| before.verified.as_ref());
        let longer =
            again.is_some_and(|old| old.release == verified.release && old.since == verified.since);
        if !longer {
            // A commit may take its time; what it says was so when it was decided.
            let decided = replaced.commit.glance.map_or(truth.now, |glance| glance.at);
            self.green
                .insert(name.clone(), (decided, verified.release.clone()));
        }
        self.greens
            .entry(name.clone())
            .or_default()
            .insert(verified.release.clone());
        // What a round of the watch proves is looked at by itself.
        if concludes(replaced).is_some() {
            return;
        }
        let run = stage.run.iter().chain(&stage.last);
        let mut run = run.filter(|run| run.generation == verified.generation);
        let demanded = run
            .next()
            .and_then(|run| self.files.get(&run.config))
            .and_then(|file| file.rule(&stage.spec.rule))
            .map_or(0, |rule| rule.verify.len());
        let verdicts = self.verdicts.get(&(name.clone(), verified.generation));
        let passed = verdicts.into_iter().flatten().filter(|(verdict, bytes)| {
            *verdict == Verdict::Passed && *bytes == verified.release.artifact
        });
        let passed = passed.count();
        if passed < demanded && !is_by_hand(truth, &name) {
            let what = format!(
                "{} is green by run {} although {passed} of {demanded} suites passed on its bytes",
                stage.id, verified.generation
            );
            found.broken(truth, "D1", what);
        }
    }

    /// D1: only what the upstream has shown to be green, for long enough; C9 for what goes back.
    fn gated(&self, truth: &Truth, stage: &Stage, others: &Others<'_>, found: &mut Found) {
        let run = stage.run.as_ref().filter(|run| !run.cause.is_teardown());
        let Some(run) = run else { return };
        let named = format!("run {} of {}", run.generation, stage.id);
        if let Cause::Rollback { .. } = run.cause {
            let here = self.greens.get(stage.id.stage.as_str());
            if !here.is_some_and(|greens| greens.contains(&run.release)) {
                found.broken(
                    truth,
                    "C9",
                    format!("{named} goes back to what was never green"),
                );
            }
            return;
        }
        let Some(file) = self.files.get(&run.config) else {
            return;
        };
        let policy = Policy::of(file, &stage.spec.rule, truth.setup.clock_error);
        let Some(upstream) = policy.as_ref().and_then(|policy| policy.upstream.as_ref()) else {
            return;
        };
        let above = upstream.stage.as_str();
        if stage.queue.fifo {
            if let Some(why) = others.against(upstream, run) {
                let what = format!("{named} goes on with what {why} on {above}");
                found.broken(truth, "D1", what);
            }
            return;
        }
        let Some((since, release)) = self.green.get(above) else {
            found.broken(
                truth,
                "D1",
                format!("{named} goes on while {above} is not green"),
            );
            return;
        };
        if *release != run.release || !others.stages.contains_key(above) {
            found.broken(
                truth,
                "D1",
                format!("{named} is not what is green on {above}"),
            );
        }
        let soak = policy.as_ref().and_then(|policy| policy.rule.soak);
        if let Some(soak) = soak
            && truth.now.duration_since(*since) < soak
        {
            let what = format!(
                "{named} goes on after {:#} of {soak:#}",
                truth.now.duration_since(*since)
            );
            found.broken(truth, "D1", what);
        }
    }

    /// H7: enough different people said yes to exactly this release.
    fn agreed(&self, truth: &Truth, replaced: &Replaced<'_>, wishes: &Wishes, found: &mut Found) {
        let stage = replaced.after;
        let Some(run) = &stage.run else { return };
        if matches!(run.cause, Cause::Rollback { .. } | Cause::Teardown { .. }) {
            return;
        }
        let file = self.files.get(&run.config);
        let rule = file.and_then(|file| file.rule(&stage.spec.rule));
        let Some(wanted) = rule.and_then(|rule| rule.approvals.as_ref()) else {
            return;
        };
        let approvals = replaced
            .before
            .map_or(&[][..], |before| &before.approvals[..]);
        // The last yes may be said by the commit that claims.
        let said: BTreeSet<String> = approvals
            .iter()
            .filter(|yes| yes.release == run.release && yes.terms == run.terms)
            .map(|yes| yes.by.to_ascii_lowercase())
            .chain(wishes.says_yes(truth, stage, &run.release))
            .collect();
        if said.len() < usize::try_from(wanted.count).unwrap_or(usize::MAX) {
            let what = format!(
                "run {} of {} is claimed with the approvals of {said:?}, {} are wanted",
                run.generation, stage.id, wanted.count
            );
            found.broken(truth, "H7", what);
        }
    }
}

/// D1: green is what stands there whole, and nothing else has begun to take its place.
fn stands(truth: &Truth, stage: &Stage, found: &mut Found) {
    let Some(verified) = &stage.verified else {
        return;
    };
    let stands = stage.stands().map(|deployed| &deployed.release);
    if stands != Some(&verified.release) {
        let what = format!(
            "{} is green with {}, which does not stand there",
            stage.id,
            verified.release.revision.short()
        );
        found.broken(truth, "D1", what);
    }
}

/// What a person made run behind our back is noticed where the pipelines tell of it; these do not.
pub(super) fn is_by_hand(truth: &Truth, stage: &str) -> bool {
    truth.stages.get(stage).is_some_and(|standing| {
        let execution = truth.executor.find(&standing.execution);
        execution.is_none_or(|index| truth.executor.get(index).is_foreign())
    })
}

/// D6, D3: a closed stage takes nothing, to the last true second.
fn closed(truth: &Truth, replaced: &Replaced<'_>, unlocks: bool, found: &mut Found) {
    let Some(lock) = replaced.before.and_then(|before| before.lock.as_ref()) else {
        return;
    };
    // Unlocked and taken up at once.
    if replaced.after.lock.as_ref() != Some(lock) && unlocks {
        return;
    }
    let number = match lock.until {
        None => "D6",
        Some(until) if truth.now < until => "D3",
        Some(_) => return,
    };
    let what = format!(
        "{} goes on although {} locked it",
        replaced.after.id, lock.by
    );
    found.broken(truth, number, what);
}

/// D5: a break opens because something is red, not because nobody could tell.
fn broken_by_proof(truth: &Truth, replaced: &Replaced<'_>, verdicts: &Verdicts, found: &mut Found) {
    use greenroom_core::stage::Failing;
    let stage = replaced.after;
    let Some(brk) = &stage.brk else { return };
    let old = replaced.before.and_then(|before| before.brk.as_ref());
    if old.is_some_and(|old| old.episode == brk.episode) {
        return;
    }
    if !matches!(brk.failing, Failing::Tests { .. }) {
        return;
    }
    // So is what a round of the watch found.
    if concludes(replaced).is_some() {
        return;
    }
    let last = stage.last.as_ref().map(|run| run.generation);
    let generation = last.unwrap_or(stage.generation);
    let known = verdicts.get(&(stage.id.stage.to_string(), generation));
    let red = known.is_some_and(|all| all.iter().any(|(verdict, _)| *verdict == Verdict::Failed));
    if !red {
        let what = format!(
            "break {} of {} opens although no test failed",
            brk.episode, stage.id
        );
        found.broken(truth, "D5", what);
    }
}
