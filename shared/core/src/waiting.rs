//! Why nothing moves: for each wait a code, a sentence, who can end it, and the command.

use jiff::Timestamp;
use serde::Serialize;

use crate::evidence::Gate;
use crate::freeze::Edge;
use crate::name::{RepoName, Revision, StageName};
use crate::pause::Pause;
use crate::stage::{Hold, Lock, Rejected, Unstopped};
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
    pub const CODES: [&'static str; 26] = [
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
            Self::Gate {
                gate,
                revision,
                required,
                found,
            } => (
                gate.sentence(revision, required, found),
                "the author, with a new commit".to_owned(),
                Some(gates_of(revision, stage)),
                None,
            ),
            Self::Frozen {
                revision,
                rollback,
                closed,
                opens,
                roles,
            } => (
                frozen(revision, *rollback, closed, *opens),
                if roles.is_empty() {
                    "time, or an operator".to_owned()
                } else {
                    format!("time, a holder of {}, or an operator", roles.join(" or "))
                },
                Some(format!(
                    "greenroom override {stage} --revision {} --reason WHY",
                    revision.short()
                )),
                opens.at(),
            ),
            Self::Paused { pause, app } => (
                format!("{} paused everything: {}", pause.by, pause.reason),
                pause.by.clone(),
                Some(format!("greenroom resume --app {app}")),
                pause.until,
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

fn frozen(revision: &Revision, rollback: bool, closed: &[Closing], opens: Edge) -> String {
    let closed: Vec<String> = closed.iter().map(Closing::sentence).collect();
    let opens = match opens {
        Edge::At(_) => String::new(),
        Edge::After(at) => format!("; it does not open before {at:.0}"),
        Edge::Never => "; it does not open by itself".to_owned(),
    };
    let short = revision.short();
    let what = if rollback {
        format!("the rollback to {short} needs an override as well")
    } else {
        format!("{short} waits")
    };
    format!("{what}: {}{opens}", closed.join("; "))
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

/// What shows all gates between a release and a stage.
fn gates_of(revision: &Revision, stage: &StageName) -> String {
    let release = revision.short();
    format!("greenroom gates --release {release} --stage {stage}")
}
