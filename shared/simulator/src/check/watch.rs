//! D10: what is watched is tested again so long after its suites ended, and not before; what a round
//! found is what its own tests said, red takes what was proven, and no other round has a word in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_app::keys;
use greenroom_app::ports::suites::SuiteRequest;
use greenroom_app::records::AppRecord;
use greenroom_core::name::{ConfigHash, Digest};
use greenroom_core::pause::Pause;
use greenroom_core::stage::{Looked, Outcome, Round, Stage, SuiteProgress};
use greenroom_core::stage_file::StageFile;
use greenroom_core::verdict::Verdict;
use jiff::{SignedDuration, Timestamp};

use super::promotion::is_by_hand;
use super::{Found, Replaced};
use crate::inner::Inner;
use crate::truth::{Change, Happened, Truth};

/// A sweep, and the slowest answers of a round in which nothing goes wrong.
const ROUND: SignedDuration = SignedDuration::from_mins(15);

type Files = BTreeMap<ConfigHash, Arc<StageFile>>;

/// What one attempt at a suite said, of which bytes.
#[derive(Debug)]
struct Said {
    suite: String,
    attempt: u32,
    verdict: Verdict,
    bytes: Option<Digest>,
}

/// What was really said in each round, and when.
#[derive(Debug, Default)]
pub struct Watches {
    /// By stage and number of the round.
    said: BTreeMap<(String, u64), Vec<Said>>,
    /// When what each run put on its stage was judged last, by stage and generation.
    judged: BTreeMap<(String, u64), Timestamp>,
    /// When anything was tested on each stage.
    tested: BTreeMap<String, Timestamp>,
    pause: Option<Pause>,
}

/// The round that this commit ends.
pub(super) fn concludes<'a>(replaced: &Replaced<'a>) -> Option<&'a Looked> {
    let looked = replaced.after.watch.last.as_ref()?;
    let known = replaced.before.and_then(|it| it.watch.last.as_ref());
    (known.map(|known| known.number) != Some(looked.number)).then_some(looked)
}

/// The suite, attempt and round that a request is for; `None` of a run's own.
pub(super) fn round_of(request: &SuiteRequest) -> Option<(u32, u64)> {
    let (rest, round) = request.id.rsplit_once("/round-")?;
    let (_, attempt) = rest.rsplit_once('/')?;
    Some((attempt.parse().ok()?, round.parse().ok()?))
}

impl Watches {
    pub fn see(&mut self, truth: &Truth, happened: &Happened<'_>) {
        let Happened::Tested {
            stage,
            standing,
            request,
            verdict,
            ..
        } = happened
        else {
            return;
        };
        self.tested.insert((*stage).to_owned(), truth.now);
        if let Some((attempt, round)) = round_of(request) {
            let said = Said {
                suite: request.suite.to_string(),
                attempt,
                verdict: *verdict,
                bytes: standing.cloned(),
            };
            let all = self.said.entry(((*stage).to_owned(), round));
            all.or_default().push(said);
        }
    }

