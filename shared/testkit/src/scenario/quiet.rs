//! Waiting until nothing is left to do: not for a time, but for the server to say so.

use jiff::Timestamp;
use serde_json::Value;

use super::world::World;
use crate::demo::Result;
use crate::demo::server::{Talk, until};

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

impl World {
    /// Waits until nothing is due, nothing runs and nothing is to be sent.
    pub async fn quiet(&self) -> Result<Still> {
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
    let runs = still.cards().any(|card| !card["run"].is_null());
    (!runs).then_some(still)
}
