//! What a message is made of, before any sink.
//!
//! The types keep our words apart from a stranger's: a [`Span`] of ours is made of literals,
//! numbers and times only, everything else is a [`Clean`].

use jiff::{SignedDuration, Timestamp};

use super::words;
use crate::escape::{Clean, Untrusted, WebAddress};

/// A piece of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Span {
    /// Our own words.
    Say(String),
    /// Our own words, to be seen first.
    Strong(String),
    /// A stranger's words, or a name.
    Quote(Clean),
    Link {
        label: Clean,
        to: WebAddress,
    },
}

impl Span {
    pub(super) fn say(text: &'static str) -> Self {
        Self::Say(text.to_owned())
    }
    pub(super) fn strong(text: &'static str) -> Self {
        Self::Strong(text.to_owned())
    }
    /// At most `limit` UTF-16 units of `text`.
    pub(super) fn quote(text: &str, limit: usize) -> Self {
        Self::Quote(quoted(text, limit))
    }
    pub(super) fn count(n: u64, one: &'static str) -> Self {
        Self::Say(words::count(n, one))
    }
    pub(super) fn number(n: u64) -> Self {
        Self::Say(n.to_string())
    }
    pub(super) fn moment(at: Timestamp, now: Timestamp) -> Self {
        Self::Say(words::moment(at, now))
    }
    pub(super) fn length(duration: SignedDuration) -> Self {
        Self::Say(words::length(duration))
    }
}

/// As [`Untrusted::line`], and never empty: an empty name would leave a hole in a sentence.
pub(super) fn quoted(text: &str, limit: usize) -> Clean {
    let line = Untrusted::new(text).line(limit);
    if line.is_empty() {
        Untrusted::new("(empty)").line(limit)
    } else {
        line
    }
}

/// One entry of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub line: Vec<Span>,
    /// Told under it, as it was said.
    pub detail: Option<Clean>,
}

/// A paragraph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Body {
    Lines(Vec<Vec<Span>>),
    List {
        title: Vec<Span>,
        entries: Vec<Entry>,
    },
    Log {
        title: Vec<Span>,
        lines: Vec<Clean>,
    },
}

/// A paragraph and how much it matters: under a limit, the least `weight` goes first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Part {
    pub weight: u8,
    pub body: Body,
}

/// How the message looks from afar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tone {
    Bad,
    Changed,
    Good,
    Unsure,
    Stop,
    Note,
}

impl Tone {
    /// For sinks that show emoji.
    pub(super) fn emoji(self) -> &'static str {
        match self {
            Self::Bad => "🔴",
            Self::Changed => "🟠",
            Self::Good => "🟢",
            Self::Unsure => "🟡",
            Self::Stop => "⛔",
            Self::Note => "🔔",
        }
    }
    /// For terminals; the word beside it says the same.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Bad => "✗",
            Self::Changed => "≠",
            Self::Good => "✓",
            Self::Unsure => "?",
            Self::Stop => "!",
            Self::Note => "*",
        }
    }
}

/// A whole message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Doc {
    pub tone: Tone,
    /// One line that says it all.
    pub head: Vec<Span>,
    pub parts: Vec<Part>,
}

/// How much of each thing a sink shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub failing: usize,
    pub message: usize,
    pub suspects: usize,
    pub unaffected: usize,
    pub look: usize,
    pub problems: usize,
    pub log_lines: usize,
    pub log_line: usize,
    pub held: usize,
}

impl Limits {
    /// Read on a telephone. All at their maximum stay under Telegram's budget.
    pub(super) const CHAT: Self = Self {
        failing: 3,
        message: 200,
        suspects: 5,
        unaffected: 4,
        look: 4,
        problems: 4,
        log_lines: 8,
        log_line: 120,
        held: 15,
    };
    /// Read at a desk.
    pub(super) const LONG: Self = Self {
        failing: 10,
        message: 400,
        suspects: 10,
        unaffected: 10,
        look: 6,
        problems: 10,
        log_lines: 30,
        log_line: 200,
        held: 100,
    };
}
