//! Waits that are about two stages that take turns in being the one people use.

use jiff::Timestamp;

use super::explain::one_line;
use super::{Closing, Explained};
use crate::freeze::Edge;
use crate::name::StageName;
use crate::toggle::Doubt;

/// What a toggle has to do with why nothing moves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToggleWait {
    /// People were led elsewhere and may be led back: nothing is deployed here.
    Kept {
        live: Option<StageName>,
        until: Timestamp,
    },
    /// People use this side, or nobody was led anywhere yet: what leads here goes to the other.
    NotIdle { live: bool, other: StageName },
    /// The stage's windows close it to what is new.
    Frozen { closed: Vec<Closing>, opens: Edge },
    /// A run leads people here.
    Flipping {
        generation: u64,
        since: Timestamp,
        deadline: Timestamp,
    },
    /// A run leads people to one of the sides.
    Busy { to: StageName, generation: u64 },
    /// The last flip did not succeed.
    Doubt {
        doubt: Doubt,
        /// The side that is live as far as anybody knows.
        live: Option<StageName>,
    },
    /// Nobody is led here: what stands here is not proven.
    NotGreen { why: String },
}

impl ToggleWait {
    /// The wait's code, one of [`super::Wait::CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::Kept { .. } => "toggle_kept",
            Self::NotIdle { .. } | Self::Frozen { .. } | Self::NotGreen { .. } => "toggle_closed",
            Self::Flipping { .. } | Self::Busy { .. } => "flipping",
            Self::Doubt { .. } => "flip_failed",
        }
    }

    /// False only for what goes its way by itself.
    pub(super) fn blocks(&self) -> bool {
        !matches!(self, Self::Flipping { .. } | Self::Busy { .. })
    }

    /// The wait in words, for `stage`.
    pub(super) fn explain(&self, stage: &StageName) -> Explained {
        let (sentence, who, command, until) = match self {
            Self::Kept { live, until } => (
                format!(
                    "it is kept as it stands until {until:.0}, because people may be led back \
                     here{}",
                    live.as_ref()
                        .map_or_else(String::new, |live| format!(" from {live}"))
                ),
                "whoever is sure that nobody goes back".to_owned(),
                Some(format!("greenroom settle {stage}")),
                Some(*until),
            ),
            Self::NotIdle { live, other } => (
                if *live {
                    format!("{stage} is live: people use it, and what leads here goes to {other}")
                } else {
                    format!("before anybody is led anywhere, what leads here goes to {other}")
                },
                format!("whoever leads people to {other}"),
                Some(format!("greenroom toggle {other}")),
                None,
            ),
            Self::Frozen { closed, opens } => {
                let by: Vec<String> = closed.iter().map(Closing::sentence).collect();
                (
                    format!("nobody is led to {stage}: {}", by.join("; ")),
                    "the windows of the stage file".to_owned(),
                    Some(format!("greenroom freeze {stage}")),
                    opens.at(),
                )
            }
            Self::Flipping {
                generation,
                since,
                deadline,
            } => (
                format!(
                    "run {generation} leads people here since {since:.0}; it is stopped at \
                     {deadline:.0}"
                ),
                "the pipeline".to_owned(),
                Some(format!("greenroom log {stage}")),
                None,
            ),
            Self::Busy { to, generation } => (
                format!("run {generation} of {to} leads people there"),
                "the pipeline".to_owned(),
                Some(format!("greenroom why {to}")),
                None,
            ),
            Self::Doubt { doubt, live } => {
                let to = &doubt.to;
                let back = match live {
                    Some(live) => format!("{live} is live as far as anybody knows"),
                    None => "nobody was led anywhere before".to_owned(),
                };
                let why = one_line(&doubt.why);
                (
                    format!(
                        "run {} did not lead people to {to}: {why}; {back}",
                        doubt.generation
                    ),
                    "somebody who looks where people are, and leads them to one side or settles it"
                        .to_owned(),
                    Some(format!("greenroom toggle {}", live.as_ref().unwrap_or(to))),
                    None,
                )
            }
            Self::NotGreen { why } => (
                format!("nobody is led to {stage}: {why}"),
                format!("whatever makes {stage} green"),
                Some(format!("greenroom why {stage}")),
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
