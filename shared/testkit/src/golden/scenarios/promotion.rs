//! From preprod to prod.

use greenroom_core::command::Command;
use jiff::SignedDuration;

use crate::golden::act::{ask, rest, until, waits};
use crate::golden::{Ends, Scenario};
use crate::world::World;

const SOAKING: &str = r#"version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make build, once: true, artifact: dist/ }
      - { name: deploy, run: make deploy, outputs: [URL] }
suites:
  smoke: { files: "tests/*.hurl", base_url: "${outputs.URL}" }
stages:
  preprod: { from: { branch: "release/*" }, pipeline: service, verify: [smoke], timeout: 6h }
  prod: { from: { promote: preprod }, soak: 10m, pipeline: service, timeout: 6h }
"#;

const APPROVED: &str = r#"version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make build, once: true, artifact: dist/ }
      - { name: deploy, run: make deploy, outputs: [URL] }
suites:
  smoke: { files: "tests/*.hurl", base_url: "${outputs.URL}" }
stages:
  preprod: { from: { branch: "release/*" }, pipeline: service, verify: [smoke], timeout: 6h }
  prod: { from: { promote: preprod }, approvals: { count: 1 }, pipeline: service, verify: [smoke], timeout: 6h }
"#;

/// Soaks and approvals, so that a yes can come too early.
const BOTH: &str = r#"version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make build, once: true, artifact: dist/ }
      - { name: deploy, run: make deploy, outputs: [URL] }
suites:
  smoke: { files: "tests/*.hurl", base_url: "${outputs.URL}" }
stages:
  preprod: { from: { branch: "release/*" }, pipeline: service, verify: [smoke], timeout: 6h }
  prod: { from: { promote: preprod }, soak: 6h, approvals: { count: 1 }, pipeline: service, timeout: 6h }
"#;

const APPROVE_IT: Command = Command::Approve { revision: None };

/// What is green on preprod waits for prod.
fn waiting(world: &mut World) {
    world.ports().watch.feeds("preprod", "prod");
    let pushed = world.push("release/1", "carol");
    assert_eq!(waits(world, "prod"), Some(pushed), "it waits");
}

/// Verified there, and for as long as demanded.
pub const SOAK: Scenario = Scenario {
    name: "soak",
    file: SOAKING,
    prepare: waiting,
    act: |world| {
        until(world, "it is on prod", |world| {
            world.green("prod").is_some() && world.green("prod") == world.green("preprod")
        });
    },
    ends: Ends::Alike,
    golden: |end| end.deployments("preprod") == 1 && end.deployments("prod") == 1,
};

pub const APPROVE: Scenario = Scenario {
    name: "approve",
    file: APPROVED,
    prepare: |world| {
        world.ports().watch.demands("prod", 1);
        waiting(world);
    },
    act: |world| {
        ask(world, "prod", &APPROVE_IT, |stage| {
            stage.generation > 0 || !stage.approvals.is_empty()
        });
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| end.stage("prod").verified.is_some() && end.deployments("prod") == 1,
};

/// A yes is for what it was said to.
pub const APPROVAL_THEN_PUSH: Scenario = Scenario {
    name: "approval-then-push",
    file: BOTH,
    prepare: |world| {
        world.ports().watch.demands("prod", 1);
        waiting(world);
    },
    act: |world| {
        ask(world, "prod", &APPROVE_IT, |stage| {
            !stage.approvals.is_empty()
        });
        let pushed = world.push("release/1", "carol");
        until(world, "it waits for prod", |world| {
            waits(world, "prod").as_ref() == Some(&pushed)
        });
        world.pass(SignedDuration::from_hours(7));
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let prod = end.stage("prod");
        let waits = prod.waits.contains(&"approval") && prod.approvals.is_empty();
        waits && end.deployments("prod") == 0 && end.deployments("preprod") == 2
    },
};

/// Something newer comes at the moment of the yes, and preprod is busy with it before prod has
/// claimed: then what was approved is verified no more.
pub const APPROVAL_DURING_PUSH: Scenario = Scenario {
    name: "approval-during-push",
    file: APPROVED,
    prepare: |world| {
        world.ports().watch.demands("prod", 1);
        waiting(world);
        world.ports().pipelines.take_long(true);
    },
    act: |world| {
        let source = &world.ports().source;
        let newer = source.commit("release/1", "carol", "Newer", &[]);
        world.told_of("release/1", "carol", &newer);
        let prod = world.stage_id("prod");
        // Granted or not: it may be too late.
        let _ = world.patiently(|app| {
            Box::pin(async move {
                let person = World::operator();
                let answer = app.command(&prod, &person, &APPROVE_IT);
                drop(Box::pin(answer).await);
            })
        });
        world.settle();
        world.ports().pipelines.take_long(false);
        until(world, "the newer waits for prod", |world| {
            waits(world, "prod").as_ref() == Some(&newer)
        });
    },
    ends: Ends::Golden,
    golden: |end| {
        let prod = end.stage("prod");
        let waits = prod.waits.contains(&"approval") && prod.approvals.is_empty();
        waits && end.deployments("prod") < 2 && end.deployments("preprod") == 2
    },
};

/// A person ends the hold of a rollback.
pub const PROMOTE: Scenario = Scenario {
    name: "promote",
    file: SOAKING,
    prepare: |world| {
        world.ports().watch.feeds("preprod", "prod");
        for _ in 0..2 {
            world.push("release/1", "carol");
            world.pass(SignedDuration::from_mins(11));
        }
        let back = Command::Rollback {
            to: None,
            reason: "a customer asked".to_owned(),
        };
        ask(world, "prod", &back, |stage| stage.hold.is_some());
        rest(world);
        assert_ne!(world.green("prod"), world.green("preprod"), "went back");
    },
    act: |world| {
        ask(world, "prod", &Command::Promote, |stage| {
            stage.hold.is_none()
        });
        rest(world);
    },
    ends: Ends::Alike,
    golden: |end| {
        let (preprod, prod) = (end.stage("preprod"), end.stage("prod"));
        prod.verified == preprod.verified && !prod.held && end.deployments("prod") == 4
    },
};
