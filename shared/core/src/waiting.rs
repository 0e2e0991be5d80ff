//! Why nothing moves: for each wait a code, a sentence, who can end it, and the command.

use jiff::Timestamp;
use serde::Serialize;

use crate::name::{Revision, StageName};
use crate::stage::{Hold, Lock, Rejected, Unstopped};

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
    pub const CODES: [&'static str; 20] = [
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
        }
    }

    /// True when somebody or something outside the stage keeps a wanted change from it.
    pub fn blocks(&self) -> bool {
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
        )
    }

    /// The wait in words, for `stage`.
    pub fn explain(&self, stage: &StageName) -> Explained {
        let command = |text: &str| Some(format!("greenroom {text} {stage}"));
        let (sentence, who, command, until) = match self {
            Self::UpToDate => (
                "nothing is waiting: what should stand here stands here".to_owned(),
                "nobody".to_owned(),
                None,
                None,
            ),
            Self::NothingYet { from } => (
                format!("nothing has led here yet; it takes {from}"),
                "a developer".to_owned(),
                None,
                None,
            ),
            Self::Locked(lock) => (
                format!("{} locked it: {}", lock.by, lock.reason),
                lock.by.clone(),
                command("unlock"),
                lock.until,
            ),
            Self::Held { hold, promotes } => (
                format!(
                    "automation is on hold since {} rolled it back: {}",
                    hold.by, hold.reason
                ),
                hold.by.clone(),
                command(lift(*promotes)),
                None,
            ),
            Self::Unstopped(unstopped) => (
                format!(
                    "automation is on hold: execution {} of run {} would not stop, and may still \
                     be changing the stage",
                    unstopped.execution, unstopped.generation
                ),
                "the execution, once it has ended, or an operator who has seen to it".to_owned(),
                command("retry"),
                None,
            ),
            Self::Backoff { revision, until } => (
                format!(
                    "the last run of {} ended without an answer; it is tried again",
                    revision.short()
                ),
                "Greenroom".to_owned(),
                command("retry"),
                Some(*until),
            ),
            Self::Building { revision, since } => (
                format!("{} is being built since {since:.0}", revision.short()),
                "the build pipeline".to_owned(),
                command("log"),
                None,
            ),
            Self::BuildFailed {
                revision,
                step,
                why,
            } => (
                format!(
                    "the build of {} failed at step {step}: {}",
                    revision.short(),
                    one_line(why)
                ),
                "the author, with a new commit".to_owned(),
                command("retry"),
                None,
            ),
            Self::BuildUnclear { revision, why } => (
                format!(
                    "the build of {} ended without an answer: {why}",
                    revision.short()
                ),
                "an operator".to_owned(),
                command("retry"),
                None,
            ),
            Self::Starting { generation, since } => (
                format!("run {generation} is being started since {since:.0}"),
                "the pipeline".to_owned(),
                command("log"),
                None,
            ),
            Self::Deploying {
                generation,
                revision,
                since,
                deadline,
            } => (
                format!(
                    "run {generation} deploys {} since {since:.0}; it is stopped at {deadline:.0}",
                    revision.short()
                ),
                "the pipeline".to_owned(),
                command("log"),
                None,
            ),
            Self::Stopping { generation, since } => (
                format!("run {generation} is being stopped since {since:.0}"),
                "the pipeline".to_owned(),
                command("log"),
                None,
            ),
            Self::Verifying {
                generation,
                suites,
                since,
            } => (
                format!(
                    "run {generation} is being tested since {since:.0}: {}",
                    suites.join(", ")
                ),
                "the integration tests".to_owned(),
                command("log"),
                None,
            ),
            Self::ReadingHead { since } => (
                format!("the branch is being read for a refresh since {since:.0}"),
                "the repository".to_owned(),
                None,
                None,
            ),
            Self::UpstreamUnverified { upstream, red } => (
                if *red {
                    format!("{upstream} is red")
                } else {
                    format!("{upstream} has no verified release right now")
                },
                format!("whoever looks after {upstream}"),
                Some(format!("greenroom why {upstream}")),
                None,
            ),
            Self::UpstreamOutdated { upstream } => (
                format!("{upstream} proved its release under an older stage file"),
                format!("whoever looks after {upstream}"),
                Some(format!("greenroom retry {upstream}")),
                None,
            ),
            Self::Soaking {
                upstream,
                revision,
                until,
            } => (
                format!(
                    "{} must stay green on {upstream} until {until:.0}",
                    revision.short()
                ),
                "time".to_owned(),
                None,
                Some(*until),
            ),
            Self::Approval {
                revision,
                have,
                need,
                by,
            } => (
                format!("{} has {have} of {need} approvals", revision.short()),
                if by.is_empty() {
                    "anybody who may act here".to_owned()
                } else {
                    by.join(", ")
                },
                Some(format!(
                    "greenroom approve {stage} --revision {}",
                    revision.short()
                )),
                None,
            ),
            Self::FailedHere { revision, aborted } => (
                format!(
                    "{} {}; automation does not try it again",
                    revision.short(),
                    if *aborted {
                        "was stopped here"
                    } else {
                        "did not succeed here"
                    }
                ),
                "a developer, with a new commit, or an operator".to_owned(),
                command("retry"),
                None,
            ),
            Self::Rejected { no, promotes } => (
                format!(
                    "{} rejected {}: {}",
                    no.by,
                    no.release.revision.short(),
                    no.reason
                ),
                no.by.clone(),
                command(lift(*promotes)),
                None,
            ),
            Self::RuleGone { rule } => (
                format!("the stage file in force has no stage {rule} any more"),
                "whoever edits greenroom.yaml".to_owned(),
                Some("greenroom validate".to_owned()),
                None,
            ),
        };
        Explained {
            code: self.code(),
            sentence,
            who,
            command,
            until,
        }
    }
}

/// The first line and the last of a step's end: how it ended, and what it said last.
fn one_line(why: &str) -> String {
    let mut lines = why.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    match lines.next_back() {
        Some(last) => format!("{first}: {last}"),
        None => first.to_owned(),
    }
}

/// What makes automation go on after a person stopped it.
fn lift(promotes: bool) -> &'static str {
    if promotes { "promote" } else { "refresh" }
}
