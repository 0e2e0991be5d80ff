//! Greenroom's decisions: pure functions over values. No clock, no async, no environment.
//!
//! [`record::record`] writes down facts, [`accept::accept`] grants or refuses commands, and
//! [`plan::plan`] decides what is next from state alone and says why nothing more moves.

pub mod accept;
pub mod authorize;
pub mod bound;
pub mod build;
pub mod command;
pub mod commit_status;
pub mod definition;
pub mod effect;
pub mod escape;
pub mod evidence;
pub mod execution;
pub mod fact;
pub mod freeze;
pub mod history;
pub mod mark;
pub mod message;
pub mod name;
pub mod paths;
pub mod pause;
pub mod plan;
pub mod policy;
pub mod principal;
pub mod record;
pub mod release;
pub mod resolve;
pub mod rota;
pub mod schedule;
pub mod sharing;
pub mod stage;
pub mod stage_file;
pub mod toggle;
pub mod verdict;
pub mod waiting;
