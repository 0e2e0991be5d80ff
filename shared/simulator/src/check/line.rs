//! C8, of lines: each change is deployed by itself, in the order in which it was seen; what leaves the
//! line without having been deployed has a reason. And what an upstream once proved is good as long as
//! nothing speaks against it there.

mod above;

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_core::command::Command;
use greenroom_core::name::{ConfigHash, RefName, Revision, StageName};
use greenroom_core::release::Release;
use greenroom_core::resolve::{Event, Trigger, resolve};
use greenroom_core::stage::{Candidate, Cause, QUEUE_MAX, Stage, Terms};
use greenroom_core::stage_file::{From, StageFile};
use jiff::Timestamp;

use super::claim::{follows, was_gone};
use super::{Found, Replaced};
use crate::truth::Truth;
use above::Above;

type Files = BTreeMap<ConfigHash, Arc<StageFile>>;

/// What lines took, and what they may take.
#[derive(Debug, Default)]
pub struct Lines {
    /// The move of a reference that a stage deployed last.
    moved: BTreeMap<(String, RefName), usize>,
    /// The green of another stage that a stage deployed last.
    taken: BTreeMap<(String, String), usize>,
    above: BTreeMap<String, Above>,
}

/// What is looked at.
struct Look<'a> {
    truth: &'a Truth,
    replaced: &'a Replaced<'a>,
    before: &'a Stage,
    files: &'a Files,
    command: Option<&'a Command>,
}

impl Lines {
    pub fn replaced(
        &mut self,
        truth: &Truth,
        replaced: &Replaced<'_>,
        files: &Files,
        command: Option<&Command>,
        found: &mut Found,
    ) {
        let stage = replaced.after;
        let name = stage.id.stage.to_string();
        self.above.entry(name).or_default().note(truth, replaced);
        if stage.candidate.is_none() && !stage.queue.waiting.is_empty() {
            let what = format!("{} has a line and nothing in front of it", stage.id);
            found.broken(truth, "C8", what);
        }
        if stage.queue.waiting.len() > QUEUE_MAX {
            found.broken(truth, "G5", format!("{} has too long a line", stage.id));
        }
        let Some(before) = replaced.before.filter(|before| before.queue.fifo) else {
            return;
        };
        let look = Look {
            truth,
            replaced,
            before,
            files,
            command,
        };
        if stage.queue.fifo {
            let wrong = [out_of_order(&look), self.deployed_again(&look)];
            for what in wrong.into_iter().flatten() {
                found.broken(truth, "C8", format!("{} {what}", stage.id));
            }
        }
        for (place, it) in before.line().enumerate() {
            if !is_in_line(stage, it) && !self.may_leave(&look, place, it) {
                let short = it.revision.short();
                let what = format!("{} does not say what became of {short} in line", stage.id);
                found.broken(truth, "C8", what);
            }
        }
    }

