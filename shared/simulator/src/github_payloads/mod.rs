//! Webhook bodies as GitHub documents them: every field, in GitHub's order, with values of our own.
//!
//! `paths/` lists the names of the fields that each event always has; a test holds the bodies
//! against it. Bodies come out as compact JSON text, because what is signed is bytes.

mod object;
mod organization;
mod person;
mod ping;
mod pull_request;
mod push;
mod reference;
mod repository;
mod signature;

#[cfg(test)]
mod tests;

pub use person::Person;
pub use ping::ping;
pub use pull_request::{Label, PullRequest, PullRequestAction};
pub use push::{Commit, Push};
pub use reference::{created, deleted};
pub use repository::{Owner, Repository};
pub use signature::{headers, sign};

/// The id that stands for "no commit" in a push.
pub const ZEROS: &str = "0000000000000000000000000000000000000000";
