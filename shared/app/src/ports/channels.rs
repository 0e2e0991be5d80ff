//! The wires announcements leave by: Telegram, mail, SNS, the console.
//!
//! One call is one try. Who calls records it, and decides from the error what comes next: see
//! [`crate::retry`]. No wire we know can tell a second copy from a new message for certain, so an
//! answer that never came is its own error, and the next copy says that it may be one.

use std::future::Future;
use std::time::Duration;

use greenroom_core::message::Announcement;
use greenroom_core::name::ChannelName;
use greenroom_core::stage_file::Channel;

use super::secrets::SecretError;
use super::source::Access;

/// A channel of the stage file in force. Its secrets are resolved by the adapter, at each try.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelTarget {
    pub name: ChannelName,
    pub channel: Channel,
}

impl ChannelTarget {
    /// The same channel with the chat it has [moved](SendError::Moved) to; only Telegram moves.
    #[must_use]
    pub fn moved_to(mut self, new: &str) -> Self {
        if let Channel::Telegram { chat, .. } = &mut self.channel {
            new.clone_into(chat);
        }
        self
    }
}

/// The wire took it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Receipt {
    /// What the other side calls the message: Telegram's `chat/message id`, a mail's Message-ID.
    pub reference: Option<String>,
    /// What people should know although it arrived: a recipient that was refused, markup that was
    /// not understood. One sentence each.
    pub remarks: Vec<String>,
}

/// Why a try did not succeed, by what the caller must do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SendError {
    /// It will never be taken as things are: tell another channel, and try no more.
    #[error("the channel refuses this message: {why}")]
    Refused { why: String },
    /// Certainly not sent; try again, and not before `retry_after`.
    #[error("the channel asks to wait {} s", retry_after.as_secs())]
    Throttled { retry_after: Duration },
    /// Certainly not sent: the chat has another id now. Try once there, and remember it.
    #[error("the chat has moved to {chat}")]
    Moved { chat: String },
    /// It may have arrived. Try again with `possibly_repeated` set and the same key.
    #[error("it cannot be told whether the message arrived: {why}")]
    Ambiguous { why: String },
    /// Certainly not sent; try again.
    #[error("the channel cannot be reached: {why}")]
    Unavailable { why: String },
}

/// Without its secret a message is not sent: for now, or until a person brings it.
impl From<SecretError> for SendError {
    fn from(error: SecretError) -> Self {
        let why = error.to_string();
        match error {
            SecretError::Missing { .. } => Self::Refused { why },
            SecretError::Unavailable { .. } => Self::Unavailable { why },
        }
    }
}

impl SendError {
    /// True when the ladder goes on; [`Moved`](SendError::Moved) is not a rung of it.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. } | Self::Ambiguous { .. } | Self::Unavailable { .. }
        )
    }

    /// True when the next copy must say that it may be a second one.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Ambiguous { .. })
    }

    /// The wait the other side asked for.
    pub fn asked_to_wait(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}

/// Sends announcements.
pub trait Channels: Send + Sync + 'static {
    /// One try at telling `announcement` to `to`. Ends within a minute.
    ///
    /// `key` names this message to this channel; all tries of it have the same key, from which
    /// adapters make the ids by which receivers may notice a copy.
    fn send(
        &self,
        to: &ChannelTarget,
        announcement: &Announcement,
        key: &str,
    ) -> impl Future<Output = Result<Receipt, SendError>> + Send;

    /// Who would not hear a message, as far as that can be told without one; `None` where only a
    /// message tells.
    fn audience(
        &self,
        _to: &ChannelTarget,
    ) -> impl Future<Output = Result<Option<Access>, SendError>> + Send {
        std::future::ready(Ok(None))
    }
}
