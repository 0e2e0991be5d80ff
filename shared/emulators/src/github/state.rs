//! Everything the service knows besides the repositories themselves.

use std::collections::{BTreeMap, VecDeque};

use super::limits::{Fault, Limit};
use super::reach::Reach;
use super::statuses::Status;
use super::{Call, Hosted};

/// A token that was handed out.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub reach: Reach,
    /// Epoch seconds; `None` never ends.
    pub ends: Option<i64>,
    pub of_installation: bool,
}

/// An App, with its installations by id.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub public_key: Vec<u8>,
    pub installations: BTreeMap<u64, Installation>,
}

#[derive(Clone, Debug)]
pub(super) struct Installation {
    pub reach: Reach,
    pub suspended: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub repositories: BTreeMap<u64, Hosted>,
    /// Names that a repository had before, in lower case.
    pub former: BTreeMap<String, u64>,
    pub apps: BTreeMap<u64, App>,
    pub tokens: BTreeMap<String, Token>,
    pub tokens_made: u64,
    /// By repository and commit, oldest first.
    pub statuses: BTreeMap<(u64, String), Vec<Status>>,
    pub limit: Limit,
    pub faults: VecDeque<Fault>,
    pub outage: bool,
    /// Entries a recursive listing gives before it is cut.
    pub tree_max: usize,
    pub calls: Vec<Call>,
    /// Seconds that its clock is ahead.
    pub ahead: i64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            repositories: BTreeMap::new(),
            former: BTreeMap::new(),
            apps: BTreeMap::new(),
            tokens: BTreeMap::new(),
            tokens_made: 0,
            statuses: BTreeMap::new(),
            limit: Limit::new(jiff::Timestamp::now().as_second()),
            faults: VecDeque::new(),
            outage: false,
            tree_max: 100_000,
            calls: Vec::new(),
            ahead: 0,
        }
    }

    /// Epoch seconds, by its own clock.
    pub(super) fn now(&self) -> i64 {
        jiff::Timestamp::now().as_second() + self.ahead
    }

    /// The repository that has this name now. Case does not matter.
    pub(super) fn named(&self, name: &str) -> Option<&Hosted> {
        let mut all = self.repositories.values();
        all.find(|hosted| hosted.name.eq_ignore_ascii_case(name))
    }
}
