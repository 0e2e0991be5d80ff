//! What is really so, whatever Greenroom believes, and what really happens. The checks look at
//! this and not at Greenroom's own tables.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_app::ports::store::{Condition, Key};
use greenroom_app::ports::suites::SuiteRequest;
use greenroom_app::records::StageRecord;
use greenroom_core::command::Command;
use greenroom_core::message::Announcement;
use greenroom_core::name::{AppId, ChannelName, Digest, RefName, Revision, StageId};
use greenroom_core::principal::Principal;
use greenroom_core::verdict::Verdict;
use jiff::Timestamp;

use crate::inner::{ProcessId, TaskId};
use crate::model::environment::Standing;
use crate::model::executor::Executor;
use crate::model::messenger::Messenger;
use crate::model::people::People;
use crate::model::repository::Repository;
use crate::setup::Setup;

/// The world as it is.
#[derive(Debug)]
pub struct Truth {
    pub setup: Setup,
    /// The true time; every process reads it a little wrong.
    pub now: Timestamp,
    pub app: AppId,
    pub repository: Repository,
    /// Another app of the same installation, which can be read only when it is added.
    pub neighbour: Option<Repository>,
    /// Whether it can be read.
    pub neighbour_answers: bool,
    pub executor: Executor,
    pub messenger: Messenger,
    pub people: People,
    /// Processes of the next version.
    pub upgraded: BTreeSet<ProcessId>,
    /// What stands on each stage, by name.
    pub stages: BTreeMap<String, Standing>,
    /// Until when tests of a stage fail, by its name, whatever stands there; with `true`, until when
    /// they take long.
    pub ills: BTreeMap<(String, bool), Timestamp>,
    /// Every message that was sent, oldest first.
    pub told: Vec<Told>,
    /// The task that acts at this moment; `None` when the world itself does.
    pub acting: Option<TaskId>,
}

/// A look at a clock that may be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glance {
    /// When it really was.
    pub at: Timestamp,
    /// What the clock showed.
    pub showed: Timestamp,
}

/// One try at a message.
#[derive(Clone, Debug)]
pub struct Told {
    /// When the sender began; a frozen one begins long before it sends.
    pub begun: Timestamp,
    pub at: Timestamp,
    pub channel: ChannelName,
    pub key: String,
    pub announcement: Announcement,
    /// Whether people have it.
    pub arrived: bool,
    pub answer: Answer,
}

/// What the sender was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Taken,
    Refused,
    /// Certainly not sent.
    Later,
    /// Nobody knows.
    Ambiguous,
    /// The sender died before it heard.
    Unheard,
}

/// One item that a commit changed.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    pub key: &'a Key,
    pub condition: Condition,
    pub before: Option<Vec<u8>>,
    /// `None`: it is gone.
    pub after: Option<&'a [u8]>,
}

/// Something that happened, seen by the checks right after it did.
#[derive(Debug)]
pub enum Happened<'a> {
    /// A webhook was answered. `genuine`: GitHub sent it, with the right signature; `kept`: its
    /// record is in the table at this moment.
    Answered {
        delivery: &'a str,
        status: u16,
        genuine: bool,
        kept: bool,
    },
    /// A commit takes effect; what it changes is told next. `glance`: when whoever commits looked
    /// at its clock last, which is when it decided; `relies_on`: what must not have changed.
    Commits {
        glance: Option<Glance>,
        relies_on: &'a [&'a Key],
    },
    /// A commit took effect, whatever its caller was told.
    Committed { changes: &'a [Change<'a>] },
    /// A commit put a stage's record.
    Stage {
        before: Option<&'a StageRecord>,
        after: &'a StageRecord,
    },
    /// A reference moved or went.
    Moved {
        reference: &'a RefName,
        to: Option<&'a Revision>,
    },
    /// An execution was started; `fresh` unless its token was known.
    Started { execution: usize, fresh: bool },
    /// The fence let an execution through.
    Admitted { execution: usize },
    /// The fence said no.
    Refused { execution: usize },
    /// An execution put bytes on its stage.
    Deployed { execution: usize },
    /// An execution has ended.
    Ended { execution: usize },
    /// A suite answered about what stands on a stage.
    Tested {
        stage: &'a str,
        generation: u64,
        standing: Option<&'a Digest>,
        revision: Option<&'a Revision>,
        /// What it was asked to do.
        request: &'a SuiteRequest,
        verdict: Verdict,
    },
    /// A message was tried.
    Told(&'a Told),
    /// Somebody asks for something; nothing is answered yet, and perhaps never.
    Wished {
        stage: &'a StageId,
        principal: &'a Principal,
        command: &'a Command,
    },
    /// A command was answered.
    Commanded {
        stage: &'a StageId,
        principal: &'a Principal,
        command: &'a Command,
        granted: bool,
    },
}
