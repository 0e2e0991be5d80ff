//! Breaks, and who hears of them.

use greenroom_app::ports::channels::SendError;
use greenroom_core::stage::Health;

use super::DEV;
use crate::golden::act::{push_bad, rest, until};
use crate::golden::{Ends, Scenario};

pub const BREAK_AND_RECOVER: Scenario = Scenario {
    name: "break-and-recover",
    file: DEV,
    prepare: |world| drop(world.push("develop", "bob")),
    act: |world| {
        push_bad(world, "develop");
        until(world, "it is red", |world| {
            world.stage("dev").is_some_and(|stage| stage.brk.is_some())
        });
        world.push("develop", "bob");
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let heard = end.heard("team");
        let (broke, recovered) = ("broke dev", "recovered dev");
        let told = matches!(heard[..], [first, second] if first.starts_with(broke) && second.starts_with(recovered));
        told && end.stage("dev").health == Health::Green && end.stage("dev").episodes == 1
    },
};

/// The channel refuses: another one is told that, and the board shows it.
pub const DEAD_CHANNEL: Scenario = Scenario {
    name: "dead-channel",
    file: DEV,
    prepare: |world| {
        world.push("develop", "bob");
        let why = "the bot was blocked".to_owned();
        world
            .ports()
            .channels
            .kill("team", Some(SendError::Refused { why }));
    },
    act: |world| {
        push_bad(world, "develop");
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let heard = end.heard("mail");
        let told = matches!(heard[..], [one] if one.starts_with("exhausted: that dev broke"));
        told && end.attention == ["channel_exhausted"]
    },
};

/// There is nothing to deploy.
pub const BUILD_FAILS: Scenario = Scenario {
    name: "build-fails",
    file: DEV,
    prepare: |world| drop(world.push("develop", "bob")),
    act: |world| {
        let bad = world
            .ports()
            .source
            .commit("develop", "bob", "Break it", &[]);
        world.ports().pipelines.fail_build_of(&bad);
        world.told_of("develop", "bob", &bad);
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let dev = end.stage("dev");
        dev.health == Health::Red && end.deployments("dev") == 1 && end.heard("team").len() == 1
    },
};

/// Nobody can tell, again and again.
pub const UNVERIFIED: Scenario = Scenario {
    name: "unverified",
    file: DEV,
    prepare: |world| {
        world.push("develop", "bob");
        world.ports().suites.err(u32::MAX);
        world.push("develop", "bob");
        until(world, "it is tried for the last time", |world| {
            let waits = world.stage("dev").and_then(|stage| stage.candidate);
            waits.is_some_and(|candidate| candidate.attempt == 2)
        });
    },
    act: |world| {
        until(world, "it is given up", |world| {
            world
                .stage("dev")
                .is_some_and(|stage| stage.health == Health::Unverified && stage.tried.is_some())
        });
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let heard = end.heard("team");
        let told = matches!(heard[..], [one] if one.starts_with("unverified dev"));
        told && end.stage("dev").broken.is_none()
    },
};
