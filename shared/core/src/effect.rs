//! What is to be done outside, decided to the last detail: whoever performs it chooses nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::commit_status::CommitStatus;
use crate::name::{
    Actor, ChannelName, ConfigHash, ExecutionId, Nonce, PipelineName, RecipeHash, RefName,
    Revision, StageId, StageName, SuiteName,
};
use crate::release::{Outputs, Release};
use crate::stage::{Break, Cause, Flapping};

/// Something that leaves the process. Performed at least once; its id makes repeats harmless.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "effect")]
pub enum Effect {
    /// Make sure the build of this revision exists, and replan `stage` when it has ended. `again`:
    /// once more, unless it was tried more than so many times already.
    RequestBuild {
        stage: StageName,
        revision: Revision,
        recipe: RecipeHash,
        pipeline: PipelineName,
        config: ConfigHash,
        again: Option<u32>,
    },
    /// Start the build's execution.
    StartBuild {
        revision: Revision,
        recipe: RecipeHash,
        pipeline: PipelineName,
        config: ConfigHash,
        attempt: u32,
    },
    /// Stop the build's execution.
    StopBuild {
        revision: Revision,
        recipe: RecipeHash,
        attempt: u32,
        execution: ExecutionId,
        reason: String,
    },
    /// Start the run's execution.
    StartExecution {
        stage: StageName,
        generation: u64,
        nonce: Nonce,
        release: Release,
        config: ConfigHash,
    },
    StopExecution {
        stage: StageName,
        generation: u64,
        execution: ExecutionId,
        reason: String,
    },
    RunSuite {
        stage: StageName,
        generation: u64,
        suite: SuiteName,
        attempt: u32,
        revision: Revision,
        config: ConfigHash,
        outputs: Outputs,
        /// For this round of the watch over what the run has deployed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<u64>,
    },
    /// Read where the branch stands, and record it as this refresh's head.
    ReadHead {
        stage: StageName,
        reference: RefName,
        slot: Option<Timestamp>,
        by: Option<String>,
        asked_at: Timestamp,
    },
    Announce {
        stage: StageName,
        channel: ChannelName,
        config: ConfigHash,
        news: Box<News>,
    },
    /// Plan another stage again: something it depends on has changed.
    Ask { stage: StageName, because: String },
    /// Plan every stage of the app again: something that any of them may wait for has changed.
    AskAll { because: String },
    /// Have `stage` deploy this release, which then counts for `by`.
    Redeploy {
        stage: StageName,
        by: StageName,
        number: u64,
        asked: u32,
        after: u64,
        release: Release,
        reference: Option<RefName>,
    },
    /// Show beside the commit how it stands on the stage. A later one takes the place of this.
    ReportStatus {
        stage: StageName,
        revision: Revision,
        status: CommitStatus,
    },
    /// Read where the default branch stands, for wish `number` of the stage's life.
    ReadTeardownHead {
        stage: StageName,
        number: u64,
        asked_at: Timestamp,
    },
    /// Start the execution that tears the stage down, with the steps of `config` at `revision`,
    /// which is of the default branch.
    StartTeardown {
        stage: StageName,
        generation: u64,
        nonce: Nonce,
        revision: Revision,
        config: ConfigHash,
    },
    /// Start the execution that leads people to what stands on the stage, with the switch of
    /// `config` at `revision`.
    StartSwitch {
        stage: StageName,
        generation: u64,
        nonce: Nonce,
        revision: Revision,
        config: ConfigHash,
    },
    /// What waits here is for `stage`, which takes turns with this one: read where it stands, and
    /// record it there.
    HandOver {
        stage: StageName,
        reference: RefName,
        cause: Cause,
        at: Timestamp,
    },
}

