//! How long an invocation may still take. What would be killed half-way is not begun.

use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use tokio::time::Instant;

/// Kept for the answer to travel, and for the log.
const MARGIN: Duration = Duration::from_secs(1);

/// The instant by which everything must have ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Until(Instant);

impl Until {
    /// The platform's deadline, less a margin.
    pub fn of(context: &Context) -> Self {
        let left = context.deadline().duration_since(SystemTime::now());
        Self::within(left.unwrap_or_default().saturating_sub(MARGIN))
    }

    /// So much later than now.
    pub fn within(left: Duration) -> Self {
        Self(Instant::now() + left)
    }

    /// The same, less `reserve` for what comes after.
    #[must_use]
    pub fn but(self, reserve: Duration) -> Self {
        Self(self.0.checked_sub(reserve).unwrap_or(self.0))
    }

    /// What is left; zero when it is over.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    pub fn is_over(self) -> bool {
        self.left().is_zero()
    }

    /// The output of `future`, unless it takes too long; it is dropped where it stands then.
    pub async fn allows<T>(self, future: impl Future<Output = T>) -> Option<T> {
        if self.is_over() {
            return None;
        }
        tokio::time::timeout_at(self.0, future).await.ok()
    }
}
