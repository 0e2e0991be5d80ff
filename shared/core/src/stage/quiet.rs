//! A stage of which nothing is told for a while, because a person said so. A break that opens
//! meanwhile keeps whom it owes the news itself; see [`super::Break::untold`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::effect::News;
use crate::name::{ChannelName, ConfigHash};

/// What is not told, and what was not.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Quiet {
    /// Here while it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute: Option<Mute>,
    /// The newest news that nobody could tell how a release is, to be told when the mute is over
    /// unless it is known by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

impl Quiet {
    /// Whether it need not be stored.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}

/// A person wants nothing told of the stage. Always has an end: a mute that is forgotten would be a
/// stage that breaks in silence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mute {
    pub by: String,
    pub reason: String,
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Mute {
    /// Whether it still holds at `now`. A clock that is wrong makes it end early or late, and what is
    /// told early does no harm.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// News that a mute kept, and for whom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Kept {
    pub channels: Vec<ChannelName>,
    /// The stage file that has these channels.
    pub config: ConfigHash,
    pub news: Box<News>,
}

/// Whom a break is owed to: they were not told that it opened or, if they were, that it changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Untold {
    pub channels: Vec<ChannelName>,
    /// The stage file that has these channels.
    pub config: ConfigHash,
}
