//! How long a claim lasts: no longer than its holder can be at it, as far as that is known.

use greenroom_core::effect::Effect;
use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::ports::Ports;
use crate::records::OutboxEntry;

/// What an attempt at a suite takes beside the suite: reading its files, and writing down what it
/// came to.
const BESIDE: SignedDuration = SignedDuration::from_secs(30);

impl<P: Ports> App<P> {
    /// `longest`, or less where this process ends before, whatever becomes of it: others take over
    /// as soon as nobody can be at it. An attempt at a suite that takes longer than its stage file
    /// allows for is made once more beside the first, and one of both counts.
    pub(super) async fn at_most(
        &self,
        longest: SignedDuration,
        entry: &OutboxEntry,
        now: Timestamp,
    ) -> SignedDuration {
        let Some(end) = self.ports.ends_at() else {
            return longest;
        };
        let left = end.duration_since(now).max(SignedDuration::ZERO);
        let takes = self.attempt_takes(entry).await.unwrap_or(longest);
        longest.min(left).min(takes)
    }

    /// The longest an attempt at a suite takes; `None` for anything else, and where its stage file
    /// cannot be read now.
    async fn attempt_takes(&self, entry: &OutboxEntry) -> Option<SignedDuration> {
        let Effect::RunSuite { suite, config, .. } = &entry.effect else {
            return None;
        };
        let file = self.stage_file(entry.owner.app, config).await.ok()?;
        let suite = file.suites.get(suite)?;
        Some(
            suite
                .ready
                .saturating_add(suite.timeout)
                .saturating_add(BESIDE),
        )
    }
}
