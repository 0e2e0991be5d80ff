//! Who hears of what: a channel that a stage alerts, and which news of the stage it is for.

use serde::{Deserialize, Serialize};

use crate::name::{ChannelName, SuiteName};
use crate::stage::Failing;

/// News of a stage that may be for some channels only. That a break is over is told to whoever was
/// told of it, and how a stage ends to those that its `expires` names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewsKind {
    Broke,
    Changed,
    Unverified,
    Refused,
}

impl NewsKind {
    /// All there are, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Broke, Self::Changed, Self::Unverified, Self::Refused];

    /// As stage files spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Broke => "broke",
            Self::Changed => "changed",
            Self::Unverified => "unverified",
            Self::Refused => "refused",
        }
    }
}

/// A channel under `alert:`. Stored as the channel's name alone if it is for everything.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Route {
    pub channel: ChannelName,
    /// Kinds that it is for; empty means all.
    pub news: Vec<NewsKind>,
    /// Only breaks in which one of these suites fails, or a step; empty means all breaks.
    pub suites: Vec<SuiteName>,
}

impl Route {
    /// Whether news of this kind is for it.
    pub fn hears(&self, kind: NewsKind) -> bool {
        self.news.is_empty() || self.news.contains(&kind)
    }

    /// Whether a break that fails like this is for it. A step is everybody's, and so is what cannot
    /// be laid at the door of a suite.
    pub fn concerns(&self, failing: &Failing) -> bool {
        let is_theirs = match failing {
            Failing::Tests { suites, .. } if !suites.is_empty() && !self.suites.is_empty() => {
                suites.iter().any(|suite| self.suites.contains(suite))
            }
            Failing::Tests { .. } | Failing::Step { .. } => true,
        };
        is_theirs && self.hears(NewsKind::Broke)
    }
}

impl From<ChannelName> for Route {
    fn from(channel: ChannelName) -> Self {
        Self {
            channel,
            news: Vec::new(),
            suites: Vec::new(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Channel(ChannelName),
    Route {
        channel: ChannelName,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        news: Vec<NewsKind>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        suites: Vec<SuiteName>,
    },
}

impl From<Stored> for Route {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Channel(channel) => channel.into(),
            Stored::Route {
                channel,
                news,
                suites,
            } => Self {
                channel,
                news,
                suites,
            },
        }
    }
}

impl From<Route> for Stored {
    fn from(route: Route) -> Self {
        if route.news.is_empty() && route.suites.is_empty() {
            return Self::Channel(route.channel);
        }
        let Route {
            channel,
            news,
            suites,
        } = route;
        Self::Route {
            channel,
            news,
            suites,
        }
    }
}