/// What is to be told. Commits and neighbours are looked up when it is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "news")]
pub enum News {
    Broke {
        brk: Break,
        at: Timestamp,
    },
    /// The same break fails in new ways.
    Changed {
        brk: Break,
        at: Timestamp,
    },
    Recovered {
        brk: Break,
        release: Release,
        at: Timestamp,
    },
    /// Nobody could tell whether the release is good, or whether it can be built; for a build,
    /// `generation` is that of the run before.
    Unverified {
        release: Release,
        generation: u64,
        why: String,
        at: Timestamp,
    },
    /// The fence or the comparison of digests said no, again and again.
    Refused {
        release: Release,
        generation: u64,
        why: String,
        at: Timestamp,
    },
    /// The default branch's stage file is not valid; the one in force stays.
    StageFileInvalid {
        revision: Revision,
        problems: Vec<String>,
        at: Timestamp,
    },
    /// A message could not be delivered on another channel.
    Exhausted {
        channel: ChannelName,
        /// What the channel last answered.
        why: String,
        #[serde(default)]
        attempts: u32,
        /// What the message was about.
        #[serde(default)]
        about: String,
        at: Timestamp,
    },
    Test {
        at: Timestamp,
        /// Tells it from one that another process was asked for at the same instant of its own clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nonce: Option<Nonce>,
    },
    /// Nobody has touched the stage; it is torn down at `ends` unless somebody does.
    Expiring {
        owner: Option<Actor>,
        since: Timestamp,
        ends: Timestamp,
        at: Timestamp,
    },
    /// The stage is gone, and nothing is left of it.
    TornDown {
        owner: Option<Actor>,
        generation: u64,
        why: String,
        at: Timestamp,
    },
    /// The stage should be gone, and nobody can say that nothing is left.
    Orphaned {
        owner: Option<Actor>,
        generation: u64,
        why: String,
        at: Timestamp,
    },
    /// People were to be led to this side, and nobody can say where they are; `live`: where they
    /// were.
    FlipFailed {
        live: Option<StageName>,
        generation: u64,
        why: String,
        at: Timestamp,
    },
    /// The stage breaks again and again; its breaks are not told one by one.
    Flapping {
        flapping: Box<Flapping>,
        at: Timestamp,
    },
    /// It has not broken for a while. `green`: and is green now; else nobody can tell.
    Settled {
        flapping: Box<Flapping>,
        green: bool,
        at: Timestamp,
    },
    /// What was too much for the channel to be told one by one.
    Digest {
        /// Counts the channel's digests.
        number: u64,
        /// The first of them; the rest is counted.
        held: Vec<Held>,
        more: u32,
        /// When the first was held.
        since: Timestamp,
        /// When the last was.
        at: Timestamp,
    },
}

/// A message that is in a digest instead of being told by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// Of the effect that would have told it.
    pub id: String,
    /// When it was decided.
    pub at: Timestamp,
    /// One sentence.
    pub what: String,
    /// A try to tell it by itself may have arrived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub possibly_repeated: bool,
}

/// More messages than this a digest counts: all of it stays well below the 200 KB of an item.
pub const HELD_MAX: usize = 100;

impl News {
    /// The key of what must be told on a channel before this, if it was to be told there at all: a
    /// break before what follows from it, and that a stage flaps before what that led to.
    fn after(&self) -> Option<String> {
        let (flapping, episode) = match self {
            Self::Changed { brk, .. } | Self::Recovered { brk, .. } => (false, brk.episode),
            Self::Broke { brk, .. } => (true, brk.flapped.as_ref()?.episode),
            Self::Settled { flapping, .. } => (true, flapping.episode),
            _ => return None,
        };
        Some(if flapping {
            format!("flapping-{episode}-began")
        } else {
            format!("break-{episode}-opened")
        })
    }

    /// What distinguishes this news from others of the same stage.
    fn key(&self) -> String {
        match self {
            Self::Broke { brk, .. } => format!("break-{}-opened", brk.episode),
            Self::Changed { brk, .. } => format!("break-{}-changed-{}", brk.episode, brk.reds),
            Self::Recovered { brk, .. } => format!("break-{}-recovered", brk.episode),
            // Of a line, several builds may be given up at once, before the same next run.
            Self::Unverified {
                release,
                generation,
                at,
                ..
            } => {
                let revision = release.revision.short();
                format!("unverified-{generation}-{revision}-{}", at.as_millisecond())
            }
            Self::Refused { generation, .. } => format!("refused-{generation}"),
            // A branch that goes back to such a commit is told of anew.
            Self::StageFileInvalid { revision, at, .. } => {
                format!("stage-file-{revision}-{}", at.as_millisecond())
            }
            Self::Exhausted { channel, at, .. } => {
                format!("exhausted-{channel}-{}", at.as_millisecond())
            }
            Self::Test { at, nonce } => {
                let at = at.as_millisecond();
                let nonce = nonce.as_ref().map(Nonce::as_str);
                nonce.map_or_else(
                    || format!("test-{at}"),
                    |nonce| format!("test-{at}-{nonce}"),
                )
            }
            Self::Expiring { ends, .. } => format!("expiring-{}", ends.as_millisecond()),
            Self::TornDown { generation, .. } => format!("torn-down-{generation}"),
            Self::Orphaned { generation, .. } => format!("orphaned-{generation}"),
            Self::FlipFailed { generation, .. } => format!("flip-failed-{generation}"),
            Self::Flapping { flapping, .. } => format!("flapping-{}-began", flapping.episode),
            Self::Settled { flapping, .. } => format!("flapping-{}-settled", flapping.episode),
            Self::Digest { number, .. } => format!("digest-{number}"),
        }
    }
}

