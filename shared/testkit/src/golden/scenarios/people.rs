//! What people ask for.

use greenroom_core::command::Command;
use greenroom_core::stage::{Health, Outcome, Phase};

use super::DEV;
use super::changes::locked;
use crate::golden::act::{ask, deploys, push_bad, rest};
use crate::golden::{Ends, Scenario};

/// Back to what was green before, which stays until somebody says otherwise.
pub const ROLLBACK: Scenario = Scenario {
    name: "rollback",
    file: DEV,
    prepare: |world| {
        world.push("develop", "bob");
        world.push("develop", "bob");
    },
    act: |world| {
        let back = Command::Rollback {
            to: None,
            reason: "it is slow".to_owned(),
        };
        ask(world, "dev", &back, |stage| stage.hold.is_some());
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let dev = end.stage("dev");
        let back = dev.verified == Some(end.deployed["dev"][0].clone());
        back && dev.held && end.deployments("dev") == 3
    },
};

/// The lock comes between the claim and the admission.
pub const LOCK_DURING_START: Scenario = Scenario {
    name: "lock-during-start",
    file: DEV,
    prepare: |world| {
        locked(world);
        world.push("develop", "bob");
        world.ports().pipelines.freeze(true);
        ask(world, "dev", &Command::Unlock, |stage| stage.lock.is_none());
        let run = world.stage("dev").and_then(|stage| stage.run);
        let starting = run.is_some_and(|run| run.phase == Phase::Starting);
        assert!(starting, "it is about to start");
    },
    act: |world| {
        locked(world);
        world.ports().pipelines.freeze(false);
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let dev = end.stage("dev");
        dev.locked && dev.candidate.is_some() && end.deployments("dev") == 0
    },
};

pub const UNLOCK: Scenario = Scenario {
    name: "unlock",
    file: DEV,
    prepare: |world| {
        locked(world);
        world.push("develop", "bob");
    },
    act: |world| {
        ask(world, "dev", &Command::Unlock, |stage| stage.lock.is_none());
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| end.stage("dev").verified.is_some() && !end.stage("dev").locked,
};

/// What made it red is mended, and it was not the change.
pub const RETRY: Scenario = Scenario {
    name: "retry",
    file: DEV,
    prepare: |world| {
        world.push("develop", "bob");
        let bad = push_bad(world, "develop");
        world.ports().suites.mend(&bad);
    },
    act: |world| {
        ask(world, "dev", &Command::Retry, |stage| stage.generation > 2);
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let dev = end.stage("dev");
        dev.health == Health::Green && dev.broken.is_none() && end.heard("team").len() == 2
    },
};

/// A deployment under way is stopped.
pub const ABORT: Scenario = Scenario {
    name: "abort",
    file: DEV,
    prepare: |world| {
        world.ports().pipelines.take_long(true);
        world.push("develop", "bob");
        assert!(deploys(world, "dev"), "it is under way");
    },
    act: |world| {
        let abort = Command::Abort {
            reason: "the wrong one".to_owned(),
        };
        ask(world, "dev", &abort, |stage| {
            let run = stage.run.as_ref();
            run.is_none_or(|run| matches!(run.phase, Phase::Stopping { .. }))
        });
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let last = end.stage("dev").last.as_ref();
        let aborted = last.is_some_and(|(_, outcome)| *outcome == Some(Outcome::Aborted));
        aborted && end.deployments("dev") == 0
    },
};
