//! The core, asked as the app asks it: record or accept, then plan. See `try_step` in
//! `shared/app/src/stages.rs`, whose lines these are without the reading and the writing.

use greenroom_core::accept::accept;
use greenroom_core::command::Command;
use greenroom_core::effect::Effect;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::name::{
    AppId, ExecutionId, Nonce, RefName, Revision, RuleName, StageId, StageName, SuiteName,
};
use greenroom_core::plan::{Plan, plan};
use greenroom_core::policy::{Policy, View};
use greenroom_core::principal::Principal;
use greenroom_core::record::record;
use greenroom_core::stage::{Cause, Spec, Stage, SuiteProgress};
use greenroom_core::verdict::{SuiteReport, Verdict};
use jiff::{SignedDuration, Timestamp};

use crate::setup::{End, Fault, Setup, TICK, Tick, Wish};
use crate::state::{Head, Input, Out, Start};

/// Everything that is read for one decision.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    pub stage: &'a Stage,
    pub upstream: Option<&'a Stage>,
    pub file: u8,
    pub now: Timestamp,
    /// Tells this claim from others of the same generation.
    pub nonce: u8,
}

/// What the core decides; `None`: it refuses.
pub fn decide(setup: &Setup, read: &Read<'_>, input: Input) -> Option<Plan> {
    let rule = RuleName::new(setup.rule);
    let file = &setup.files[usize::from(read.file)];
    let policy = Policy::of(file, &rule, setup.clock_error);
    let nonce = nonce(read.nonce);
    let bound = bind(setup, read.stage.clone(), read.upstream);
    let view = View {
        stage: &bound,
        upstream: read.upstream,
        build: None,
        nonce: &nonce,
        now: read.now,
        pause: None,
        marks: greenroom_core::mark::Marks::NONE,
        through: None,
        toggle: None,
        uses: &[],
    };
    let changed = match request(setup, input) {
        Some((principal, command)) => accept(&view, policy.as_ref(), &principal, &command).ok()?,
        None => facts(setup, &bound, input, read.now)
            .iter()
            .fold(bound.clone(), record),
    };
    let changed = bind(setup, changed, read.upstream);
    let view = View {
        stage: &changed,
        ..view
    };
    Some(plan(&view, policy.as_ref()))
}

/// Whether a second plan of `next` at the same instant would change or ask for anything.
pub fn is_settled(setup: &Setup, read: &Read<'_>, next: &Stage) -> bool {
    // The hold is taken away between two plans, which differ because of that.
    if setup.fault == Some(Fault::NoHold) {
        return true;
    }
    let read = Read {
        stage: next,
        ..*read
    };
    decide(setup, &read, Input::Look(None))
        .is_some_and(|again| again.next == *next && again.effects.is_empty())
}

/// Whether a run that nobody speaks of any more ends once time goes on.
pub fn runs_dry(setup: &Setup, read: &Read<'_>) -> bool {
    let Some(run) = &read.stage.run else {
        return true;
    };
    // Whoever was at it last may have been ahead of this clock.
    let ahead = read.now + setup.clock_error + setup.clock_error;
    let late = run.deadline.max(ahead);
    let mut stage = read.stage.clone();
    for now in [late, late + TICK] {
        let read = Read {
            stage: &stage,
            now,
            ..*read
        };
        let Some(planned) = decide(setup, &read, Input::Look(None)) else {
            return false;
        };
        stage = planned.next;
    }
    stage
        .run
        .is_none_or(|next| next.generation > run.generation)
}

/// The effects that matter to the models.
pub fn outs(effects: &[Effect]) -> Vec<Out> {
    let out = |effect: &Effect| match effect {
        Effect::StartExecution {
            generation,
            nonce,
            release,
            ..
        } => Some(Out::Start(Start {
            generation: *generation,
            nonce: number(nonce.as_str()),
            head: head(&release.revision),
        })),
        Effect::StopExecution { execution, .. } => Some(Out::Stop(index(execution))),
        Effect::ReadHead {
            slot: Some(slot), ..
        } => Some(Out::ReadHead(tick(*slot))),
        _ => None,
    };
    effects.iter().filter_map(out).collect()
}

/// A stage that nothing has happened to.
pub fn blank(rule: &str, now: Timestamp) -> Stage {
    let id = StageId {
        app: AppId(7),
        stage: StageName::new(rule),
    };
    let spec = Spec {
        rule: RuleName::new(rule),
        actor: None,
        pull_request: None,
        fork: None,
    };
    Stage::new(id, spec, now)
}

/// The stage after a whole deployment at one instant, which `first` begins and whose tests pass
/// or not; `None`: nothing begins.
pub fn deployed(
    setup: &Setup,
    stage: &Stage,
    first: Input,
    passes: bool,
    now: Timestamp,
) -> Option<Stage> {
    let step = |stage: &Stage, input: Input| {
        let read = Read {
            stage,
            upstream: None,
            file: 0,
            now,
            nonce: 0,
        };
        decide(setup, &read, input).map(|planned| planned.next)
    };
    let claimed = step(stage, first)?;
    let run = claimed.run.as_ref()?;
    let start = Start {
        generation: run.generation,
        nonce: 0,
        head: head(&run.release.revision),
    };
    [
        Input::Started(start, 0),
        Input::Ask(start, 0),
        Input::Look(Some(End::Succeeded)),
        Input::Tested(passes),
    ]
    .into_iter()
    .try_fold(claimed, |stage, input| step(&stage, input))
}

