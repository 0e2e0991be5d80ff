//! The scenarios themselves. Each is as short as what it is about allows: what leads there happens
//! in its preparation.

mod breaks;
mod changes;
mod files;
mod people;
mod promotion;

use super::Scenario;

pub use people::UNLOCK;

/// One stage with tests, told on one channel. Its runs outlast what two processes may claim that
/// freeze one after the other.
pub const DEV: &str = r#"version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make build, once: true, artifact: dist/ }
      - { name: deploy, run: make deploy, outputs: [URL] }
suites:
  smoke: { files: "tests/*.hurl", base_url: "${outputs.URL}" }
channels:
  team: { telegram: { chat: -1001, token: "${secret:telegram}" } }
  mail: { console: {} }
stages:
  dev: { from: { branch: develop }, pipeline: service, verify: [smoke], alert: [team], timeout: 6h }
"#;

/// The same, but each change is deployed by itself.
pub const LINE: &str = r#"version: 1
app: acme/orders
pipelines:
  service:
    steps:
      - { name: build, run: make build, once: true, artifact: dist/ }
      - { name: deploy, run: make deploy, outputs: [URL] }
suites:
  smoke: { files: "tests/*.hurl", base_url: "${outputs.URL}" }
channels:
  team: { telegram: { chat: -1001, token: "${secret:telegram}" } }
  mail: { console: {} }
stages:
  dev: { from: { branch: develop }, pipeline: service, verify: [smoke], alert: [team], timeout: 6h, queue: fifo }
"#;

/// All there are.
pub const ALL: &[Scenario] = &[
    changes::PUSH,
    changes::SUPERSEDED,
    changes::QUEUED,
    changes::POLL,
    changes::DELETE_BRANCH,
    changes::REFRESH,
    changes::REFRESH_BY_HAND,
    promotion::SOAK,
    promotion::APPROVE,
    promotion::APPROVAL_THEN_PUSH,
    promotion::APPROVAL_DURING_PUSH,
    promotion::PROMOTE,
    people::ROLLBACK,
    people::LOCK_DURING_START,
    UNLOCK,
    people::RETRY,
    people::ABORT,
    breaks::BREAK_AND_RECOVER,
    breaks::DEAD_CHANNEL,
    breaks::BUILD_FAILS,
    breaks::UNVERIFIED,
    files::CHANGED_IN_MID_RUN,
];