impl Effect {
    /// The stage and the run whose execution it starts, if it does.
    pub fn starts(&self) -> Option<(&StageName, u64)> {
        match self {
            Self::StartExecution {
                stage, generation, ..
            }
            | Self::StartTeardown {
                stage, generation, ..
            }
            | Self::StartSwitch {
                stage, generation, ..
            } => Some((stage, *generation)),
            _ => None,
        }
    }

    /// The id of the announcement that has to be told before this one on its channel.
    pub fn after(&self, owner: &StageId) -> Option<String> {
        let Self::Announce { channel, news, .. } = self else {
            return None;
        };
        let key = news.after()?;
        Some(format!("{owner}/announce/{key}/{channel}"))
    }

    /// Names the effect for ever: the same decision always gives the same id, so a second copy
    /// is recognised wherever it turns up.
    pub fn id(&self, owner: &StageId) -> String {
        match self {
            Self::RequestBuild {
                revision,
                recipe,
                again: Some(after),
                ..
            } => format!("{owner}/build-again/{revision}/{recipe}/{after}"),
            Self::RequestBuild {
                revision, recipe, ..
            } => format!("{owner}/build/{revision}/{recipe}"),
            Self::StartBuild {
                revision,
                recipe,
                attempt,
                ..
            } => format!("{}/build-start/{revision}/{recipe}/{attempt}", owner.app),
            Self::StopBuild {
                revision,
                recipe,
                attempt,
                ..
            } => format!("{}/build-stop/{revision}/{recipe}/{attempt}", owner.app),
            Self::StartExecution { generation, .. } => format!("{owner}/start/{generation}"),
            Self::StopExecution { generation, .. } => format!("{owner}/stop/{generation}"),
            Self::RunSuite {
                generation,
                suite,
                attempt,
                round: Some(round),
                ..
            } => format!("{owner}/suite/{generation}/{suite}/{attempt}/round-{round}"),
            Self::RunSuite {
                generation,
                suite,
                attempt,
                ..
            } => format!("{owner}/suite/{generation}/{suite}/{attempt}"),
            Self::ReadHead {
                slot: Some(slot), ..
            } => format!("{owner}/head/slot-{}", slot.as_millisecond()),
            Self::ReadHead { asked_at, .. } => {
                format!("{owner}/head/asked-{}", asked_at.as_millisecond())
            }
            Self::Announce { channel, news, .. } => {
                format!("{owner}/announce/{}/{channel}", news.key())
            }
            Self::Ask { stage, because } => format!("{owner}/ask/{stage}/{because}"),
            Self::AskAll { because } => format!("{owner}/ask-all/{because}"),
            Self::Redeploy {
                stage,
                number,
                asked,
                ..
            } => format!("{owner}/redeploy/{stage}/{number}/{asked}"),
            Self::ReportStatus { revision, .. } => format!("{owner}/status/{revision}"),
            Self::ReadTeardownHead {
                number, asked_at, ..
            } => format!(
                "{owner}/teardown-head/{number}-{}",
                asked_at.as_millisecond()
            ),
            Self::StartTeardown { generation, .. } | Self::StartSwitch { generation, .. } => {
                format!("{owner}/start/{generation}")
            }
            Self::HandOver { reference, at, .. } => {
                format!("{owner}/hand-over/{reference}/{}", at.as_millisecond())
            }
        }
    }
}

#[cfg(test)]
mod tests;
