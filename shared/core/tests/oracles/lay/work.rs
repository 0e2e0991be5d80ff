//! What waits, runs, has ended and is built.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_core::build::{Build, BuildState};
use greenroom_core::evidence::{
    Api, Coverage, Evidence, Finding, Group, Percent, SuiteRead, Tests,
};
use greenroom_core::name::*;
use greenroom_core::release::{Artifact, Outputs};
use greenroom_core::stage as core;
use greenroom_core::stage::{BuildNeed, Candidate, Cause, Outcome};

use super::{Names, digest, instant, reference, revision};
use crate::situation::*;

pub fn cause(why: Why) -> Cause {
    let by = || "dora".to_owned();
    match why {
        Why::Push => Cause::Push { actor: None },
        Why::Poll => Cause::Poll,
        Why::Tag => Cause::Tag { actor: None },
        Why::PullRequest => Cause::PullRequest {
            number: 5,
            actor: None,
        },
        Why::Slot => Cause::Refresh {
            slot: Some(instant(-60 * MINUTE)),
            by: None,
        },
        Why::AskedFor => Cause::Refresh {
            slot: None,
            by: Some(by()),
        },
        Why::Promotion => Cause::Promotion {
            from: StageName::new("preprod"),
        },
        Why::Rollback => Cause::Rollback {
            by: by(),
            reason: "because".to_owned(),
        },
        Why::Retry => Cause::Retry { by: by(), of: 2 },
    }
}

pub(super) fn candidate(waiting: &Waiting, takes: Takes, names: &Names) -> Candidate {
    Candidate {
        revision: revision(waiting.revision),
        reference: (takes != Takes::Promotions).then(|| reference(takes)),
        release: waiting.bytes.map(|bytes| names.release(bytes)),
        cause: cause(waiting.why),
        since: instant(-50 * MINUTE),
        contains: Vec::new(),
        build: match waiting.asked {
            Asked::No => BuildNeed::NotAsked,
            Asked::Again => BuildNeed::Again,
            Asked::InVain => BuildNeed::Failed,
            Asked::For(recipe, after) => BuildNeed::Asked {
                recipe: names.recipe(recipe),
                after,
            },
        },
        attempt: u32::from(waiting.not_before.is_some()),
        not_before: waiting.not_before.map(instant),
    }
}

pub(super) fn run(running: &Running, names: &Names) -> core::Run {
    let phase = match running.phase {
        Phase::Starting => core::Phase::Starting,
        Phase::Deploying => core::Phase::Deploying,
        Phase::Verifying => core::Phase::Verifying {
            since: instant(running.since),
        },
        Phase::Stopping => core::Phase::Stopping {
            reason: core::StopReason::Aborted {
                by: "dora".to_owned(),
                why: "because".to_owned(),
            },
            since: instant(running.since),
        },
    };
    let is_admitted = running.phase != Phase::Starting;
    let smoke = core::SuiteProgress {
        attempt: 1,
        retries: 2,
        retry_at: None,
        report: None,
    };
    core::Run {
        generation: 3,
        release: names.release(running.of),
        reference: None,
        cause: cause(running.why),
        nonce: Nonce::new("the-nonce"),
        claimed_at: instant(running.deadline - 60 * MINUTE),
        deadline: instant(running.deadline),
        config: ConfigHash::new("some"),
        terms: names.terms.clone(),
        phase,
        execution: (is_admitted || running.known).then(|| ExecutionId::new("the-execution")),
        admitted_at: is_admitted.then(|| instant(running.deadline - 59 * MINUTE)),
        ended: None,
        stop_sent: running.phase == Phase::Stopping,
        suites: BTreeMap::from([(SuiteName::new("smoke"), smoke)]),
        alert: Vec::new(),
        contains: Vec::new(),
        outputs: Outputs::new(),
        attempt: 0,
        outcome: None,
        ended_at: None,
        why: None,
        overridden: None,
        writes: Vec::new(),
    }
}

pub(super) fn ended(last: &Ended, names: &Names) -> core::Run {
    let under_way = Running {
        of: last.of,
        why: last.why,
        phase: Phase::Verifying,
        deadline: -1000 * MINUTE,
        since: -1010 * MINUTE,
        known: true,
    };
    core::Run {
        generation: 2,
        phase: core::Phase::Ended,
        outcome: Some(match last.succeeded {
            true => Outcome::Succeeded,
            false => Outcome::Failed,
        }),
        ended_at: Some(instant(-1005 * MINUTE)),
        ..run(&under_way, names)
    }
}

/// The reports of a build that shows just this.
fn evidence(shows: u8) -> Evidence {
    let shows = |bit: u8| shows & bit != 0;
    let missing = || Finding::Missing {
        path: "*.xml".to_owned(),
    };
    let tests = Tests {
        total: 1,
        ..Tests::default()
    };
    let percent = Percent::parse(if shows(2) { "80" } else { "79.99" });
    let called = Group {
        suites: if shows(4) { vec![0] } else { Vec::new() },
        count: 1,
        named: vec!["GET /".to_owned()],
    };
    Evidence {
        tests: Some(if shows(1) {
            Finding::Read(tests)
        } else {
            missing()
        }),
        coverage: Some(Finding::Read(Coverage {
            percent: percent.expect("a percentage"),
            lines: None,
        })),
        api: Some(Finding::Read(Api {
            operations: 1,
            suites: vec![SuiteRead {
                files: "t/*.hurl".to_owned(),
                problem: None,
            }],
            groups: vec![called],
            undocumented: u32::from(!shows(8)),
            ..Api::default()
        })),
    }
}

pub(super) fn build(made: &Made, shows: u8, names: &Names) -> Build {
    let at = instant(-45 * MINUTE);
    let why = "because".to_owned();
    Build {
        app: AppId(7),
        revision: revision(made.revision),
        recipe: names.recipe(made.recipe),
        pipeline: PipelineName::new("service"),
        config: ConfigHash::new("some"),
        attempt: made.attempt,
        requested_at: at,
        state: match made.how {
            How::Running => BuildState::Running {
                execution: None,
                since: at,
                deadline: instant(600 * MINUTE),
            },
            How::Pausing => BuildState::Waiting { why, retry_at: at },
            How::Succeeded(n) => BuildState::Succeeded {
                artifact: digest(n).map(|digest| Artifact { digest, size: 1 }),
                outputs: Outputs::new(),
                at,
                evidence: Some(Box::new(evidence(shows))),
            },
            How::Failed => BuildState::Failed {
                step: "build".to_owned(),
                why,
                at,
            },
            How::Unclear => BuildState::Errored { why, at },
        },
        waiters: BTreeSet::new(),
    }
}
