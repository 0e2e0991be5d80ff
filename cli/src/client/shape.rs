//! What the server's answers look like, as far as it is shown. Unknown fields are passed over, so
//! that a newer server can be asked.

pub mod duty;
mod toggle;
mod ways;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

pub use toggle::Toggle;
pub use ways::{Differing, Leg, Side, TwoStages, Value, Way};

/// `{"error": {...}}`
#[derive(Debug, Default, Deserialize)]
pub struct Refusal {
    pub error: RefusalBody,
}

#[derive(Debug, Default, Deserialize)]
pub struct RefusalBody {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub message: String,
    pub help: Option<String>,
    #[serde(default)]
    pub retryable: bool,
}

#[derive(Debug, Deserialize)]
pub struct Board {
    pub now: Timestamp,
    pub apps: Vec<AppCard>,
}

#[derive(Debug, Deserialize)]
pub struct AppCard {
    pub name: String,
    pub config: Option<String>,
    pub config_from: ConfigFrom,
    pub config_invalid: Option<InvalidConfig>,
    pub stages: Vec<StageCard>,
    pub attention: Vec<Attention>,
    #[serde(default)]
    pub pause: Option<Pause>,
    /// Names of stages by the group's name.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
}

/// An app as `/api/v1/apps` tells it.
#[derive(Debug, Deserialize)]
pub struct App {
    pub name: String,
    pub default_branch: String,
    pub config: Option<String>,
    pub config_from: ConfigFrom,
    pub invalid: Option<InvalidConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum ConfigFrom {
    Nowhere,
    Bootstrap { file: String },
    Commit { revision: String },
}

#[derive(Debug, Deserialize)]
pub struct InvalidConfig {
    pub revision: String,
    pub at: Timestamp,
    pub problems: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Attention {
    pub at: Timestamp,
    pub text: String,
    pub command: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct StageCard {
    pub stage: String,
    pub health: Health,
    pub phase: String,
    pub deployed: Option<Release>,
    pub green_since: Option<Timestamp>,
    pub url: Option<String>,
    pub candidate: Option<Candidate>,
    pub run: Option<Run>,
    pub last: Option<Run>,
    #[serde(rename = "break")]
    pub brk: Option<Break>,
    pub approvals: Vec<String>,
    pub waiting_on: Vec<Wait>,
    pub blocked: bool,
    pub refresh_skipped: Option<RefreshSkip>,
    #[serde(default)]
    pub overridden: Option<Override>,
    #[serde(default)]
    pub marks: Vec<MarkShown>,
    #[serde(default)]
    pub queue: Vec<Candidate>,
    #[serde(default)]
    pub passed: Vec<Passed>,
    pub mute: Option<Mute>,
    #[serde(default)]
    pub toggle: Option<Toggle>,
}

/// Nothing is told of the stage for a while.
#[derive(Debug, Deserialize)]
pub struct Mute {
    pub by: String,
}

/// What gave way to the next in line.
#[derive(Debug, Deserialize)]
pub struct Passed {
    pub revision: String,
    pub why: String,
    pub at: Timestamp,
}

/// What somebody says of what stands on a stage or waits for it.
#[derive(Debug, Deserialize)]
pub struct MarkShown {
    pub revision: String,
    pub mark: String,
    pub by: String,
    pub note: Option<String>,
}

/// All that is said of one revision.
#[derive(Debug, Deserialize)]
pub struct Marked {
    pub revision: String,
    pub marks: BTreeMap<String, Given>,
}

#[derive(Debug, Deserialize)]
pub struct Given {
    pub by: String,
    pub note: Option<String>,
}

/// A build that people can select.
#[derive(Debug, Deserialize)]
pub struct Selectable {
    pub branch: String,
    pub revision: String,
    pub stage: String,
    pub state: String,
    pub at: Option<Timestamp>,
    pub artifact: Option<String>,
    pub marks: BTreeMap<String, Given>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    Green,
    Red,
    Unverified,
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Deserialize)]
pub struct Release {
    pub revision: String,
    pub since: Timestamp,
    pub complete: bool,
    pub reference: Option<String>,
    pub took_over: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Candidate {
    pub revision: String,
    pub cause: String,
    pub since: Timestamp,
    pub contains: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Run {
    pub generation: u64,
    pub revision: String,
    pub artifact: Option<String>,
    pub cause: String,
    pub phase: String,
    pub outcome: Option<String>,
    pub why: Option<String>,
    pub execution: Option<String>,
    pub claimed_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub contains: Vec<String>,
    pub suites: Vec<Suite>,
}

#[derive(Debug, Deserialize)]
pub struct Suite {
    pub suite: String,
    pub attempt: u32,
    pub verdict: Option<String>,
    pub total: u32,
    pub failed: u32,
    pub failures: Vec<TestFailure>,
    pub error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct TestFailure {
    pub test: String,
    pub message: String,
}

#[derive(Debug, Deserialize)]
pub struct Break {
    pub episode: u64,
    pub since: Timestamp,
    pub revision: String,
    pub last_green: Option<String>,
    pub failing: Failing,
    pub reds: u32,
    pub acknowledged: Option<Acknowledged>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "failing")]
pub enum Failing {
    Tests {
        tests: Vec<TestFailure>,
        failed: u32,
        total: u32,
    },
    Step {
        build: bool,
        step: String,
        why: String,
    },
}

#[derive(Debug, Deserialize)]
pub struct Acknowledged {
    pub by: String,
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Wait {
    pub code: String,
    pub sentence: String,
    pub who: String,
    pub command: Option<String>,
    pub until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub struct RefreshSkip {
    pub why: String,
    pub missed: u32,
}

/// A line of a stage's log.
#[derive(Debug, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    pub text: String,
    pub generation: Option<u64>,
}

/// What one step of a run wrote.
#[derive(Debug, Deserialize)]
pub struct StepLog {
    pub step: String,
    pub text: String,
}

#[derive(Debug, Deserialize)]
pub struct Backlog {
    pub kind: String,
    pub pending: usize,
    pub overdue: usize,
    pub oldest: Option<Timestamp>,
}

/// How far an effect is.
#[derive(Debug, Deserialize)]
pub struct Effect {
    pub done: bool,
    pub tries: u32,
    pub last: Option<String>,
}

/// The gates of one stage for one release.
#[derive(Debug, Deserialize)]
pub struct StageGates {
    pub stage: String,
    pub revision: String,
    pub open: bool,
    pub gates: Vec<Gate>,
}

/// A gate, open or closed.
#[derive(Debug, Deserialize)]
pub struct Gate {
    pub gate: String,
    pub required: String,
    pub found: String,
    pub open: bool,
    pub why: Option<String>,
    pub who: Option<String>,
    pub command: Option<String>,
}

/// What the credential of an app's repository can do.
#[derive(Debug, Deserialize)]
pub struct Access {
    pub name: String,
    pub checked: bool,
    pub problems: Vec<Mend>,
    pub warnings: Vec<Mend>,
}

/// A pipeline that stages name and nobody rendered.
#[derive(Debug, Deserialize)]
pub struct Existing {
    pub pipeline: String,
    pub stages: Vec<String>,
    pub checked: bool,
    pub problems: Vec<Mend>,
    pub warnings: Vec<Mend>,
}

/// A channel of the stage file, and who would not hear what is told there.
#[derive(Debug, Deserialize)]
pub struct Audience {
    pub channel: String,
    pub checked: bool,
    pub problems: Vec<Mend>,
    pub warnings: Vec<Mend>,
}

/// Something to mend, and how.
#[derive(Debug, Deserialize)]
pub struct Mend {
    pub what: String,
    pub fix: String,
}

/// A pause of everything.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Pause {
    pub by: String,
    pub reason: String,
    pub since: Timestamp,
    pub until: Option<Timestamp>,
}

/// Somebody let a release through closed windows.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Override {
    pub by: String,
    pub reason: String,
    pub windows: Vec<String>,
}

/// An app and its pause, as `/api/v1/pause` tells them.
#[derive(Debug, Deserialize)]
pub struct PausedApp {
    pub name: String,
    pub pause: Option<Pause>,
}

/// A stage and its windows.
#[derive(Debug, Deserialize)]
pub struct FrozenStage {
    pub name: String,
    pub stage: String,
    pub open: bool,
    pub changes_at: Option<Timestamp>,
    pub changes_after: Option<Timestamp>,
    pub windows: Vec<Window>,
    pub overridden: Option<Override>,
    pub pause: Option<Pause>,
}

#[derive(Debug, Deserialize)]
pub struct Window {
    pub window: String,
    pub kind: String,
    pub open: bool,
    pub changes_at: Option<Timestamp>,
    pub changes_after: Option<Timestamp>,
    pub reason: String,
}
