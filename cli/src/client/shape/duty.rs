//! Who is on duty, as `/api/v1/duty` tells it.

use jiff::Timestamp;
use serde::Deserialize;

/// A rota of an app.
#[derive(Debug, Deserialize)]
pub struct Duty {
    pub name: String,
    pub rota: String,
    pub now: Option<Turn>,
    pub next: Option<Turn>,
    pub channels: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Turn {
    pub person: String,
    pub since: Timestamp,
    pub until: Timestamp,
}
