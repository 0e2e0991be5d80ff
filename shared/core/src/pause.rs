//! A pause of everything: a person stops all stages of an app at once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::accept::Rejection;
use crate::authorize::authorize_pause;
use crate::bound;
use crate::name::RepoName;
use crate::principal::Principal;

/// What people call themselves is kept only so long.
const BY_MAX: usize = 100;

/// Nothing of the app is claimed or admitted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pause {
    pub by: String,
    pub reason: String,
    pub since: Timestamp,
    /// `None`: until somebody resumes.
    pub until: Option<Timestamp>,
}

impl Pause {
    /// Whether the pause still holds at `now`, read from a clock that may be wrong by
    /// `clock_error` either way: never over early.
    pub fn holds(&self, now: Timestamp, clock_error: SignedDuration) -> bool {
        self.over_at(clock_error).is_none_or(|over| now < over)
    }

    /// Whether it lasts at least until `until`; `None` is without an end.
    pub fn outlasts(&self, until: Option<Timestamp>) -> bool {
        let end = |until: Option<Timestamp>| until.unwrap_or(Timestamp::MAX);
        end(self.until) >= end(until)
    }

    /// The first reading of a clock at which it is over for certain.
    pub fn over_at(&self, clock_error: SignedDuration) -> Option<Timestamp> {
        let until = self.until?;
        Some(until.saturating_add(clock_error).unwrap_or(Timestamp::MAX))
    }
}

/// A wish of a person for a whole app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "command")]
pub enum PauseCommand {
    Pause {
        reason: String,
        until: Option<Timestamp>,
    },
    Resume,
}

impl PauseCommand {
    /// The verb, as the CLI spells it.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
        }
    }
}

/// The pause of `app` after `command`, or why not.
///
/// # Errors
/// `Forbidden` for whoever may not, `Conflict` when another person's pause lasts at
/// least as long, `Invalid` for no
/// reason or an end in the past, `NotFound` when there is nothing to resume.
pub fn accept(
    pause: Option<&Pause>,
    app: &RepoName,
    principal: &Principal,
    command: &PauseCommand,
    now: Timestamp,
) -> Result<Option<Pause>, Rejection> {
    let authorized = authorize_pause(principal, command, app).map_err(Rejection::from)?;
    let by = bound::text(authorized.principal().name(), BY_MAX);
    let held = pause.filter(|pause| pause.holds(now, SignedDuration::ZERO));
    match command {
        PauseCommand::Pause { reason, until } => {
            if reason.trim().is_empty() {
                return Err(Rejection::invalid(
                    "a pause needs a reason",
                    "say why with `--reason`",
                ));
            }
            // Whoever asks for longer has seen more; nobody ends another's pause by asking for less.
            let stays = |pause: &&Pause| pause.by != by && pause.outlasts(*until);
            if let Some(pause) = held.filter(stays) {
                return Err(Rejection::conflict(
                    format!("{} paused {app} already: {}", pause.by, pause.reason),
                    &format!("greenroom resume --app {app}"),
                ));
            }
            if until.is_some_and(|until| until <= now) {
                return Err(Rejection::invalid(
                    "the pause would end before it begins",
                    "give `--until` an instant in the future",
                ));
            }
            Ok(Some(Pause {
                by,
                reason: bound::text(reason, bound::WHY_MAX),
                since: now,
                until: *until,
            }))
        }
        // One that is over on this clock may hold on another: it goes as well.
        PauseCommand::Resume if pause.is_some() => Ok(None),
        PauseCommand::Resume => Err(Rejection::not_found(
            format!("{app} is not paused"),
            "greenroom status",
        )),
    }
}
