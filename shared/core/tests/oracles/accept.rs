//! Every command of everybody in every drawn situation.

use std::collections::BTreeMap;

use greenroom_core::accept::{RejectionKind, accept};
use greenroom_core::command::Command;
use greenroom_core::name::{ExecutionId, Nonce, Revision};
use greenroom_core::principal::Principal;
use greenroom_core::stage::{Candidate, Lock, Phase as RunPhase, Stage};

use crate::answers::difference;
use crate::commands::{Ask, Knock, Who, answer, may};
use crate::draw::draw;
use crate::lay::{Laid, OWNERS, instant, lay, revision};
use crate::random::{Random, seeds};
use crate::situation::*;

const CASES: u64 = 60_000;

const VERBS: [&str; 11] = [
    "promote", "approve", "reject", "rollback", "retry", "abort", "lock", "unlock", "refresh",
    "ack", "admit",
];

const PRINCIPALS: [Who; 8] = [
    Who::Automation,
    Who::Pipeline,
    Who::Operator("olga"),
    Who::Operator("alice"),
    Who::Person("alice"),
    Who::Person("Alice"),
    Who::Person("mallory"),
    Who::Person("bob"),
];

/// What of a stage a command may change, so that texts and instants of no weight do not matter.
#[derive(Clone, PartialEq, Debug)]
struct After {
    candidate: Option<Candidate>,
    hold: bool,
    unstopped: bool,
    tried: bool,
    rejected: Option<greenroom_core::release::Release>,
    approvals: Vec<(
        String,
        greenroom_core::release::Release,
        greenroom_core::stage::Terms,
    )>,
    lock: Option<(String, Option<jiff::Timestamp>)>,
    phase: Option<&'static str>,
    execution: Option<ExecutionId>,
    deployed: Option<greenroom_core::release::Release>,
    green: bool,
    reading: bool,
}

fn after(stage: &Stage) -> After {
    let lock = |lock: &Lock| (lock.by.clone(), lock.until);
    After {
        candidate: stage.candidate.as_ref().map(plain),
        hold: stage.hold.is_some(),
        unstopped: stage.unstopped.is_some(),
        tried: stage.tried.is_some(),
        rejected: stage.rejected.as_ref().map(|no| no.release.clone()),
        approvals: stage
            .approvals
            .iter()
            .map(|yes| (yes.by.clone(), yes.release.clone(), yes.terms.clone()))
            .collect(),
        lock: stage.lock.as_ref().map(lock),
        phase: stage.run.as_ref().map(|run| match run.phase {
            RunPhase::Starting => "starting",
            RunPhase::Deploying => "deploying",
            RunPhase::Verifying { .. } => "verifying",
            RunPhase::Stopping { .. } => "stopping",
            RunPhase::Ended => "ended",
        }),
        execution: stage.run.as_ref().and_then(|run| run.execution.clone()),
        deployed: stage.deployed.as_ref().map(|it| it.release.clone()),
        green: stage.verified.is_some(),
        reading: stage.refresh.wish.is_some(),
    }
}

/// A candidate without who asked for it and when, and whose branch it came from.
fn plain(candidate: &Candidate) -> Candidate {
    use greenroom_core::stage::Cause;
    let cause = match &candidate.cause {
        Cause::Rollback { .. } => crate::lay::cause(Why::Rollback),
        Cause::Retry { .. } => crate::lay::cause(Why::Retry),
        other => other.clone(),
    };
    Candidate {
        cause,
        since: instant(0),
        reference: None,
        attempt: 0,
        ..candidate.clone()
    }
}

fn principal(who: Who) -> Principal {
    match who {
        Who::Automation => Principal::Automation,
        Who::Pipeline => Principal::Pipeline,
        Who::Operator(name) => Principal::Operator {
            name: name.to_owned(),
        },
        Who::Person(name) => Principal::Person {
            name: name.to_owned(),
        },
    }
}