    /// What speaks against a release that was green on a stage; `None` if nothing does.
    pub fn against(&self, above: &str, release: &Release, terms: &Terms) -> Option<&'static str> {
        let Some(above) = self.above.get(above) else {
            return Some("was never green");
        };
        if above.red.contains(release) {
            return Some("was red since");
        }
        let proves = |(green, under): &(Release, Terms)| green == release && under == terms;
        (!above.terms.iter().any(proves)).then_some("was never green under these terms")
    }

    /// Whether there is a reason for something to wait no more.
    fn may_leave(&self, look: &Look<'_>, place: usize, it: &Candidate) -> bool {
        let (before, after) = (look.before, look.replaced.after);
        let is_it = |revision: &Revision| *revision == it.revision;
        let runs = after.run.as_ref();
        let waits = after.line().any(|new| is_it(&new.revision));
        if it.cause.is_rollback() || waits || runs.is_some_and(|run| is_it(&run.release.revision)) {
            return true;
        }
        let within = after.line().flat_map(|new| &new.contains);
        let within = within.chain(runs.into_iter().flat_map(|run| &run.contains));
        let full = before.queue.waiting.len() + 2 >= QUEUE_MAX || !after.queue.fifo;
        let is_within = within.into_iter().any(|skipped| is_it(&skipped.revision));
        let news = |revision: &Revision| {
            let count = |stage: &Stage| {
                let passed = stage.queue.passed.iter();
                passed.filter(|it| it.revision == *revision).count()
            };
            count(after) > count(before)
        };
        let rejected = after.rejected.as_ref().map(|no| &no.release.revision);
        let destroyed = matches!(look.command, Some(Command::Destroy { .. }));
        let asked = destroyed || rejected == Some(&it.revision);
        is_within && full
            || news(&it.revision)
            || asked
            || after.life.gone != before.life.gone
            || look.is_left_behind(place, it)
            || self.is_withdrawn(look, it)
            || !after.queue.fifo && look.is_put_together(it)
    }

    /// Whether something speaks against a release that was to be promoted.
    fn is_withdrawn(&self, look: &Look<'_>, it: &Candidate) -> bool {
        let (Cause::Promotion { from }, Some(release)) = (&it.cause, &it.release) else {
            return false;
        };
        let here = |stage: &Stage| {
            let verified = stage.verified.as_ref().map(|it| &it.release);
            let rejected = stage.rejected.as_ref().map(|it| &it.release);
            let known = [
                verified,
                rejected,
                stage.tried.as_ref(),
                stage.life.was.as_ref(),
            ];
            known.contains(&Some(release))
        };
        if here(look.before) || here(look.replaced.after) || look.comes_from_elsewhere(from) {
            return true;
        }
        let Some(above) = self.above.get(from.as_str()) else {
            return true;
        };
        let error = look.truth.setup.clock_error * 2;
        let came = it.since.checked_sub(error).unwrap_or(it.since);
        let tried = above.tried.get(release).is_some_and(|at| *at >= came);
        tried && !above.unclear.contains(release) || above.back.is_some_and(|at| at >= came)
    }

    /// A run that does not come after the one before it, in the order of what led to it.
    fn deployed_again(&mut self, look: &Look<'_>) -> Option<String> {
        let stage = look.replaced.after;
        let run = stage.run.as_ref().filter(|_| look.replaced.claims())?;
        if run.attempt > 0 {
            return None;
        }
        let name = stage.id.stage.to_string();
        let short = run.release.revision.short();
        let verified = look.before.verified.as_ref();
        let green = verified.is_some_and(|it| it.release == run.release);
        let (known, n, of) = match (&run.cause, &run.reference) {
            (Cause::Promotion { from }, _) => {
                let greens = &self.above.get(from.as_str())?.greens;
                let known = self.taken.entry((name, from.to_string()));
                let known = known.or_insert(usize::MAX);
                let n = next(greens.iter(), *known, |it| *it == run.release);
                (known, n, from.to_string())
            }
            (cause, Some(reference)) if follows(cause) => {
                let moves = look.truth.repository.moves(reference);
                if moves.is_empty() {
                    return None;
                }
                let known = self.moved.entry((name, reference.clone()));
                let known = known.or_insert(usize::MAX);
                let is_it = |to: &(Timestamp, Option<Revision>)| {
                    to.1.as_ref() == Some(&run.release.revision)
                };
                let n = next(moves.iter(), *known, is_it);
                (known, n, reference.to_string())
            }
            _ => return None,
        };
        match n {
            Some(n) if n == *known && green && look.is_of_one() => {
                Some(format!("deploys {short} of {of} twice"))
            }
            Some(n) => {
                *known = n;
                None
            }
            None => Some(format!("deploys {short} of {of} after what came later")),
        }
    }
}

/// The first place after `known` of what is looked for, or `known` itself.
fn next<T>(all: impl Iterator<Item = T>, known: usize, is_it: impl Fn(T) -> bool) -> Option<usize> {
    let mut same = None;
    for (n, one) in all.enumerate() {
        let behind = known == usize::MAX || n > known;
        if (behind || n == known) && is_it(one) {
            if behind {
                return Some(n);
            }
            same = Some(n);
        }
    }
    same
}

/// Whether this very wish waits.
fn is_in_line(stage: &Stage, it: &Candidate) -> bool {
    stage.line().any(|other| is_same(other, it))
}

fn is_same(one: &Candidate, other: &Candidate) -> bool {
    (&one.revision, one.since, one.attempt) == (&other.revision, other.since, other.attempt)
}

/// What a person wants, or what nobody could tell of, goes in front.
fn goes_first(it: &Candidate) -> bool {
    it.cause.is_personal() || it.attempt > 0
}