fn facts(setup: &Setup, stage: &Stage, input: Input, at: Timestamp) -> Vec<Fact> {
    match input {
        Input::Look(Some(end)) => stage
            .watched()
            .map(|(generation, execution)| Fact::ExecutionObserved {
                generation,
                execution: execution.clone(),
                observation: observation(end, at),
            })
            .into_iter()
            .collect(),
        Input::Head(head) => vec![observed(head, Cause::Poll, at)],
        Input::Refreshed(slot, head) => {
            let slot = Some(setup.clock(slot, 0));
            vec![observed(head, Cause::Refresh { slot, by: None }, at)]
        }
        Input::Started(start, execution) => vec![Fact::ExecutionStarted {
            generation: start.generation,
            execution: execution_id(execution),
        }],
        Input::Tested(passes) => verdicts(stage, passes),
        Input::Look(None) | Input::Ask(..) | Input::Wish(..) => Vec::new(),
    }
}

fn observed(head: Head, cause: Cause, at: Timestamp) -> Fact {
    Fact::HeadObserved {
        reference: RefName::new("refs/heads/develop"),
        revision: revision(head),
        actor: None,
        cause,
        at,
    }
}

/// The tick of an instant that lies on one.
fn tick(at: Timestamp) -> Tick {
    let since = at.duration_since(Setup::BEGINNING);
    let ticks = since.as_secs() / TICK.as_secs();
    Tick::try_from(ticks).expect("an instant of the model")
}

fn verdicts(stage: &Stage, passes: bool) -> Vec<Fact> {
    let Some(run) = &stage.run else {
        return Vec::new();
    };
    let report = SuiteReport {
        verdict: if passes {
            Verdict::Passed
        } else {
            Verdict::Failed
        },
        total: 1,
        failures: Vec::new(),
        failed: u32::from(!passes),
        duration: SignedDuration::ZERO,
        error: None,
    };
    let answer = |(suite, progress): (&SuiteName, &SuiteProgress)| Fact::VerdictReported {
        generation: run.generation,
        suite: suite.clone(),
        attempt: progress.attempt,
        report: report.clone(),
    };
    run.suites.iter().map(answer).collect()
}

fn request(setup: &Setup, input: Input) -> Option<(Principal, Command)> {
    let reason = || "because".to_owned();
    let (wish, named) = match input {
        Input::Ask(start, execution) => {
            let command = Command::Admit {
                generation: start.generation,
                nonce: nonce(start.nonce),
                execution: execution_id(execution),
                revision: revision(start.head),
            };
            return Some((Principal::Pipeline, command));
        }
        Input::Wish(wish, named) => (wish, named.map(revision)),
        Input::Look(_)
        | Input::Head(_)
        | Input::Refreshed(..)
        | Input::Started(..)
        | Input::Tested(_) => return None,
    };
    let (by, command) = match wish {
        Wish::Abort => (0, Command::Abort { reason: reason() }),
        Wish::Retry => (0, Command::Retry),
        Wish::Lock { by, until } => {
            let until = until.map(|tick| setup.clock(tick, 0));
            let reason = reason();
            (by, Command::Lock { reason, until })
        }
        Wish::Unlock => (0, Command::Unlock),
        Wish::Rollback => {
            let reason = reason();
            (0, Command::Rollback { to: None, reason })
        }
        Wish::Approve { by } => (by, Command::Approve { revision: named }),
        Wish::Reject { by } => {
            let reason = reason();
            let revision = named;
            (by, Command::Reject { revision, reason })
        }
    };
    let name = format!("person-{by}");
    Some((Principal::Person { name }, command))
}

/// Without the bond, every yes is for what is the candidate now. Without the hold, nothing waits
/// for what would not stop.
fn bind(setup: &Setup, mut stage: Stage, upstream: Option<&Stage>) -> Stage {
    if setup.fault == Some(Fault::NoHold) {
        stage.unstopped = None;
    }
    if setup.fault != Some(Fault::ApprovalUnbound) {
        return stage;
    }
    let promoted = upstream.and_then(|upstream| upstream.verified.as_ref());
    let revision = match (&stage.candidate, promoted) {
        (Some(candidate), _) => candidate.revision.clone(),
        (None, Some(verified)) => verified.release.revision.clone(),
        (None, None) => return stage,
    };
    for approval in &mut stage.approvals {
        approval.release.revision = revision.clone();
    }
    stage
}

fn observation(end: End, at: Timestamp) -> Observation {
    let why = "why".to_owned();
    match end {
        End::Succeeded => Observation::Succeeded {
            artifact: None,
            outputs: std::collections::BTreeMap::new(),
            at,
            evidence: None,
        },
        End::Failed => Observation::Failed {
            step: "deploy".to_owned(),
            why,
            at,
        },
        End::Errored => Observation::Errored { why, at },
        End::Refused => Observation::Refused { why, at },
        End::Stopped => Observation::Stopped { at },
    }
}

fn revision(head: Head) -> Revision {
    Revision::new(format!("{head:08x}{}", "0".repeat(32)))
}

/// The head that a revision of ours is.
pub fn head(revision: &Revision) -> Head {
    let digits = revision.as_str().get(..8).unwrap_or_default();
    Head::from_str_radix(digits, 16).expect("a revision of the model")
}

fn nonce(n: u8) -> Nonce {
    Nonce::new(format!("n{n}"))
}

fn execution_id(n: u8) -> ExecutionId {
    ExecutionId::new(format!("e{n}"))
}

/// Which of the world's executions it is.
pub fn index(execution: &ExecutionId) -> u8 {
    number(execution.as_str())
}

/// The number of a nonce or an execution of the model.
pub fn number(name: &str) -> u8 {
    let digits = name.get(1..).unwrap_or_default();
    digits.parse().expect("a name of the model")
}
