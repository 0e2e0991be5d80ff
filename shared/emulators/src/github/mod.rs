//! GitHub's REST API, as far as Greenroom speaks it, over real git repositories on disk.
//!
//! What is asked is answered in GitHub's documented shapes and from the repository as it is at that
//! moment; what is not asked for correctly is refused in GitHub's words: no `User-Agent`, a token
//! that is unknown or over, a permission it has not, a JWT that does not verify, a status that is
//! too long or one too many. An endpoint that Greenroom does not use is a 501, so that a new call is
//! noticed and modelled. Limits, outages and lost answers come when they are asked for; every call
//! is written down.

mod answer;
mod app;
mod ask;
mod compare;
mod git;
mod key;
mod limits;
mod objects;
mod reach;
mod references;
mod repository;
mod route;
mod server;
mod state;
mod statuses;
mod tarball;

use std::path::PathBuf;

pub use key::KeyPair;
pub use limits::Fault;
pub use reach::{Access, Reach};
pub use server::FakeGitHub;
pub use statuses::Status;

/// A repository that is served.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// GitHub's numeric id; it survives a rename.
    pub id: u64,
    /// `owner/name`.
    pub name: String,
    /// A repository on disk, bare or with a work tree. Its `HEAD` is the default branch.
    pub folder: PathBuf,
}

/// A request that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// `GET /repos/{o}/{r}/git/trees/{sha}`: the method and the path without what varies.
    pub route: String,
    pub status: u16,
    /// It counts against the primary rate limit; a 304 does not.
    pub counted: bool,
}
