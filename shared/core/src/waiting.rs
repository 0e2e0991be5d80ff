//! Why nothing moves: for each wait a code, a sentence, who can end it, and the command.

mod explain;
mod life;
mod queue;
mod release;
mod share;
mod toggle;
mod watch;

use jiff::Timestamp;
use serde::Serialize;

pub use life::LifeWait;
pub use release::{Passing, ReleaseWait};
pub use share::ShareWait;
pub use toggle::ToggleWait;
pub use watch::WatchWait;

use crate::definition::Definition;
use crate::evidence::Gate;
use crate::freeze::Edge;
use crate::name::{RepoName, Revision, StageName};
use crate::pause::Pause;
use crate::stage::{Foreign, Hold, Lock, Mute, Rejected, Unstopped};
use crate::stage_file::WindowKind;

/// What a stage waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wait {
    /// Nothing is wanted: what should stand here stands here.
    UpToDate,
    /// Nothing ever led here.
    NothingYet {
        from: String,
    },
    Locked(Lock),
    /// A person holds automation; `promotes`: the stage takes what another has verified.
    Held {
        hold: Hold,
        promotes: bool,
    },
    /// Automation is held by an execution that may still be changing the stage.
    Unstopped(Unstopped),
    /// A run ended without an answer; the next attempt comes by itself.
    Backoff {
        revision: Revision,
        until: Timestamp,
    },
    Building {
        revision: Revision,
        since: Timestamp,
    },
    BuildFailed {
        revision: Revision,
        step: String,
        why: String,
    },
    BuildUnclear {
        revision: Revision,
        why: String,
    },
    Starting {
        generation: u64,
        since: Timestamp,
    },
    Deploying {
        generation: u64,
        revision: Revision,
        since: Timestamp,
        deadline: Timestamp,
    },
    Stopping {
        generation: u64,
        since: Timestamp,
    },
    Verifying {
        generation: u64,
        suites: Vec<String>,
        since: Timestamp,
    },
    ReadingHead {
        since: Timestamp,
    },
    UpstreamUnverified {
        upstream: StageName,
        red: bool,
    },
    /// The upstream proved its release under another stage file than the one in force.
    UpstreamOutdated {
        upstream: StageName,
    },
    Soaking {
        upstream: StageName,
        revision: Revision,
        until: Timestamp,
    },
    Approval {
        revision: Revision,
        have: u32,
        need: u32,
        by: Vec<String>,
    },
    /// This release did not succeed here; automation will not try it again.
    FailedHere {
        revision: Revision,
        /// It did not fail; a person stopped it.
        aborted: bool,
    },
    /// A person does not want this release here.
    Rejected {
        no: Rejected,
        promotes: bool,
    },
    /// The stage file in force has no such stage any more.
    RuleGone {
        rule: String,
    },
    /// The release's build does not show what the stage demands.
    Gate {
        gate: Gate,
        revision: Revision,
        /// What the stage demands.
        required: String,
        /// What the build shows.
        found: String,
    },
    /// Windows of the stage file keep it closed, to a rollback as well.
    Frozen {
        revision: Revision,
        rollback: bool,
        /// The windows that close it; never empty.
        closed: Vec<Closing>,
        opens: Edge,
        /// Roles whose holders may let it through; operators may always.
        roles: Vec<String>,
    },
    /// A person stopped everything.
    Paused {
        pause: Pause,
        app: RepoName,
    },
    /// Something about the release itself.
    Release(ReleaseWait),
    /// The pipeline that builds or deploys was made from another stage file.
    PipelineOutdated {
        definition: Definition,
    },
    /// Somebody ran steps here past Greenroom.
    Foreign(Foreign),
    /// Something about how long the stage lives.
    Life(LifeWait),
    /// What stands is looked at again; keeps nothing from the stage.
    Watch(WatchWait),
    /// More changes wait, each for its own turn.
    Queued {
        /// In the order of their turns; never empty.
        behind: Vec<Revision>,
        /// How many wait at most.
        most: usize,
    },
    /// A person wants nothing told of the stage; keeps nothing from it.
    Muted(Mute),
    /// Something about which of two stages people use.
    Toggle(ToggleWait),
    /// It breaks again and again, which was told once; keeps nothing from it.
    Flapping {
        breaks: u32,
        since: Timestamp,
        /// When it is over, unless it breaks or recovers before.
        until: Timestamp,
    },
    /// Something about what other stages use as well.
    Share(ShareWait),
}

