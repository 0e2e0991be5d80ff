//! What is asked. A command may be refused, and then says why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::{ExecutionId, Nonce, RefName, Revision};

/// A wish of a person or a pipeline for one stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "command")]
pub enum Command {
    /// An execution asks the fence whether it may go on.
    Admit {
        generation: u64,
        nonce: Nonce,
        execution: ExecutionId,
        revision: Revision,
    },
    /// Move the verified release of the upstream here, now if every gate is open; lifts a hold.
    Promote,
    /// Yes to the candidate; `revision` (a prefix is enough) guards against a candidate that changed.
    Approve {
        revision: Option<Revision>,
    },
    /// Take back one's yes, and drop the candidate's others.
    Reject {
        revision: Option<Revision>,
        reason: String,
    },
    /// Deploy what was green here before, and hold automation.
    Rollback {
        to: Option<Revision>,
        reason: String,
    },
    /// Try again what did not succeed.
    Retry,
    /// Stop the run under way.
    Abort {
        reason: String,
    },
    Lock {
        reason: String,
        until: Option<Timestamp>,
    },
    Unlock,
    /// Redeploy from the branch, now.
    Refresh,
    /// Somebody looks after the open break.
    Acknowledge {
        note: Option<String>,
    },
    /// Let the candidate, and nothing else, through the windows that close the stage now, for one
    /// claim; `revision` guards against a candidate that changed.
    Override {
        reason: String,
        revision: Option<Revision>,
    },
    /// Put on a stage that takes selections what a person selects. On its way in, `revision` is
    /// whatever they typed; the app makes the full commit of it, and `reference` if it was one.
    Deploy {
        revision: Revision,
        #[serde(default)]
        reference: Option<RefName>,
    },
    /// The stage is used: idle time counts from now, and it does not end before `until`.
    Extend {
        until: Option<Timestamp>,
    },
    /// Keep the stage as it stands, deploy nothing, and do not let it expire until then; 30 days
    /// unless told otherwise.
    Park {
        reason: String,
        until: Option<Timestamp>,
    },
    Unpark,
    /// The stage never expires.
    Pin {
        reason: String,
    },
    Unpin,
    /// Tear the stage down now, with the default branch's steps.
    Destroy {
        reason: String,
    },
    /// Tell nothing of the stage until then; what still matters is told when it is over.
    Mute {
        reason: String,
        until: Timestamp,
    },
    Unmute,
    /// Lead people to this side of a toggle.
    Toggle,
    /// Nobody is led back to this side: it need not be kept any longer. After a flip that failed:
    /// somebody has looked, and people are where the record says.
    Settle,
}

impl Command {
    /// The verb, as the CLI spells it.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Admit { .. } => "admit",
            Self::Promote => "promote",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Rollback { .. } => "rollback",
            Self::Retry => "retry",
            Self::Abort { .. } => "abort",
            Self::Lock { .. } => "lock",
            Self::Unlock => "unlock",
            Self::Refresh => "refresh",
            Self::Acknowledge { .. } => "ack",
            Self::Override { .. } => "override",
            Self::Deploy { .. } => "deploy",
            Self::Extend { .. } => "extend",
            Self::Park { .. } => "park",
            Self::Unpark => "unpark",
            Self::Pin { .. } => "pin",
            Self::Unpin => "unpin",
            Self::Destroy { .. } => "destroy",
            Self::Mute { .. } => "mute",
            Self::Unmute => "unmute",
            Self::Toggle => "toggle",
            Self::Settle => "settle",
        }
    }
}
