//! Answers made from the very types the server serialises, so that shapes cannot drift apart.

use std::collections::BTreeMap;

use greenroom_app::query::board::Board;
use greenroom_app::query::{
    AppCard, BreakView, CandidateView, ReleaseView, RunView, StageCard, SuiteView,
};
use greenroom_app::records::{Attention, ConfigFrom, InvalidConfig};
use greenroom_core::name::{AppId, ConfigHash, RepoName, Revision, StageName};
use greenroom_core::stage::{Acknowledged, Failing, Health, Outcome, Passed};
use greenroom_core::verdict::{TestFailure, Verdict};
use greenroom_core::waiting::Wait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// An instant this many seconds ago. Odd halves keep ages the same while a test runs.
pub fn ago(seconds: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_secs(seconds)
}

pub fn revision(digit: char) -> Revision {
    Revision::new(digit.to_string().repeat(40))
}

fn release(digit: char, seconds: i64) -> ReleaseView {
    ReleaseView {
        revision: revision(digit),
        artifact: None,
        since: ago(seconds),
        complete: true,
        reference: None,
        took_over: None,
    }
}

/// A green stage that has what it should have.
pub fn green(name: &str) -> StageCard {
    StageCard {
        app: AppId(7),
        stage: StageName::new(name),
        rule: name.to_owned(),
        health: Health::Green,
        phase: "idle",
        deployed: Some(release('a', 210)),
        green_since: Some(ago(150)),
        url: None,
        candidate: None,
        run: None,
        last: Some(run('a', Outcome::Succeeded)),
        brk: None,
        lock: None,
        hold: None,
        approvals: Vec::new(),
        waiting_on: explained(name, &[Wait::UpToDate]),
        blocked: false,
        upstream: None,
        refresh_skipped: None,
        overridden: None,
        marks: Vec::new(),
        life: None,
        queue: Vec::new(),
        passed: Vec::new(),
        mute: None,
        toggle: None,
    }
}

fn explained(stage: &str, waits: &[Wait]) -> Vec<greenroom_core::waiting::Explained> {
    let name = StageName::new(stage);
    waits.iter().map(|wait| wait.explain(&name)).collect()
}

/// A stage nothing was ever deployed to.
pub fn empty(name: &str) -> StageCard {
    let nothing = Wait::NothingYet {
        from: "pushes to `develop`".to_owned(),
    };
    StageCard {
        health: Health::Unknown,
        deployed: None,
        green_since: None,
        last: None,
        waiting_on: explained(name, &[nothing]),
        ..green(name)
    }
}

/// A stage whose tests fail.
pub fn red(name: &str) -> StageCard {
    let revision = revision('b');
    StageCard {
        health: Health::Red,
        deployed: Some(release('b', 7_300)),
        green_since: None,
        last: Some(run('b', Outcome::Failed)),
        brk: Some(BreakView {
            app: AppId(7),
            stage: StageName::new(name),
            episode: 3,
            since: ago(7_250),
            revision: revision.clone(),
            last_green: Some(super::samples::revision('a')),
            failing: Failing::Tests {
                tests: vec![failure()],
                failed: 3,
                total: 12,
                suites: Vec::new(),
            },
            reds: 2,
            acknowledged: Some(Acknowledged {
                by: "bob".to_owned(),
                at: ago(3_600),
                note: Some("reverting".to_owned()),
            }),
        }),
        waiting_on: explained(
            name,
            &[Wait::FailedHere {
                revision,
                aborted: false,
            }],
        ),
        blocked: true,
        ..green(name)
    }
}

/// A stage that is being deployed.
pub fn deploying(name: &str) -> StageCard {
    let run = RunView {
        phase: "deploying",
        outcome: None,
        ended_at: None,
        suites: Vec::new(),
        ..run('c', Outcome::Succeeded)
    };
    let wait = Wait::Starting {
        generation: 12,
        since: Timestamp::UNIX_EPOCH,
    };
    StageCard {
        phase: "deploying",
        run: Some(run),
        waiting_on: explained(name, &[wait]),
        ..green(name)
    }
}

