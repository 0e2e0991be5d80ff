//! Where a commit is, and how two stages differ.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Health, Wait};

/// The way of one commit over the stages of an app.
#[derive(Debug, Deserialize)]
pub struct Way {
    pub name: String,
    pub revision: String,
    pub subject: Option<String>,
    pub author: Option<String>,
    pub at: Option<Timestamp>,
    pub stages: Vec<Leg>,
}

/// How it is with a commit on one stage.
#[derive(Debug, Deserialize)]
pub struct Leg {
    pub stage: String,
    pub state: String,
    pub revision: Option<String>,
    pub since: Option<Timestamp>,
    pub generation: Option<u64>,
    pub health: Option<Health>,
    pub after: Option<String>,
    pub until: Option<Timestamp>,
    pub why: Option<Wait>,
    pub unknown: Option<String>,
    #[serde(default)]
    pub live: Option<bool>,
}

/// How two stages differ.
#[derive(Debug, Deserialize)]
pub struct TwoStages {
    pub from: Side,
    pub to: Side,
    pub same_artifact: Option<bool>,
    pub unknown: Option<String>,
    pub variables: Vec<Differing>,
}

#[derive(Debug, Deserialize)]
pub struct Side {
    pub stage: String,
    pub health: Health,
    pub revision: Option<String>,
    pub artifact: Option<String>,
    pub since: Option<Timestamp>,
    pub commits: Vec<Ahead>,
    pub truncated: bool,
    #[serde(default)]
    pub live: Option<bool>,
}

/// A commit that only one of them has.
#[derive(Debug, Deserialize)]
pub struct Ahead {
    pub revision: String,
    pub author: String,
    pub subject: String,
    pub at: Timestamp,
}

/// A variable that is not the same on both.
#[derive(Debug, Deserialize)]
pub struct Differing {
    pub name: String,
    pub from: Option<Value>,
    pub to: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Text(String),
    Secret(String),
}
