//! E2: a message is one sender's until its lease is over by his own clock. Whoever takes it before
//! sends it beside him.

use std::collections::BTreeMap;

use greenroom_app::records::{Claim, OutboxEntry};
use jiff::{SignedDuration, Timestamp};

use super::{Commit, Found};
use crate::setup::Shape;
use crate::truth::{Change, Truth};

/// So long a sender may take a message for his own.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// Who has each message, and until when he really does.
#[derive(Debug, Default)]
pub struct Leases(BTreeMap<String, (String, Timestamp)>);

impl Leases {
    /// An entry of the outbox was written.
    pub fn changed(
        &mut self,
        truth: &Truth,
        change: &Change<'_>,
        commit: &Commit,
        found: &mut Found,
    ) {
        // Who knows to be alone need not wait for the dead.
        if truth.setup.shape == Shape::Machine {
            return;
        }
        let claim = |bytes: &[u8]| -> Option<Claim> {
            let entry: OutboxEntry = serde_json::from_slice(bytes).ok()?;
            entry.claim
        };
        let old = change.before.as_deref().and_then(claim);
        let Some(new) = change.after.and_then(claim) else {
            return;
        };
        if old.as_ref() == Some(&new) {
            return;
        }
        let name = &change.key.sort;
        if let Some(old) = old
            && let Some((by, end)) = self.0.get(name)
            && old.by == *by
            && new.by != *by
            && truth.now < *end
        {
            let what = format!("{} takes {name}, which is {by}'s until {end}", new.by);
            found.broken(truth, "E2", what);
        }
        if let Some(glance) = commit.glance {
            let end = glance.at.saturating_add(LEASE).unwrap_or(glance.at);
            self.0.insert(name.clone(), (new.by, end));
        }
    }
}