/// A stage that soaks and needs a yes.
pub fn gated(name: &str) -> StageCard {
    let revision = revision('d');
    let waits = [
        Wait::Soaking {
            upstream: StageName::new("preprod"),
            revision: revision.clone(),
            until: Timestamp::MAX,
        },
        Wait::Approval {
            revision: revision.clone(),
            have: 0,
            need: 1,
            by: vec!["product-owner".to_owned()],
        },
    ];
    StageCard {
        candidate: Some(CandidateView {
            revision,
            cause: "promotion from preprod".to_owned(),
            since: ago(90),
            contains: vec![super::samples::revision('c')],
        }),
        waiting_on: explained(name, &waits),
        blocked: true,
        upstream: Some(StageName::new("preprod")),
        ..green(name)
    }
}

/// A stage where others wait behind what is next, and one gave way.
pub fn queued(name: &str) -> StageCard {
    let view = |digit, seconds| CandidateView {
        revision: revision(digit),
        cause: "push by bob".to_owned(),
        since: ago(seconds),
        contains: Vec::new(),
    };
    let wait = Wait::Queued {
        behind: vec![revision('e'), revision('f')],
        most: 20,
    };
    StageCard {
        candidate: Some(view('d', 90)),
        queue: vec![view('e', 90), view('f', 90)],
        passed: vec![Passed {
            revision: revision('c'),
            why: "the build of cccccccc failed at step build: exit 2".to_owned(),
            at: ago(90),
        }],
        waiting_on: explained(name, &[wait]),
        ..green(name)
    }
}

fn failure() -> TestFailure {
    TestFailure {
        test: "smoke/cart.hurl:2 GET /cart".to_owned(),
        // What a service answers is written by nobody we know.
        message: "expected 200, got 500: \u{1b}[31mpanic\u{1b}[0m".to_owned(),
        file: "smoke/cart.hurl".to_owned(),
        line: 9,
    }
}

/// A run that ended.
pub fn run(digit: char, outcome: Outcome) -> RunView {
    let failed = outcome == Outcome::Failed;
    RunView {
        generation: 12,
        revision: revision(digit),
        artifact: None,
        cause: "push by alice".to_owned(),
        phase: "ended",
        outcome: Some(outcome),
        why: failed.then(|| "3 of 12 tests failed".to_owned()),
        execution: None,
        claimed_at: ago(7_330),
        ended_at: Some(ago(7_250)),
        contains: Vec::new(),
        suites: vec![SuiteView {
            suite: "smoke".to_owned(),
            attempt: 1,
            verdict: Some(if failed {
                Verdict::Failed
            } else {
                Verdict::Passed
            }),
            total: 12,
            failed: if failed { 3 } else { 0 },
            failures: if failed { vec![failure()] } else { Vec::new() },
            error: None,
        }],
        attempt: 0,
    }
}

pub fn app(stages: Vec<StageCard>) -> AppCard {
    AppCard {
        id: AppId(7),
        name: RepoName::new("acme/orders"),
        config: Some(ConfigHash::new("0123456789abcdef")),
        config_from: ConfigFrom::Commit {
            revision: revision('e'),
        },
        config_invalid: None,
        stages,
        attention: Vec::new(),
        pause: None,
        groups: BTreeMap::new(),
    }
}

/// A board of one app.
pub fn board(app: AppCard) -> Value {
    let board = Board {
        schema: "board/v1",
        now: Timestamp::now(),
        apps: vec![app],
    };
    json!(board)
}

/// An app with everything that asks for a person's eye.
pub fn troubled() -> AppCard {
    AppCard {
        config_from: ConfigFrom::Bootstrap {
            file: "greenroom.yaml".to_owned(),
        },
        config_invalid: Some(InvalidConfig {
            revision: revision('f'),
            at: ago(60),
            problems: vec!["3:5: a stage has no key `pipelin`".to_owned()],
        }),
        attention: vec![Attention {
            at: ago(330),
            code: "channel_exhausted".to_owned(),
            text: "the channel team could not be told".to_owned(),
            command: Some("greenroom notify --test team".to_owned()),
        }],
        ..app(vec![
            empty("dev"),
            deploying("qa"),
            red("preprod"),
            gated("prod"),
        ])
    }
}
