//! Waiting until nothing is left to do: not for a time, but for the server to say so.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::world::World;
use crate::demo::Result;
use crate::demo::server::{Talk, until};

/// Markers are kept in milliseconds; what is due then is due a little later.
pub const BEYOND: SignedDuration = SignedDuration::from_millis(1);

/// What the server shows when it is quiet.
#[derive(Clone, Debug)]
pub struct Still {
    pub board: Value,
    /// When the next thing is due by itself.
    pub next: Option<Timestamp>,
}

impl Still {
    /// Now, by the server's clock.
    pub fn now(&self) -> Result<Timestamp> {
        let now = self.board["now"].as_str().unwrap_or_default();
        Ok(now.parse()?)
    }

    /// The cards of all stages, in the board's order.
    pub fn cards(&self) -> impl Iterator<Item = &Value> {
        let apps = self.board["apps"].as_array().into_iter().flatten();
        apps.flat_map(|app| app["stages"].as_array().into_iter().flatten())
    }
}

/// What is due so soon after something else belongs to it: a test that is tried again.
const SOON: SignedDuration = SignedDuration::from_mins(1);
/// After so many of them it goes round in circles.
const ROUNDS_MAX: usize = 100;

impl World {
    /// Waits until nothing is due, nothing runs and nothing is to be sent. What is due within a
    /// minute is not waited for: the clock is moved there.
    pub async fn quiet(&mut self) -> Result<Still> {
        for _ in 0..ROUNDS_MAX {
            let still = self.nothing_runs().await?;
            let now = still.now()?;
            let soon = still.next.filter(|next| next.duration_since(now) <= SOON);
            match soon {
                Some(next) => {
                    let by = next.duration_since(now).max(BEYOND);
                    self.move_clock(by).await?;
                }
                None => return Ok(still),
            }
        }
        Err("there is always something to be done soon".into())
    }

    async fn nothing_runs(&self) -> Result<Still> {
        let talk = self.talk()?;
        let waited = until("Greenroom is quiet", async || {
            // No commit in between: what was read is one state, and not parts of several.
            let before = commits(talk).await?;
            let backlog = talk.get("/backlog").await?;
            let board = talk.get("/board").await?;
            if before != commits(talk).await? {
                return Ok(None);
            }
            Ok(still(&backlog, board))
        });
        match waited.await {
            Ok(still) => Ok(still),
            Err(error) => {
                let backlog = talk.get("/backlog").await?;
                Err(format!("{error}; still to be done: {backlog}").into())
            }
        }
    }
}

async fn commits(talk: &Talk) -> Result<Value> {
    Ok(talk.get("/counters").await?["store"]["commits"].clone())
}

fn still(backlog: &Value, board: Value) -> Option<Still> {
    let kinds = backlog.as_array()?;
    let mut next: Option<Timestamp> = None;
    for one in kinds {
        // Stages wait for times; everything else that is pending is being done.
        if one["overdue"] != 0 || one["kind"] != "stage" && one["pending"] != 0 {
            return None;
        }
        let oldest = one["oldest"].as_str().and_then(|at| at.parse().ok());
        next = match (next, oldest) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    let still = Still { board, next };
    // A run that is tested while nothing is pending waits for the next try of a test.
    let waits = |run: &Value| run.is_null() || run["phase"] == "verifying";
    let quiet = still.cards().all(|card| waits(&card["run"]));
    quiet.then_some(still)
}