/// What is not in the order in which it came.
fn out_of_order(look: &Look<'_>) -> Option<String> {
    let (before, after) = (look.before, look.replaced.after);
    let place = |it: &Candidate| before.line().position(|old| is_same(old, it));
    let mut last = None;
    let mut fresh = None;
    for it in after.line() {
        let is_first = it.cause.is_rollback() || it.attempt > 0;
        match place(it) {
            _ if is_first && (last.is_some() || fresh.is_some()) => {
                return Some(format!("lets others go before {}", it.revision.short()));
            }
            _ if goes_first(it) => {}
            Some(place) if last > Some(place) => {
                return Some(format!("puts {} out of its place", it.revision.short()));
            }
            Some(_) if fresh.is_some() => {
                return Some(format!("lets others go before {}", it.revision.short()));
            }
            Some(place) => last = Some(place),
            None => fresh = Some(it),
        }
    }
    let run = after.run.as_ref().filter(|_| look.replaced.claims())?;
    if run.cause.is_personal() || run.cause.is_teardown() || run.attempt > 0 {
        return None;
    }
    let revision = &run.release.revision;
    let turn = before.line().position(|it| it.revision == *revision);
    let waits = |it: &&Candidate| !goes_first(it) && is_in_line(after, it);
    let first = before.line().position(|it| waits(&it))?;
    (turn.is_none_or(|turn| first < turn)).then(|| {
        let first = before.line().nth(first).map(|it| it.revision.short());
        format!("deploys {} before {first:?}", revision.short())
    })
}

impl Look<'_> {
    /// Whether one branch leads to the stage, or one stage. Where several do the stage remembers only
    /// which of them it saw last, and takes another that did not move for news.
    fn is_of_one(&self) -> bool {
        let run = self.replaced.after.run.as_ref();
        let file = run.and_then(|run| self.files.get(&run.config));
        let rule = file.and_then(|file| file.rule(&self.before.spec.rule));
        let is_many = |from: &From| matches!(from, From::Branch { pattern, .. } | From::Tag { pattern } if pattern.literal().is_none());
        rule.is_some_and(|rule| !is_many(&rule.from))
    }

    /// Whether the reference that something came from is gone, leads elsewhere, or went back to
    /// before it.
    fn is_left_behind(&self, place: usize, it: &Candidate) -> bool {
        let Some(reference) = &it.reference else {
            return false;
        };
        let (before, after) = (self.before, self.replaced.after);
        let head = after.head.as_ref();
        let led = before.head.as_ref().map(|head| &head.reference) == Some(reference);
        let forgotten = led && head.is_none_or(|head| head.reference != *reference);
        if forgotten || was_gone(self.truth, reference, self.replaced.since) || self.is_away(it) {
            return true;
        }
        let Some(to) = head.filter(|head| head.reference == *reference) else {
            // What somebody pushes to the branch of another is theirs from then on.
            return after.spec.actor.is_some();
        };
        let to = &to.revision;
        let earlier = before.line().take(place).any(|it| it.revision == *to);
        let runs = [&before.run, &before.last, &after.last];
        let mut runs = runs.into_iter().flatten();
        let here = runs.any(|run| run.release.revision == *to);
        let stands = before.deployed.as_ref().map(|it| &it.release.revision);
        *to != it.revision && (earlier || here || stands == Some(to))
    }

    /// Whether a stage file leads its reference elsewhere.
    fn is_away(&self, it: &Candidate) -> bool {
        let Some(reference) = &it.reference else {
            return false;
        };
        let actor = self
            .before
            .head
            .as_ref()
            .and_then(|head| head.actor.clone());
        self.files.values().any(|file| {
            let trigger = Trigger {
                event: Event::Push,
                reference: reference.clone(),
                actor: actor.clone(),
                deleted: false,
            };
            resolve(file, &trigger).stage.as_ref() != Some(&self.before.id.stage)
        })
    }

    /// Whether a stage file has the stage promote from somewhere else, or from nowhere.
    fn comes_from_elsewhere(&self, from: &StageName) -> bool {
        self.files.values().any(|file| {
            let rule = file.rule(&self.before.spec.rule);
            !rule.is_some_and(|rule| match &rule.from {
                From::Promote { rule } => file
                    .rule(rule)
                    .and_then(|rule| rule.stage.as_literal())
                    .is_some_and(|above| above == from.as_str()),
                _ => false,
            })
        })
    }

    /// Whether a line that is kept no more may leave something out: only the newest counts then, and
    /// what is of another branch is not contained in it. A rollback is all that waits.
    fn is_put_together(&self, it: &Candidate) -> bool {
        let newest = self.before.line().last();
        let apart = newest.is_some_and(|newest| newest.takes_over(it.reference.as_ref()));
        let back = self.before.line().any(|it| it.cause.is_rollback());
        apart || back || !follows(&it.cause)
    }
}
