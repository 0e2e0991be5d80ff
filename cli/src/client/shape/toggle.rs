//! Which of two stages people use.

use jiff::Timestamp;
use serde::Deserialize;

/// A stage that takes turns with another.
#[derive(Debug, Deserialize)]
pub struct Toggle {
    pub is_live: bool,
    pub live: Option<String>,
    pub with: String,
    pub since: Option<Timestamp>,
    pub by: Option<String>,
    pub kept_until: Option<Timestamp>,
}