fn command(laid: &Laid, ask: Ask) -> Command {
    let reason = "because".to_owned();
    let prefix = |named: Option<(u8, usize)>| {
        named.map(|(n, digits)| Revision::new(&revision(n).as_str()[..digits]))
    };
    match ask {
        Ask::Promote => Command::Promote,
        Ask::Approve(named) => Command::Approve {
            revision: prefix(named),
        },
        Ask::Reject(named) => Command::Reject {
            revision: prefix(named),
            reason,
        },
        Ask::Rollback(to) => Command::Rollback {
            to: prefix(to),
            reason,
        },
        Ask::Retry => Command::Retry,
        Ask::Abort => Command::Abort { reason },
        Ask::Lock(until) => Command::Lock {
            reason,
            until: until.map(instant),
        },
        Ask::Unlock => Command::Unlock,
        Ask::Refresh => Command::Refresh,
        Ask::Acknowledge => Command::Acknowledge { note: None },
        Ask::Admit(knock) => Command::Admit {
            generation: laid.stage.generation + u64::from(!knock.generation_is_ours),
            nonce: Nonce::new(match knock.nonce_is_ours {
                true => "the-nonce",
                false => "a-guess",
            }),
            execution: ExecutionId::new(match knock.execution_is_ours {
                true => "the-execution",
                false => "another",
            }),
            revision: revision(knock.revision),
        },
    }
}

fn ask(r: &mut Random) -> Ask {
    let mut named = || r.mostly(3, |r| (1 + u8::from(r.one_in(2)), r.pick(&[3, 4, 8, 40])));
    let named = named();
    match r.below(16) {
        0 | 1 => Ask::Promote,
        2..5 => Ask::Approve(named),
        5 => Ask::Reject(named),
        6 => Ask::Rollback(named),
        7 => Ask::Retry,
        8 => Ask::Abort,
        9 => Ask::Lock(r.mostly(4, |r| r.pick(&[-MINUTE, -1, 0, 1, MINUTE]))),
        10 => Ask::Unlock,
        11 => Ask::Refresh,
        12 => Ask::Acknowledge,
        _ => Ask::Admit(Knock {
            generation_is_ours: !r.one_in(12),
            nonce_is_ours: !r.one_in(12),
            execution_is_ours: !r.one_in(6),
            revision: 1 + u8::from(r.one_in(2)),
        }),
    }
}

/// A situation, who asks, and for what. Asking at the fence needs a run.
fn case(seed: u64) -> (Situation, Who, Ask) {
    let mut situation = draw(seed);
    let r = &mut Random::new(!seed);
    let mut ask = ask(r);
    let mut who = r.pick(&PRINCIPALS);
    if let Ask::Admit(knock) = &mut ask {
        if !r.one_in(8) {
            who = Who::Pipeline;
        }
        let of = situation
            .upstream
            .and_then(|it| it.verified)
            .map(|it| it.of);
        if let (Some(of), None, false) = (of, situation.run, r.one_in(8)) {
            let why = if r.one_in(5) {
                Why::Rollback
            } else {
                Why::Promotion
            };
            situation.run = Some(Running {
                of,
                why,
                phase: Phase::Starting,
                deadline: MINUTE,
                since: 0,
                known: r.one_in(2),
            });
        }
        if let Some(run) = situation.run
            && !r.one_in(8)
        {
            knock.revision = run.of.revision;
        }
    }
    (situation, who, ask)
}

type Outcome = Result<After, RejectionKind>;

fn expected(s: &Situation, who: Who, ask: Ask) -> Outcome {
    // A rule without approvals, or no rule at all, has nobody whose word alone counts.
    let owners_only = s.owners_only && s.need.is_some() && s.takes != Takes::Nothing;
    if !may(who, ask, owners_only, &OWNERS) {
        return Err(RejectionKind::Forbidden);
    }
    let by = match who {
        Who::Automation | Who::Pipeline => "nobody",
        Who::Operator(name) | Who::Person(name) => name,
    };
    let situation = answer(s, by, ask)?;
    let mut after = after(&lay(&situation).stage);
    if let (Ask::Admit(knock), Some(run)) = (ask, s.run)
        && run.phase == Phase::Starting
        && !knock.execution_is_ours
    {
        after.execution = Some(ExecutionId::new("another"));
    }
    // An abort tells the execution nothing by itself.
    if ask == Ask::Abort {
        after.execution = lay(s).stage.run.and_then(|run| run.execution);
    }
    Ok(after)
}

