//! What is known of the watch over what stands. It keeps nothing from the stage.

use jiff::Timestamp;

use super::Explained;
use super::explain::one_line;
use crate::name::StageName;

/// Where the watch is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WatchWait {
    /// A round is under way.
    UnderWay {
        round: u64,
        /// Those that have not answered.
        suites: Vec<String>,
        since: Timestamp,
    },
    /// The suites run again then.
    Next {
        at: Timestamp,
        /// When the last round ended, and how.
        last: Option<(Timestamp, String)>,
        /// It was deployed under other terms than those in force, so a green round proves nothing.
        outdated: bool,
    },
    /// No round begins while everything is paused.
    Paused,
}

impl WatchWait {
    /// The wait's code, one of [`super::Wait::CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnderWay { .. } => "watching",
            Self::Next { .. } | Self::Paused => "watched",
        }
    }

    pub(super) fn explain(&self, stage: &StageName) -> Explained {
        let (sentence, who, command, until) = match self {
            Self::UnderWay {
                round,
                suites,
                since,
            } => (
                format!(
                    "round {round} of the watch looks at what stands here since {since:.0}: {}",
                    suites.join(", ")
                ),
                "the integration tests",
                Some(format!("greenroom log {stage}")),
                None,
            ),
            Self::Next { at, last, outdated } => {
                let mut sentence = format!("what stands here is tested again at {at:.0}");
                if let Some((when, found)) = last {
                    sentence.push_str(&format!(
                        "; the last round ended at {when:.0} and {}",
                        one_line(found)
                    ));
                }
                if *outdated {
                    sentence.push_str(
                        "; it was deployed under another stage file, so that green proves nothing \
                         until it is deployed again",
                    );
                }
                let verb = if *outdated { "retry" } else { "log" };
                (
                    sentence,
                    "time",
                    Some(format!("greenroom {verb} {stage}")),
                    Some(*at),
                )
            }
            Self::Paused => (
                "what stands here is not tested again while everything is paused".to_owned(),
                "whoever ends the pause",
                None,
                None,
            ),
        };
        Explained {
            code: self.code(),
            sentence,
            who: who.to_owned(),
            command,
            until,
        }
    }
}
