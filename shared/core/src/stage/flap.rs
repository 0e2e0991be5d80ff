//! A stage that breaks again and again. Each time would be told, and its end, and soon nobody would
//! listen; so that is told once, and once how it ended.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Failing, Untold};
use crate::name::{ChannelName, ConfigHash};
use crate::policy::{FLAPPING_BREAKS, FLAPPING_WITHIN};
use crate::release::Release;

/// How often it broke lately, and whether that is called flapping.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Flap {
    /// When breaks opened, oldest first; fewer than [`FLAPPING_BREAKS`]. None while it flaps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opened: Vec<Timestamp>,
    /// Here while it flaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flapping: Option<Flapping>,
}

impl Flap {
    /// Whether it need not be stored.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// When the first of those breaks opened that, with one at `now`, are too many; `None` if they
    /// are not. The new one is remembered.
    pub fn too_many(&mut self, now: Timestamp) -> Option<Timestamp> {
        let recent = |at: &Timestamp| now.duration_since(*at) < FLAPPING_WITHIN;
        self.opened.retain(recent);
        self.opened.push(now);
        let many = self.opened.len() >= FLAPPING_BREAKS;
        many.then(|| std::mem::take(&mut self.opened)[0])
    }
}

/// A stage flaps. Neither its breaks nor their ends are told until it has been quiet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Flapping {
    /// The number of the break with which it was too much; names what is told of it.
    pub episode: u64,
    /// When the first of its breaks opened.
    pub since: Timestamp,
    /// How many opened since, this one included.
    pub breaks: u32,
    /// When it broke or recovered last.
    pub turned: Timestamp,
    /// The last of its breaks: what broke it, and what failed.
    pub release: Release,
    pub failing: Failing,
    /// Channels that were told, and so must be told how it ended.
    pub told: Vec<ChannelName>,
    /// The stage file that has these channels.
    pub config: ConfigHash,
    /// Channels that are owed the news of it, because the stage is muted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<Untold>,
}

impl Flapping {
    /// When it is over, unless it breaks or recovers before.
    pub fn over_at(&self) -> Timestamp {
        self.turned
            .saturating_add(FLAPPING_WITHIN)
            .unwrap_or(Timestamp::MAX)
    }

    /// How long it went on, up to its last turn.
    pub fn lasted(&self) -> SignedDuration {
        self.turned.duration_since(self.since)
    }
}

/// What a break that stays says of the flapping that it ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Flapped {
    /// [`Flapping::episode`].
    pub episode: u64,
    pub since: Timestamp,
    pub breaks: u32,
}