/// A window that closes a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closing {
    pub window: String,
    pub kind: WindowKind,
    pub reason: String,
}

impl Closing {
    /// For people: `closed during christmas: nobody is here`.
    pub fn sentence(&self) -> String {
        let when = match self.kind {
            WindowKind::Allow => "outside",
            WindowKind::Deny => "during",
        };
        format!("closed {when} {}: {}", self.window, self.reason)
    }
}

/// A wait, spelled out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explained {
    /// Stable and machine-readable.
    pub code: &'static str,
    pub sentence: String,
    /// Who or what can end the wait.
    pub who: String,
    /// What to type, if typing helps.
    pub command: Option<String>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

impl Wait {
    /// Every code there is, for documentation and tests.
    pub const CODES: [&'static str; 48] = [
        "up_to_date",
        "nothing_yet",
        "locked",
        "held",
        "backoff",
        "building",
        "build_failed",
        "build_unclear",
        "starting",
        "deploying",
        "stopping",
        "verifying",
        "reading_head",
        "upstream_unverified",
        "upstream_outdated",
        "soaking",
        "approval",
        "failed_here",
        "rejected",
        "rule_gone",
        "gate_tests",
        "gate_coverage",
        "gate_endpoints",
        "gate_docs",
        "frozen",
        "paused",
        "marked_bad",
        "mark_missing",
        "through",
        "pipeline_outdated",
        "foreign",
        "parked",
        "expires",
        "tearing_down",
        "torn_down",
        "orphan",
        "watching",
        "watched",
        "queued",
        "muted",
        "toggle_kept",
        "toggle_closed",
        "flipping",
        "flip_failed",
        "flapping",
        "resource_in_use",
        "resource_taken",
        "fork_unapproved",
    ];

    /// The wait's code, one of [`Wait::CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::UpToDate => "up_to_date",
            Self::NothingYet { .. } => "nothing_yet",
            Self::Locked(_) => "locked",
            Self::Held { .. } | Self::Unstopped(_) => "held",
            Self::Backoff { .. } => "backoff",
            Self::Building { .. } => "building",
            Self::BuildFailed { .. } => "build_failed",
            Self::BuildUnclear { .. } => "build_unclear",
            Self::Starting { .. } => "starting",
            Self::Deploying { .. } => "deploying",
            Self::Stopping { .. } => "stopping",
            Self::Verifying { .. } => "verifying",
            Self::ReadingHead { .. } => "reading_head",
            Self::UpstreamUnverified { .. } => "upstream_unverified",
            Self::UpstreamOutdated { .. } => "upstream_outdated",
            Self::Soaking { .. } => "soaking",
            Self::Approval { .. } => "approval",
            Self::FailedHere { .. } => "failed_here",
            Self::Rejected { .. } => "rejected",
            Self::RuleGone { .. } => "rule_gone",
            Self::Gate { gate, .. } => gate.code(),
            Self::Frozen { .. } => "frozen",
            Self::Paused { .. } => "paused",
            Self::Release(wait) => wait.code(),
            Self::PipelineOutdated { .. } => "pipeline_outdated",
            Self::Foreign(_) => "foreign",
            Self::Life(wait) => wait.code(),
            Self::Watch(wait) => wait.code(),
            Self::Queued { .. } => "queued",
            Self::Muted(_) => "muted",
            Self::Toggle(wait) => wait.code(),
            Self::Flapping { .. } => "flapping",
            Self::Share(wait) => wait.code(),
        }
    }

    /// True when somebody or something outside the stage keeps a wanted change from it.
    pub fn blocks(&self) -> bool {
        if let Self::Release(wait) = self {
            return wait.blocks();
        }
        if let Self::Life(wait) = self {
            return wait.blocks();
        }
        if let Self::Toggle(wait) = self {
            return wait.blocks();
        }
        !matches!(
            self,
            Self::UpToDate
                | Self::NothingYet { .. }
                | Self::Building { .. }
                | Self::Starting { .. }
                | Self::Deploying { .. }
                | Self::Stopping { .. }
                | Self::Verifying { .. }
                | Self::ReadingHead { .. }
                | Self::Watch(_)
                | Self::Queued { .. }
                | Self::Muted(_)
                | Self::Flapping { .. }
        )
    }
}
