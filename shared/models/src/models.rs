//! The models: four protocols over one table, each with its bounds.

use jiff::SignedDuration;

use crate::outbox::{Bounds, promises};
use crate::promises::{
    of_approvals, of_claims, of_every_model, of_locks, of_promotions, of_refreshes,
    of_those_who_wait,
};
use crate::setup::{End, Setup, TICK, Wish, stage_file};

/// How much of a model is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// Seconds, for the tests of every day.
    Small,
    /// Minutes, for nights.
    Large,
}

impl Size {
    fn pick<T>(self, small: T, large: T) -> T {
        match self {
            Self::Small => small,
            Self::Large => large,
        }
    }
}

const PLAIN: &str = r#"
version: 1
app: acme/orders
pipelines:
  plain: { steps: [ { name: deploy, run: make deploy } ] }
stages:
  dev: { from: { branch: develop }, pipeline: plain, timeout: 4m }
"#;

const APPROVED: &str = r#"
version: 1
app: acme/orders
variables:
  shared: { LOG_LEVEL: debug }
pipelines:
  plain: { steps: [ { name: deploy, run: make deploy } ] }
stages:
  dev:
    { from: { branch: develop }, pipeline: plain, timeout: 4m, variables: [shared], approvals: { count: 1 } }
"#;

const PROMOTED: &str = r#"
version: 1
app: acme/orders
pipelines:
  plain: { steps: [ { name: deploy, run: make deploy } ] }
suites:
  smoke: { files: "t/*.hurl", base_url: "http://127.0.0.1:1" }
stages:
  preprod: { from: { branch: develop }, pipeline: plain, verify: [smoke] }
  prod: { from: { promote: preprod }, pipeline: plain, timeout: 4m, soak: 10m }
"#;

const REFRESHED: &str = r#"
version: 1
app: acme/orders
pipelines:
  plain: { steps: [ { name: deploy, run: make deploy } ] }
stages:
  dev:
    from: { branch: develop, refresh: { cron: "*/10 * * * *", timezone: UTC } }
    pipeline: plain
    timeout: 4m
"#;

/// Claim, start, admit: starts that are late, lost or doubled, executions that die or would not
/// stop, people who stop and repeat runs, workers who die between reading and writing.
pub fn claim(size: Size) -> Setup {
    let properties = || [of_every_model(), of_claims()].concat();
    Setup {
        ticks: 2,
        wishes: size.pick(vec![Wish::Abort], vec![Wish::Abort, Wish::Retry]),
        ends: &[End::Succeeded, End::Errored],
        ..Setup::new("claim, start, admit", PLAIN, properties)
    }
}

/// The same with a newer change, which waits for an execution that would not stop.
pub fn claims(size: Size) -> Setup {
    let properties = || [of_every_model(), of_claims(), of_those_who_wait()].concat();
    Setup {
        name: "claim, start, admit, two changes",
        heads: 2,
        ticks: size.pick(1, 2),
        workers: size.pick(1, 2),
        properties,
        ..claim(size)
    }
}

/// A lock against a start, by clocks that are wrong either way.
pub fn lock(size: Size) -> Setup {
    let properties = || [of_every_model(), of_locks()].concat();
    let until = Some(size.pick(1, 2));
    let over = Wish::Lock { by: 0, until };
    Setup {
        ticks: size.pick(2, 3),
        clock_error: TICK,
        skews: size.pick(&[-1, 1], &[-1, 0, 1]),
        generations: 1,
        executions: 1,
        wishes: vec![over, Wish::Unlock],
        ..Setup::new("lock against start", PLAIN, properties)
    }
}

/// Two people lock the same stage, for a while and for good; two runs, two executions.
pub fn locks(size: Size) -> Setup {
    let forever = Wish::Lock { by: 0, until: None };
    let over = Wish::Lock {
        by: 1,
        until: Some(1),
    };
    Setup {
        name: "two locks against starts",
        ticks: 1,
        clock_error: SignedDuration::ZERO,
        skews: &[0],
        heads: size.pick(1, 2),
        generations: size.pick(1, 2),
        executions: 2,
        wishes: vec![forever, over, Wish::Unlock],
        ..lock(size)
    }
}

/// Approvals against candidates that change, and against a stage file that does.
pub fn approval(size: Size) -> Setup {
    let properties = || [of_every_model(), of_approvals()].concat();
    let two = APPROVED.replace("count: 1", "count: 2");
    let file = size.pick(APPROVED, &two);
    let other = file.replace("debug", "info");
    let yes = |by| Wish::Approve { by };
    Setup {
        files: vec![stage_file(file), stage_file(&other)],
        file_moves: 1,
        heads: 2,
        wishes: size.pick(vec![yes(0)], vec![yes(0), yes(1)]),
        ..Setup::new("approval against new candidate", file, properties)
    }
}

/// A promotion against an upstream that turns red, or begins its soak anew.
pub fn promotion(size: Size) -> Setup {
    let properties = || [of_every_model(), of_promotions()].concat();
    Setup {
        rule: "prod",
        heads: 0,
        ticks: size.pick(3, 4),
        clock_error: TICK,
        skews: &[-1, 1],
        upstream_moves: size.pick(2, 3),
        generations: 1,
        executions: 1,
        ..Setup::new("promotion against upstream", PROMOTED, properties)
    }
}

/// Two tickers decide the slots of a schedule, by clocks that are wrong either way.
pub fn refresh(size: Size) -> Setup {
    Setup {
        ticks: size.pick(4, 6),
        clock_error: TICK,
        skews: size.pick(&[-1, 1], &[-1, 0, 1]),
        heads: 2,
        pushed: false,
        executions: 0,
        flying: 0,
        ..Setup::new("slots of a schedule", REFRESHED, of_refreshes)
    }
}

/// Several workers without a process in common, each as slow as it likes.
pub fn outbox(size: Size) -> Bounds {
    Bounds {
        ticks: size.pick(2, 3),
        workers: 2,
        alone: false,
        restarts: 0,
        tries: size.pick(2, 3),
        flaw: None,
        properties: promises::all,
    }
}

/// One process, which dies, and takes over what the one before it left.
pub fn outbox_alone(size: Size) -> Bounds {
    Bounds {
        alone: true,
        restarts: size.pick(2, 3),
        ..outbox(size)
    }
}
