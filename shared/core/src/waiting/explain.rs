//! Each wait in words: what, who can end it, what to type, and when it ends by itself.

use super::{Closing, Explained, Wait, queue};
use crate::freeze::Edge;
use crate::name::{Revision, StageName};

impl Wait {
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
            Self::Release(wait) => return wait.explain(stage),
            Self::Life(wait) => return wait.explain(stage),
            Self::Toggle(wait) => return wait.explain(stage),
            Self::Watch(wait) => return wait.explain(stage),
            Self::Share(wait) => return wait.explain(stage),
            Self::Queued { behind, most } => return queue::explain(stage, behind, *most),
            Self::PipelineOutdated { definition } => (
                format!(
                    "the pipeline {} is not what the stage file in force makes of it",
                    definition.name
                ),
                "an operator, by applying the stage file".to_owned(),
                Some("greenroom apply".to_owned()),
                None,
            ),
            Self::Muted(mute) => (
                format!(
                    "{} muted it until {:.0}: {}",
                    mute.by, mute.until, mute.reason
                ),
                mute.by.clone(),
                command("unmute"),
                Some(mute.until),
            ),
            Self::Flapping {
                breaks,
                since,
                until,
            } => (
                format!(
                    "it flaps: {breaks} breaks since {since:.0}, told once; the next word is when it \
                     has neither broken nor recovered until {until:.0}"
                ),
                "whoever finds out why it turns red and green".to_owned(),
                command("log"),
                Some(*until),
            ),
            Self::Foreign(foreign) => (
                format!("{}: nobody can tell what stands here", foreign.sentence()),
                "an operator, or whatever comes next".to_owned(),
                command("retry"),
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
pub(super) fn one_line(why: &str) -> String {
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
