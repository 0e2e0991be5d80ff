//! The loop between the core and the world, over a world in memory.

mod announce;
mod applied;
mod apps;
mod bounds;
mod commit_statuses;
mod decide;
mod dedupe;
mod dispatch;
mod door;
mod fifo;
mod foreign;
mod forks;
mod freeze;
mod life;
mod marks;
mod paths;
mod poll;
mod select;
mod sharing;
mod storm;
mod sweep;
mod through;
mod toggle;
mod watch;
mod ways;

/// One stage of each kind, short suites, two channels.
pub const STAGE_FILE: &str = r#"version: 1
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
  personal: { name: "${actor}", from: { branch: "feature/**" }, pipeline: service }
  review: { name: "pr-${pr}", from: { pull_request: { base: master } }, pipeline: service }
  dev: { from: { branch: develop }, pipeline: service, verify: [smoke], alert: [team, mail] }
  nightly: { from: { branch: master, refresh: { cron: "0 12 * * *", timezone: UTC } }, pipeline: service, verify: [smoke] }
  tagged: { from: { tag: "v*" }, pipeline: service }
  preprod: { from: { branch: "release/*" }, pipeline: service, verify: [smoke], alert: [team] }
  prod: { from: { promote: preprod }, soak: 10m, pipeline: service, verify: [smoke], alert: [team, mail] }
"#;
