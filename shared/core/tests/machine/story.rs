//! Two stages and what is true of them whatever a clock says.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_core::command::Command;
use greenroom_core::effect::{Effect, News};
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::name::{ExecutionId, RefName};
use greenroom_core::principal::Principal;
use greenroom_core::release::Release;
use greenroom_core::stage::{Cause, Outcome, Run};
use greenroom_core::verdict::Verdict;
use jiff::{SignedDuration, Timestamp};

use crate::world::*;

pub const STAGES: [&str; 2] = ["preprod", "prod"];
pub const CLOCK_ERROR: i64 = 300;
const SOAK: SignedDuration = SignedDuration::from_mins(30);

#[derive(Clone, Debug)]
pub enum Op {
    Push(u32),
    BranchGone,
    /// Seconds.
    Time(u32),
    Replan(usize),
    Build(u32, usize),
    Tick,
    Start(usize),
    StartRefused(usize),
    Admit(usize),
    /// An execution of another run, or of nobody, asks or is seen.
    Foreign(usize, u64),
    End(usize, usize),
    Verdict(usize, usize, bool),
    ReadHead(u32),
    Command(usize, usize),
    /// Build, start, admission and end, all as they should be; then verdicts.
    Smooth(usize, usize),
}

/// The world, and what is true whatever a clock says.
pub struct Story {
    world: World,
    truth: Timestamp,
    /// By stage: what is verified there, by which run, and since when in truth.
    pub verified: BTreeMap<&'static str, (u64, Release, Timestamp)>,
    /// By stage: the admitted execution that has not ended in truth.
    alive: BTreeMap<&'static str, u64>,
    /// Runs that would not stop, and that a person went on without.
    gone_on: BTreeSet<(&'static str, u64)>,
    /// What was ever verified on preprod, where each release is promoted in its turn.
    ever: Option<Vec<Release>>,
}

impl Story {
    pub fn new() -> Self {
        let file = FILE
            .replace("soak: 1h", "soak: 30m")
            .replace("count: 2", "count: 1");
        let mut world = World::of(&file);
        world.clock_error = SignedDuration::from_secs(CLOCK_ERROR);
        Self {
            truth: world.now,
            world,
            verified: BTreeMap::new(),
            alive: BTreeMap::new(),
            gone_on: BTreeSet::new(),
            ever: None,
        }
    }

    /// Both stages deploy each change by itself.
    pub fn queued() -> Self {
        let file = FILE
            .replace("    soak: 1h\n", "    queue: fifo\n")
            .replace(
                "    verify: [api, smoke]\n",
                "    verify: [api, smoke]\n    queue: fifo\n",
            )
            .replace("count: 2", "count: 1");
        let mut story = Self::new();
        story.world.file = stage_file(&file);
        story.ever = Some(Vec::new());
        story
    }

    /// Some machine's clock, wrong by so many seconds.
    pub fn read_clock(&mut self, wrong: i64) {
        let wrong = SignedDuration::from_secs(wrong);
        self.world.now = self.truth.checked_add(wrong).expect("in time");
    }

    pub fn wait(&mut self, time: SignedDuration) {
        self.truth = self.truth.checked_add(time).expect("in time");
    }

    pub fn apply(&mut self, op: &Op) {
        let world = &mut self.world;
        let at = world.now;
        match op {
            Op::Push(n) => drop(world.push("preprod", *n)),
            Op::BranchGone => {
                let reference = RefName::new("refs/heads/master");
                world.fact("preprod", Fact::HeadGone { reference, at });
            }
            Op::Time(seconds) => self.wait(SignedDuration::from_secs(i64::from(*seconds))),
            Op::Replan(stage) => drop(world.replan(STAGES[*stage])),
            Op::Build(n, how) => build(world, *n, *how),
            Op::Tick => world.tick_builds(),
            Op::Start(stage) => {
                if world.stage(STAGES[*stage]).run.is_some() {
                    world.started(STAGES[*stage]);
                }
            }
            Op::StartRefused(stage) => {
                let name = STAGES[*stage];
                let generation = world.stage(name).generation;
                let why = "no".to_owned();
                world.fact(
                    name,
                    Fact::StartRefused {
                        generation,
                        why,
                        at,
                    },
                );
            }
            Op::Admit(stage) => self.admit(STAGES[*stage]),
            Op::Foreign(stage, generation) => self.foreign(STAGES[*stage], *generation),
            Op::End(stage, how) => self.end(STAGES[*stage], *how),
            Op::Verdict(stage, how, late) => verdict(world, STAGES[*stage], *how, *late),
            Op::ReadHead(n) => {
                if let Some(wish) = world.stage("preprod").refresh.wish.clone() {
                    let (slot, by) = (wish.slot, wish.by);
                    let cause = Cause::Refresh { slot, by };
                    world.head("preprod", "refs/heads/master", *n, cause);
                }
            }
            Op::Smooth(stage, how) => {
                let name = STAGES[*stage];
                let candidate = world.replan(name).next.candidate;
                if let Some(digits) = candidate.and_then(|it| number(it.revision.as_str())) {
                    build(world, digits, 5);
                }
                if world.stage(name).run.is_some() {
                    world.started(name);
                }
                self.admit(name);
                self.end(name, 9);
                verdict(&mut self.world, name, *how, false);
            }
            Op::Command(stage, which) => {
                // Whether it is granted does not matter here.
                let command = command(*which, world.now);
                let name = STAGES[*stage];
                let goes_on = matches!(which, 0 | 2 | 3 | 7) && world.stage(name).run.is_none();
                let granted = world.command(name, &operator(), command).is_ok();
                if let Some(other) = self.alive.get(name).filter(|_| goes_on && granted) {
                    self.gone_on.insert((name, *other));
                }
            }
        }
    }

