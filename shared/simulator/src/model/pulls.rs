//! Pull requests of the repository, those of forks among them.

use greenroom_core::name::Revision;

/// One pull request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pull {
    pub number: u64,
    /// Of this repository, or of the fork.
    pub branch: String,
    pub base: String,
    pub author: String,
    pub labels: Vec<String>,
    pub fork: bool,
    pub head: Revision,
    pub open: bool,
}
