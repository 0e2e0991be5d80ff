//! What people, GitHub and misfortune do in a run, as data: a script made from the seed, whose
//! items can be left out one by one.

use greenroom_core::command::Command;
use greenroom_core::principal::Principal;
use jiff::{SignedDuration, Timestamp};

use crate::fault::Port;
use crate::model::repository::Quality;
use crate::random::{Random, key, mix};

/// One item of a script.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Names it in every run of the same seed.
    pub number: u64,
    pub at: Timestamp,
    pub act: Act,
}

/// Something that is done from outside.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    /// A commit on a branch, and the webhook about it.
    Push {
        branch: String,
        actor: String,
        quality: Quality,
    },
    /// A branch goes.
    Delete { branch: String, actor: String },
    /// Somebody asks for something.
    Command {
        stage: String,
        principal: Principal,
        command: Command,
    },
    /// A port is away for a while.
    Outage { port: Port, lasts: SignedDuration },
    /// The process dies, or one of the functions' machines is taken away.
    Kill,
}

/// The stage file and the script of a seed.
pub fn script(seed: u64, start: Timestamp, length: SignedDuration) -> (String, Vec<Item>) {
    let mut random = Random::of(seed, key("script"));
    let mut items = Vec::new();
    let n = random.between(10, 60);
    for i in 0..n {
        let number = mix(key("act") ^ mix(i));
        let seconds = random.below(u64::try_from(length.as_secs()).unwrap_or(1));
        let at = start
            .saturating_add(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0)))
            .unwrap_or(start);
        items.push(Item {
            number,
            at,
            act: act(&mut random),
        });
    }
    items.sort_by_key(|item| (item.at, item.number));
    (STAGE_FILE.to_owned(), items)
}

fn act(random: &mut Random) -> Act {
    let branch = random
        .pick(&["develop", "develop", "master", "feature/a", "feature/b"])
        .to_string();
    let actor = random.pick(&["alice", "bob"]).to_string();
    match random.below(20) {
        0..=11 => Act::Push {
            branch,
            actor,
            quality: *random.pick(&[
                Quality::Good,
                Quality::Good,
                Quality::Good,
                Quality::TestsFail,
                Quality::BuildFails,
                Quality::DeployFails,
                Quality::Flaky,
                Quality::Unclear,
            ]),
        },
        12 => Act::Delete { branch: "feature/a".to_owned(), actor },
        13..=16 => Act::Command {
            stage: random.pick(&["dev", "preprod", "prod"]).to_string(),
            principal: Principal::Operator { name: actor },
            command: random
                .pick(&[
                    Command::Promote,
                    Command::Approve { revision: None },
                    Command::Retry,
                    Command::Abort { reason: "a wish".to_owned() },
                    Command::Lock { reason: "a wish".to_owned(), until: None },
                    Command::Unlock,
                    Command::Rollback { to: None, reason: "a wish".to_owned() },
                    Command::Refresh,
                ])
                .clone(),
        },
        17..=18 => Act::Outage {
            port: *random.pick(&Port::ALL),
            lasts: SignedDuration::from_mins(i64::try_from(random.between(5, 90)).unwrap_or(5)),
        },
        _ => Act::Kill,
    }
}

const STAGE_FILE: &str = r#"version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make, once: true, artifact: dist/ }
      - { name: deploy, run: make deploy }
suites:
  smoke: { files: "tests/*.hurl", base_url: "https://${stage}.example.com" }
channels:
  team: { telegram: { chat: "-1", token: "${secret:telegram}" } }
  log: { console: {} }
stages:
  personal: { name: "${actor}", from: { branch: "feature/**" }, pipeline: service }
  dev: { from: { branch: develop }, pipeline: service, verify: [smoke], alert: [team, log] }
  preprod: { from: { branch: master }, pipeline: service, verify: [smoke], alert: [team, log] }
  prod: { from: { promote: preprod }, soak: 30m, pipeline: service, verify: [smoke], alert: [team, log] }
"#;
