//! Changes that come in: pushed, polled, by schedule; and branches that go.

use greenroom_core::command::Command;

use super::{DEV, LINE};
use crate::golden::act::{ask, deploys, poll, rest, until, waits};
use crate::golden::{Ends, Scenario};
use crate::world::World;

const NIGHTLY: &str = r#"version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make build, once: true, artifact: dist/ }
      - { name: deploy, run: make deploy, outputs: [URL] }
suites:
  smoke: { files: "tests/*.hurl", base_url: "${outputs.URL}" }
stages:
  nightly: { from: { branch: master, refresh: { cron: "0 12 * * *", timezone: UTC } }, pipeline: service, verify: [smoke], timeout: 6h }
"#;

pub const PUSH: Scenario = Scenario {
    name: "push",
    file: DEV,
    prepare: |_| {},
    act: |world| {
        world.push("develop", "bob");
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| end.stage("dev").verified.is_some() && end.deployments("dev") == 1,
};

/// A deploying run is left alone; of two that wait, the newer contains the older.
pub const SUPERSEDED: Scenario = Scenario {
    name: "superseded",
    file: DEV,
    prepare: |world| {
        world.ports().pipelines.take_long(true);
        world.push("develop", "bob");
        assert!(deploys(world, "dev"), "it is under way");
    },
    act: |world| {
        for _ in 0..2 {
            let pushed = world.push("develop", "bob");
            until(world, "it waits", |world| {
                waits(world, "dev").as_ref() == Some(&pushed)
            });
        }
        world.ports().pipelines.take_long(false);
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let last = end.stage("dev").last.as_ref();
        end.deployments("dev") == 2 && last.is_some_and(|(contained, _)| contained.len() == 2)
    },
};

/// Where each change is deployed by itself, what waits behind a run is deployed in its turn.
pub const QUEUED: Scenario = Scenario {
    name: "queued",
    file: LINE,
    prepare: |world| {
        world.ports().pipelines.take_long(true);
        world.push("develop", "bob");
        assert!(deploys(world, "dev"), "it is under way");
        world.push("develop", "bob");
    },
    act: |world| {
        let pushed = world.push("develop", "bob");
        until(world, "it waits", |world| {
            let stage = world.stage("dev").expect("a stage");
            stage.line().any(|waits| waits.revision == pushed)
        });
        world.ports().pipelines.take_long(false);
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let last = end.stage("dev").last.as_ref();
        end.deployments("dev") == 3 && last.is_some_and(|(with, _)| with.len() == 1)
    },
};

/// The webhook never comes.
pub const POLL: Scenario = Scenario {
    name: "poll",
    file: DEV,
    prepare: |world| {
        let source = &world.ports().source;
        source.commit("develop", "bob", "Nobody hears of this", &[]);
    },
    act: |world| {
        poll(world);
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| end.stage("dev").verified.is_some(),
};

/// What waits goes with its branch.
pub const DELETE_BRANCH: Scenario = Scenario {
    name: "delete-branch",
    file: DEV,
    prepare: |world| {
        locked(world);
        world.push("develop", "bob");
        assert!(waits(world, "dev").is_some(), "it waits");
    },
    act: |world| {
        world.delete("develop", "bob");
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| end.stage("dev").candidate.is_none() && end.deployments("dev") == 0,
};

pub const REFRESH: Scenario = Scenario {
    name: "refresh",
    file: NIGHTLY,
    prepare: |world| {
        world.push("master", "olga");
        let noon = "2026-03-02T11:59:00Z".parse().expect("a timestamp");
        world.work_until(noon);
    },
    act: |world| {
        let tip = world.ports().source.tip("master");
        until(world, "it is refreshed", |world| {
            world.green("nightly") == tip
        });
    },
    ends: Ends::Alike,
    golden: |end| end.stage("nightly").verified.is_some() && end.deployments("nightly") == 1,
};

pub const REFRESH_BY_HAND: Scenario = Scenario {
    name: "refresh-by-hand",
    file: NIGHTLY,
    prepare: |world| drop(world.push("master", "olga")),
    act: |world| {
        ask(world, "nightly", &Command::Refresh, |stage| {
            stage.refresh.wish.is_some() || stage.generation > 0
        });
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| end.stage("nightly").verified.is_some() && end.deployments("nightly") == 1,
};

pub(super) fn locked(world: &mut World) {
    let lock = Command::Lock {
        reason: "a demo".to_owned(),
        until: None,
    };
    ask(world, "dev", &lock, |stage| stage.lock.is_some());
}
