//! A stage that takes turns with another, in words.

use jiff::Timestamp;

use super::text::clean;
use super::time::{age, relative};
use crate::client::shape::Toggle;

/// A word for the board: `live`, `kept` or nothing.
pub fn word(toggle: Option<&Toggle>) -> Option<&'static str> {
    let toggle = toggle?;
    match (toggle.is_live, toggle.kept_until) {
        (true, _) => Some("live"),
        (false, Some(_)) => Some("kept"),
        (false, None) => None,
    }
}

/// A line of its own: which side people use, and until when the other is kept.
pub fn line(toggle: &Toggle, stage: &str, now: Timestamp) -> String {
    let by = toggle.by.as_deref().map_or_else(String::new, |by| {
        let since = toggle.since.map_or_else(String::new, |at| age(at, now));
        format!(" for {since}, by {}", clean(by))
    });
    let kept = toggle.kept_until.map_or_else(String::new, |until| {
        format!("; {} is kept, {}", clean(stage), ends(until, now))
    });
    match &toggle.live {
        Some(live) => format!("{} is live{by}{kept}", clean(live)),
        None => format!(
            "nobody is led to {} or {} yet",
            clean(stage),
            clean(&toggle.with)
        ),
    }
}

fn ends(until: Timestamp, now: Timestamp) -> String {
    format!("which ends {}", relative(until, now))
}
