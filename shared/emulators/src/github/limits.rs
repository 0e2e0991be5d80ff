//! The primary rate limit, and everything that goes wrong when a test says so.

use super::answer::Answer;

/// What happens to the next request instead of its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The primary limit is used up: 403 or 429, nothing remains until `reset` (epoch seconds).
    Primary { status: u16, reset: i64 },
    /// A secondary limit: 403 or 429, with `retry-after` in seconds or without.
    Secondary {
        status: u16,
        retry_after: Option<u64>,
    },
    /// This status, with GitHub's page of HTML.
    Status(u16),
    /// 200 and a body that breaks off.
    HalfAnswer,
    /// The request takes effect; no answer ever comes.
    TakeThenHang,
}

/// The primary limit, an hour long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub limit: u64,
    pub used: u64,
    /// Epoch seconds.
    pub reset: i64,
}

impl Limit {
    pub(super) fn new(now: i64) -> Self {
        Self {
            limit: 5000,
            used: 0,
            reset: now + 3600,
        }
    }

    pub(super) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    pub(super) fn roll(&mut self, now: i64) {
        if now >= self.reset {
            self.used = 0;
            self.reset = now + 3600;
        }
    }

    pub(super) fn headers(&self, answer: Answer) -> Answer {
        answer
            .with("x-ratelimit-limit", self.limit.to_string())
            .with("x-ratelimit-remaining", self.remaining().to_string())
            .with("x-ratelimit-used", self.used.to_string())
            .with("x-ratelimit-reset", self.reset.to_string())
            .with("x-ratelimit-resource", "core")
    }
}

pub(super) fn exceeded(status: u16) -> Answer {
    Answer::refuse(status, "API rate limit exceeded for installation ID 1.")
}

pub(super) fn secondary(status: u16, retry_after: Option<u64>) -> Answer {
    let words =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let answer = Answer::refuse(status, words);
    match retry_after {
        Some(seconds) => answer.with("retry-after", seconds.to_string()),
        None => answer,
    }
}
