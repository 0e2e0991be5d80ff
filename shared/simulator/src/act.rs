//! What people, GitHub and misfortune do in a run, as data: a script made from the seed, whose
//! items can be left out one by one.

mod brake;
mod moment;
mod order;
mod people;
mod rare;
mod script;
mod source;
mod trouble;

use greenroom_core::command::Command;
use greenroom_core::mark::Saying;
use greenroom_core::pause::PauseCommand;
use greenroom_core::principal::Principal;
use jiff::{SignedDuration, Timestamp};

use crate::fault::Port;
use crate::model::repository::Quality;

pub use moment::{Blow, Lurk, Moment, Where};
pub use script::{Frame, script};

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
    /// A forced push to a commit so many steps below the tip.
    Back {
        branch: String,
        actor: String,
        steps: u64,
    },
    /// A branch goes.
    Delete {
        branch: String,
        actor: String,
    },
    /// A tag is made at the tip of a branch, or moved there.
    Tag {
        tag: String,
        branch: String,
        actor: String,
    },
    /// A tag goes.
    Untag {
        tag: String,
        actor: String,
    },
    /// A pull request is opened, or opened again.
    Open {
        number: u64,
        branch: String,
        base: String,
        labels: Vec<String>,
        actor: String,
        fork: bool,
    },
    /// It loses its labels, or gets these.
    Label {
        number: u64,
        labels: Vec<String>,
    },
    Close {
        number: u64,
        merged: bool,
    },
    /// A commit of a stranger in the fork.
    PushToFork {
        number: u64,
    },
    /// The stage file on the default branch becomes this; `what` says so in words.
    Edit {
        what: String,
        text: String,
        actor: String,
    },
    /// The repository is called something else from now on.
    Rename {
        to: String,
    },
    /// GitHub sends nothing for a while.
    Silence {
        lasts: SignedDuration,
    },
    /// Somebody has an old webhook sent again, with the id it had.
    Redeliver {
        which: u64,
    },
    /// Something that GitHub sends and nobody acts on.
    Noise {
        event: &'static str,
    },
    /// A push to a repository that is not ours.
    Foreign,
    Attack(Attack),
    /// Somebody asks for something.
    Command {
        stage: String,
        principal: Principal,
        command: Command,
    },
    /// Somebody stops everything, or has it go on.
    Pause {
        person: String,
        command: PauseCommand,
    },
    /// Somebody says something of what a branch had some steps ago, or takes it back.
    Say {
        branch: String,
        steps: u64,
        person: String,
        saying: Saying,
    },
    /// Somebody says yes to the candidate they saw some time ago.
    Stale {
        stage: String,
        person: String,
        back: usize,
    },
    /// Somebody goes back to the revision that a branch had some steps ago.
    Undo {
        stage: String,
        branch: String,
        steps: u64,
        person: String,
    },
    /// Somebody looks at the board and does what it asks for, as often as they care to.
    Look {
        person: String,
        care: u32,
    },
    /// Waits for a moment, and strikes within seconds of it.
    Lurk(Lurk),
    /// Somebody works in the pipeline service's own console.
    Hand(Hand),
    /// Ports are away for a while.
    Outage {
        ports: Vec<Port>,
        lasts: SignedDuration,
    },
    /// One operation of a port is away for a while, and its others are not.
    Half {
        op: &'static str,
        lasts: SignedDuration,
    },
    /// A channel refuses everything for a while.
    ChannelDies {
        channel: String,
        lasts: SignedDuration,
    },
    /// The chat of the team gets another id.
    ChatMoves {
        to: String,
    },
    /// Tests of a stage fail for a while, whatever stands there; or they take long, if it is `slow`.
    Ill {
        stage: String,
        lasts: SignedDuration,
        slow: bool,
    },
    /// The process dies, or one of the functions' machines is taken away.
    Kill,
    /// A process is replaced by one of the next version, or that by one of this.
    Upgrade {
        process: usize,
    },
}

/// What somebody without the secret tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attack {
    /// A push with a made-up signature.
    Forged,
    /// None at all.
    Unsigned,
    /// Signed rightly, with another secret.
    OtherSecret,
    /// What was sent before, under a new id.
    Replay,
    /// An old signature over another body.
    Changed,
    /// A megabyte of brackets.
    Brackets,
    /// Brackets with a right signature, as a broken sender might.
    SignedBrackets,
    /// The right signature for what is not a push.
    SignedNonsense,
}

/// What people do in the console.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hand {
    /// Start an execution of a stage with variables that are partly another's.
    Start { stage: String, forgery: Forgery },
    /// Stop one that has not ended.
    Stop { which: u64 },
    /// Let one that waits at the fence go on without its answer.
    Skip { which: u64 },
    /// Run one that did not end well once more.
    Again { which: u64 },
    /// Let none of a pipeline go from the fence on to the steps, for a while.
    Close { which: u64, lasts: SignedDuration },
}

/// What of a start by hand is not as it was in the newest one of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forgery {
    Nonce,
    NextGeneration,
    OldGeneration,
    Revision,
    OtherStage,
}

impl Act {
    /// The act in a line, for people.
    pub fn told(&self) -> String {
        match self {
            Self::Edit { what, actor, .. } => format!("{actor} edits the stage file: {what}"),
            other => format!("{other:?}"),
        }
    }
}