    /// The app's record was written.
    pub fn committed(&mut self, changes: &[Change<'_>]) {
        let apps = changes
            .iter()
            .filter(|change| change.key.partition == keys::APPS);
        for change in apps {
            let record = change
                .after
                .and_then(|text| serde_json::from_slice::<AppRecord>(text).ok());
            if let Some(record) = record {
                self.pause = record.pause;
            }
        }
    }

    pub fn replaced(
        &mut self,
        truth: &Truth,
        replaced: &Replaced<'_>,
        files: &Files,
        found: &mut Found,
    ) {
        let mut broken = |what: String| {
            let what = format!("{}: {what}", replaced.after.id);
            found.broken(truth, "D10", what);
        };
        self.heard(replaced, &mut broken);
        if let Some(looked) = concludes(replaced) {
            let by_hand = is_by_hand(truth, replaced.after.id.stage.as_str());
            self.concluded(replaced, looked, files, by_hand, &mut broken);
        }
        self.ended(truth, replaced);
        self.begun(truth, replaced, files, &mut broken);
        if replaced.after.run.is_some() && replaced.after.watch.round.is_some() {
            broken("a round goes on while something else is put there".to_owned());
        }
    }

    /// What is written down of a round was said in it.
    fn heard(&self, replaced: &Replaced<'_>, broken: &mut impl FnMut(String)) {
        let Some(round) = &replaced.after.watch.round else {
            return;
        };
        let old = replaced.before.and_then(|it| it.watch.round.as_ref());
        let old = old.filter(|old| old.number == round.number);
        for (suite, progress) in &round.suites {
            let known = old.and_then(|old| old.suites.get(suite)).is_some_and(|it| {
                (it.attempt, it.report.is_some()) == (progress.attempt, progress.report.is_some())
            });
            if !known && !self.was_said(replaced.after, round.number, suite.as_str(), progress) {
                broken(format!("{suite} never said so in round {}", round.number));
            }
        }
    }

    /// Whether a suite said in this round what is written down of it. That nobody could tell needs
    /// nobody to say it.
    fn was_said(&self, stage: &Stage, round: u64, suite: &str, progress: &SuiteProgress) -> bool {
        let Some(report) = &progress.report else {
            return true;
        };
        let said = |it: &Said| {
            it.suite == suite && it.attempt == progress.attempt && it.verdict == report.verdict
        };
        report.verdict == Verdict::Errored || self.said(stage, round).iter().any(said)
    }

    fn said(&self, stage: &Stage, round: u64) -> &[Said] {
        let said = self.said.get(&(stage.id.stage.to_string(), round));
        said.map_or(&[], Vec::as_slice)
    }

    /// The end of a round is that of the one under way, and what it found is what was said.
    fn concluded(
        &self,
        replaced: &Replaced<'_>,
        looked: &Looked,
        files: &Files,
        by_hand: bool,
        broken: &mut impl FnMut(String),
    ) {
        let (stage, number) = (replaced.after, looked.number);
        let round = replaced.before.and_then(|it| it.watch.round.as_ref());
        let Some(round) = round.filter(|round| round.number == number) else {
            return broken(format!("round {number} ends, and was not under way"));
        };
        let said = self.said(stage, number);
        match looked.outcome {
            Outcome::Succeeded if by_hand => {}
            Outcome::Succeeded => self.green(replaced, round, files, broken),
            Outcome::Failed => {
                if !said.iter().any(|it| it.verdict == Verdict::Failed) {
                    broken(format!("round {number} is red, and no test failed"));
                }
                if stage.brk.is_none() {
                    broken(format!("round {number} is red, and no break is open"));
                }
            }
            _ => {}
        }
        if looked.outcome != Outcome::Succeeded && stage.verified.is_some() {
            let what = format!("round {number} {} and all is green", looked.outcome.word());
            broken(what);
        }
    }

    /// A round is green by tests that passed on what stands, which is then proven under the terms it
    /// was put there under, and was all along if it was before.
    fn green(
        &self,
        replaced: &Replaced<'_>,
        round: &Round,
        files: &Files,
        broken: &mut impl FnMut(String),
    ) {
        let (stage, number) = (replaced.after, round.number);
        let stands = stage.stands().map(|it| &it.release);
        let file = files.get(&round.config);
        let rule = file.and_then(|file| file.rule(&stage.spec.rule));
        for suite in rule.iter().flat_map(|rule| &rule.verify) {
            let said = self.said(stage, number).iter();
            let mut passed = said.filter(|it| {
                it.suite == suite.as_str()
                    && it.verdict == Verdict::Passed
                    && stands.is_some_and(|stands| stands.artifact == it.bytes)
            });
            if passed.next().is_none() {
                broken(format!("round {number} is green, and {suite} did not pass"));
            }
        }
        let Some(before) = replaced.before else {
            return;
        };
        if before.verified.is_some() && before.verified != stage.verified {
            let what = format!("round {number} is green, and what was proven is not as it was");
            broken(what);
        }
        let of = before.watch.of.as_ref();
        let same = of.is_some_and(|of| of.terms == round.terms);
        if same && stage.verified.as_ref().map(|it| &it.release) != stands {
            broken(format!("round {number} is green and proves nothing"));
        }
    }

    /// Notes when what stands was judged last.
    fn ended(&mut self, truth: &Truth, replaced: &Replaced<'_>) {
        let stage = replaced.after;
        let ended = |stage: &Stage| stage.last.as_ref().map(|run| run.generation);
        let last = ended(stage).filter(|_| replaced.before.and_then(ended) != ended(stage));
        let looked = concludes(replaced).map(|looked| looked.generation);
        for generation in last.into_iter().chain(looked) {
            let key = (stage.id.stage.to_string(), generation);
            self.judged.insert(key, decided(truth, replaced));
        }
        // Who begins to watch anew goes by the run alone.
        let of = replaced.before.and_then(|it| it.watch.of.as_ref());
        if let Some(of) = of.filter(|_| stage.watch.of.is_none()) {
            let key = (stage.id.stage.to_string(), of.generation);
            self.judged.remove(&key);
        }
    }

    /// A round begins when it is time, of what stands, where nothing runs, and not in a pause.
    fn begun(
        &self,
        truth: &Truth,
        replaced: &Replaced<'_>,
        files: &Files,
        broken: &mut impl FnMut(String),
    ) {
        let stage = replaced.after;
        let known = replaced.before.map_or(0, |it| it.watch.rounds);
        let number = stage.watch.rounds;
        if number == known {
            return;
        }
        let round = stage.watch.round.as_ref();
        let Some(round) = round.filter(|it| it.number == number && number == known + 1) else {
            return broken(format!("after round {known} comes {number}"));
        };
        let at = decided(truth, replaced);
        let stands = stage.stands().map(|it| it.generation);
        if stands != Some(round.generation) {
            broken(format!("round {number} begins, and {stands:?} stands"));
        }
        let holds = |pause: &&Pause| pause.holds(at, SignedDuration::ZERO);
        if let Some(pause) = self.pause.as_ref().filter(holds) {
            broken(format!("round {number} begins though {} paused", pause.by));
        }
        let file = files.get(&round.config);
        let rule = file.and_then(|file| file.rule(&stage.spec.rule));
        let Some(every) = rule.and_then(|rule| rule.watch) else {
            return broken(format!("round {number} begins, and nobody watches"));
        };
        let key = (stage.id.stage.to_string(), round.generation);
        // Of what was red before runs that never got there, and before anybody watched, Greenroom
        // knows only when it broke (`judged` in plan/watch.rs), so its first round comes early.
        let of = replaced.before.and_then(|it| it.watch.of.as_ref());
        let ran = stage.last.as_ref().map(|run| run.generation);
        let greens = stage.verified.iter().chain(&stage.greens);
        let mut known = greens.map(|green| green.generation).chain(ran);
        let is_known = known.any(|generation| generation == round.generation)
            || of.is_some_and(|of| of.generation == round.generation);
        if let Some(ended) = self.judged.get(&key).filter(|_| is_known) {
            // Each of the two instants may be read from a clock that is wrong.
            let rested = at.duration_since(*ended) + truth.setup.clock_error * 2;
            if rested < every {
                let what = format!("round {number} begins {rested:#} after the one before");
                broken(what);
            }
        }
    }
}

/// When whoever commits decided.
fn decided(truth: &Truth, replaced: &Replaced<'_>) -> Timestamp {
    replaced.commit.glance.map_or(truth.now, |glance| glance.at)
}

impl Inner {
    /// D10: once nothing goes wrong any more, rounds come as often as they should.
    pub(super) fn check_watched(&mut self, file: &StageFile) {
        for name in self.stage_names() {
            let Some(record) = self.stage_record(&name) else {
                continue;
            };
            let stage = &record.stage;
            let rule = file.rule(&stage.spec.rule);
            let Some(every) = rule.and_then(|rule| rule.watch) else {
                continue;
            };
            let Some(since) = self.watched_since(&name, stage) else {
                continue;
            };
            let rested = self.truth.now.duration_since(since);
            if rested > every + ROUND + self.truth.setup.clock_error * 2 {
                let what = format!("{name} was tested last {rested:#} ago, and every {every:#}");
                self.found.broken(&self.truth, "D10", what);
            }
        }
    }

    /// When what stands on a stage was tested last, or might have been for the first time since; `None`
    /// if nothing is to be watched there.
    fn watched_since(&self, name: &str, stage: &Stage) -> Option<Timestamp> {
        let stands = stage.stands()?;
        let life = &stage.life;
        let ends = life.wish.is_some() || life.parked.is_some() || life.orphan.is_some();
        if ends || stage.run.is_some() || stage.unstopped.is_some() {
            return None;
        }
        let pause = self.checks.watches.pause.as_ref();
        let until = match pause {
            Some(pause) => pause.until?,
            None => self.truth.setup.start,
        };
        let of = stage.watch.of.as_ref();
        let last = stage
            .last
            .as_ref()
            .filter(|run| run.generation == stands.generation);
        let is_known = of.is_some_and(|of| of.generation == stands.generation);
        // Somebody may still be at what a person stopped.
        if !is_known && last.is_some_and(|run| run.outcome == Some(Outcome::Aborted)) {
            return None;
        }
        let tested = self.checks.watches.tested.get(name).copied();
        let judged = &self.checks.watches.judged;
        let judged = judged.get(&(name.to_owned(), stands.generation)).copied();
        Some(until).max(tested).max(judged)
    }
}