    fn admit(&mut self, name: &'static str) {
        let Some(run) = self.world.stage(name).run.clone() else {
            return;
        };
        let was_admitted = run.is_admitted();
        if self.world.admit(name).is_err() || was_admitted {
            return;
        }
        if let Some(other) = self.alive.insert(name, run.generation) {
            let given_up = self.world.log.iter().any(|entry| {
                entry.generation == Some(other) && entry.text.contains("would not stop")
            });
            assert!(given_up, "run {other} of {name} is alive");
            let asked = self.gone_on.contains(&(name, other));
            assert!(asked, "nobody went on without run {other} of {name}");
        }
        if name == "prod" && !run.cause.is_rollback() {
            self.proven_upstream(&run);
        }
    }

    /// Prod never runs what preprod had not verified continuously for the soak, in truth.
    fn proven_upstream(&self, run: &Run) {
        if let Some(ever) = &self.ever {
            assert!(ever.contains(&run.release), "it was verified there");
        } else {
            let (_, release, since) = self.verified.get("preprod").expect("preprod is verified");
            assert_eq!(*release, run.release, "the same bytes");
            let soaked = since.checked_add(SOAK).expect("in time");
            assert!(soaked <= self.truth, "soaked until {soaked}");
        }
        let approved = |run: &Run| {
            let stage = &self.world.stages["prod"];
            let mut approvals = stage.approvals.iter();
            approvals.any(|approval| approval.release == run.release)
        };
        assert!(approved(run), "somebody said yes");
    }

    fn foreign(&mut self, name: &'static str, generation: u64) {
        let Some(run) = self.world.stage(name).run.clone() else {
            return;
        };
        let execution = ExecutionId::new(format!("{name}-{generation}"));
        if generation == run.generation {
            return;
        }
        let before = self.world.stage(name).clone();
        let ask = Command::Admit {
            generation,
            nonce: run.nonce.clone(),
            execution: execution.clone(),
            revision: run.release.revision.clone(),
        };
        let answer = self.world.try_command(name, &Principal::Pipeline, &ask);
        assert!(answer.is_err(), "the fence lets nobody else through");
        let seen = Fact::ExecutionObserved {
            generation,
            execution,
            observation: Observation::Stopped { at: self.world.now },
        };
        let recorded = greenroom_core::record::record(before.clone(), &seen);
        assert_eq!(recorded, before, "what others do says nothing about ours");
    }

    fn end(&mut self, name: &'static str, how: usize) {
        let watched = self.world.stage(name).watched();
        let Some((generation, execution)) = watched.map(|(of, id)| (of, id.clone())) else {
            return;
        };
        let at = self.world.now;
        let why = "why".to_owned();
        let step = "deploy".to_owned();
        let observation = match how {
            0 => Observation::Failed { step, why, at },
            1 => Observation::Errored { why, at },
            2 => Observation::Stopped { at },
            3 => Observation::Refused { why, at },
            4 => Observation::Unknown,
            5 => Observation::Running {
                step: None,
                since: at,
            },
            _ => Observation::Succeeded {
                artifact: None,
                outputs: BTreeMap::new(),
                at,
                evidence: None,
            },
        };
        if observation.is_terminal() {
            self.alive.remove(name);
        }
        let seen = Fact::ExecutionObserved {
            generation,
            execution,
            observation,
        };
        self.world.fact(name, seen);
    }