/// What comes of it, and the command's verb.
fn got(s: &Situation, who: Who, ask: Ask) -> (Outcome, &'static str) {
    let laid = lay(s);
    let command = command(&laid, ask);
    let accepted = accept(
        &laid.view(),
        laid.policy.as_ref(),
        &principal(who),
        &command,
    );
    let outcome = accepted.map(|stage| after(&stage)).map_err(|no| no.kind);
    (outcome, command.verb())
}

#[test]
fn every_command_is_answered_as_the_documentation_says() {
    let mut outcomes = BTreeMap::<(&str, String), u64>::new();
    for seed in seeds(CASES) {
        let (situation, who, ask) = case(seed);
        let expected = expected(&situation, who, ask);
        let (got, verb) = got(&situation, who, ask);
        if let Some(difference) = difference(seed, &(&situation, who, ask), &expected, &got) {
            panic!("{difference}");
        }
        let outcome = format!("{:?}", expected.err());
        *outcomes.entry((verb, outcome)).or_default() += 1;
    }
    let times = |verb, outcome: Option<RejectionKind>| {
        let times = outcomes.get(&(verb, format!("{outcome:?}")));
        times.copied().unwrap_or(0)
    };
    for verb in VERBS {
        for outcome in [None, Some(RejectionKind::Forbidden)] {
            assert!(
                times(verb, outcome) > 50,
                "{verb} {outcome:?}: {outcomes:?}"
            );
        }
    }
    assert!(
        times("admit", Some(RejectionKind::Closed)) > 500,
        "{outcomes:?}"
    );
}

/// A mistake, made by showing the core another situation or asker.
type Mistake = (&'static str, fn(&mut Situation, &mut Who, &mut Ask));

const MISTAKES: [Mistake; 12] = [
    ("everybody is an operator", |_, who, _| {
        *who = Who::Operator("olga");
    }),
    ("anybody may ask the fence", |_, who, ask| {
        if matches!(ask, Ask::Admit(_)) {
            *who = Who::Pipeline;
        }
    }),
    ("the fence forgets the lock", |s, _, ask| {
        if matches!(ask, Ask::Admit(_)) {
            s.lock = None;
        }
    }),
    ("the fence forgets the clock's error", |s, _, ask| {
        if matches!(ask, Ask::Admit(_)) {
            s.clock_error = 0;
        }
    }),
    ("the fence forgets who must say yes", |s, _, ask| {
        if matches!(ask, Ask::Admit(_)) {
            s.need = None;
        }
    }),
    ("any generation passes the fence", |_, _, ask| {
        if let Ask::Admit(knock) = ask {
            knock.generation_is_ours = true;
        }
    }),
    ("any nonce passes the fence", |_, _, ask| {
        if let Ask::Admit(knock) = ask {
            knock.nonce_is_ours = true;
        }
    }),
    ("a second execution passes the fence", |_, _, ask| {
        if let Ask::Admit(knock) = ask {
            knock.execution_is_ours = true;
        }
    }),
    ("three digits name a commit", |_, _, ask| {
        if let Ask::Approve(Some((_, digits))) = ask {
            *digits = 40;
        }
    }),
    ("a no is forgotten", |s, _, _| s.rejected = None),
    ("the fence forgets the window", |s, _, ask| {
        if matches!(ask, Ask::Admit(_)) {
            s.window = None;
        }
    }),
    ("the fence forgets the pause", |s, _, ask| {
        if matches!(ask, Ask::Admit(_)) {
            s.pause = None;
        }
    }),
];

#[test]
fn each_wrong_answer_is_noticed() {
    for (mistake, make) in MISTAKES {
        let noticed = seeds(20_000).any(|seed| {
            let (situation, who, ask) = case(seed);
            let (mut other, mut other_who, mut other_ask) = (situation.clone(), who, ask);
            make(&mut other, &mut other_who, &mut other_ask);
            // What a mistake overlooks may be part of the answer: only yes or no, and why, count.
            let right = expected(&situation, who, ask).err();
            right != got(&other, other_who, other_ask).0.err()
        });
        assert!(noticed, "nobody notices: {mistake}");
    }
}
