//! Where code lives, by GitHub's REST API, for a Greenroom that has no disk to keep mirrors on.
//!
//! What stands where is asked of GitHub every time; an answer that has not changed since costs
//! nothing of the rate limit. What belongs to a commit never changes and is asked for once as long
//! as there is room to keep it. GitHub says "not found" of what is not there and of what it hides,
//! so that word is believed only after GitHub has shown that it would tell us. A limit of GitHub's
//! is kept: until it is over, no request leaves.

mod api;
mod changed;
mod check;
mod credential;
mod gate;
mod history;
mod jwt;
mod kept;
mod pages;
mod reference;
mod refusal;
mod send;
mod source;
mod status;
mod token;
mod tree;
mod wire;

pub use check::Checked;
pub use credential::{Credential, CredentialError};
pub use source::{Clock, DEFAULT_BASE, GitHubSource, SetupError, Timeouts};