    /// Notes what is verified from now on, and that it has passed.
    pub fn look(&mut self) {
        for name in STAGES {
            let truth = self.truth;
            let stage = self.world.stage(name).clone();
            let Some(verified) = stage.verified else {
                self.verified.remove(name);
                continue;
            };
            let known = self.verified.get(name);
            if known.is_some_and(|(generation, ..)| *generation == verified.generation) {
                continue;
            }
            let run = stage.last.expect("a run has ended");
            assert_eq!(run.generation, verified.generation);
            assert_eq!(run.outcome, Some(Outcome::Succeeded));
            assert!(!run.suites.is_empty());
            for (suite, progress) in &run.suites {
                let verdict = progress.report.as_ref().map(|report| report.verdict);
                assert_eq!(verdict, Some(Verdict::Passed), "{suite}");
            }
            if let Some(ever) = self.ever.as_mut().filter(|_| name == "preprod") {
                ever.push(verified.release.clone());
            }
            self.verified
                .insert(name, (verified.generation, verified.release, truth));
        }
    }

    /// Once time goes on and nobody answers, every run ends.
    pub fn run_dry(&mut self) {
        for name in STAGES {
            let Some(run) = self.world.stage(name).run.clone() else {
                continue;
            };
            let ahead = SignedDuration::from_secs(CLOCK_ERROR);
            let late = run
                .deadline
                .max(self.truth.checked_add(ahead).expect("in time"));
            self.world.now = late;
            self.world.replan(name);
            self.world.pass(minutes(2));
            self.world.replan(name);
            let now = self.world.stage(name).run.as_ref();
            assert!(
                now.is_none_or(|now| now.generation > run.generation),
                "run {} of {name} does not end",
                run.generation
            );
        }
    }

    /// On each channel of each stage, a break is told before its recovery, and each once.
    pub fn told_in_turn(&self) {
        let mut open: BTreeMap<(String, String), bool> = BTreeMap::new();
        let mut flaps: BTreeMap<(String, String), bool> = BTreeMap::new();
        for effect in &self.world.effects {
            let Effect::Announce {
                stage,
                channel,
                news,
                ..
            } = effect
            else {
                continue;
            };
            let whose = (stage.to_string(), channel.to_string());
            let flaps = flaps.entry(whose.clone()).or_default();
            let open = open.entry(whose).or_default();
            match news.as_ref() {
                News::Flapping { .. } => {
                    assert!(!*flaps && !*open, "told twice that it flaps");
                    *flaps = true;
                }
                News::Settled { .. } => {
                    assert!(*flaps, "told that what never flapped has settled");
                    *flaps = false;
                }
                News::Broke { brk, .. } => {
                    assert_eq!(*flaps, *flaps && brk.flapped.is_some());
                    *flaps = false;
                    assert!(!*open, "told twice that it broke");
                    *open = true;
                }
                News::Recovered { .. } => {
                    assert!(*open, "told of a recovery from nothing");
                    *open = false;
                }
                News::Changed { .. } => {
                    assert!(*open, "told of a change of nothing");
                }
                _ => {}
            }
        }
    }
}

/// The `n` of [`revision`].
fn number(revision: &str) -> Option<u32> {
    u32::from_str_radix(revision.get(..8)?, 16).ok()
}

fn build(world: &mut World, n: u32, how: usize) {
    if !world
        .builds
        .values()
        .any(|build| build.revision == revision(n))
    {
        return;
    }
    let at = world.now;
    match how {
        0 => world.build_failed(n),
        1 => {
            let why = "gone".to_owned();
            world.build(&revision(n), &Observation::Errored { why, at });
        }
        _ => world.built(n),
    }
}

fn verdict(world: &mut World, name: &str, how: usize, late: bool) {
    let Some(run) = world.stage(name).run.clone() else {
        return;
    };
    for (suite, progress) in &run.suites {
        let report = match how {
            0 => failed(&["a"]),
            1 => failed(&["b"]),
            2 => errored(),
            _ => passed(),
        };
        if world.stage(name).run.is_none() {
            return;
        }
        let attempt = if late {
            progress.attempt.saturating_sub(1)
        } else {
            progress.attempt
        };
        world.fact(
            name,
            Fact::VerdictReported {
                generation: run.generation,
                suite: suite.clone(),
                attempt,
                report,
            },
        );
    }
}

fn command(which: usize, now: Timestamp) -> Command {
    let reason = "because".to_owned();
    match which {
        0 => Command::Promote,
        1 => Command::Reject {
            revision: None,
            reason,
        },
        2 => Command::Rollback { to: None, reason },
        3 => Command::Retry,
        4 => Command::Abort { reason },
        5 => Command::Lock {
            reason,
            until: now.checked_add(minutes(20)).ok(),
        },
        6 => Command::Unlock,
        7 => Command::Refresh,
        8 => Command::Acknowledge { note: None },
        _ => Command::Approve { revision: None },
    }
}
