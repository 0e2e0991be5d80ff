//! Who waits behind what is next, and what gave way.

use jiff::Timestamp;

use crate::client::shape::StageCard;
use crate::exit::Stop;
use crate::output::Output;
use crate::output::text::{clean, short};
use crate::output::time::relative;

/// Older ones are in the log.
const PASSED_MAX: usize = 3;

/// A line for each that waits, with its place, and for the last that gave way.
pub(super) fn line(output: &mut Output, card: &StageCard, now: Timestamp) -> Result<(), Stop> {
    // What runs and what wants to come are in front.
    let ahead = usize::from(card.phase != "idle") + usize::from(card.candidate.is_some());
    for (place, waits) in card.queue.iter().enumerate() {
        let more = match waits.contains.len() {
            0 => String::new(),
            count => format!(", with {count} more that it contains"),
        };
        output.line(format_args!(
            "  {} waits in line, {} in front of it: {}, {}{more}",
            short(&waits.revision),
            place + ahead,
            clean(&waits.cause),
            relative(waits.since, now)
        ))?;
    }
    let over = card.passed.len().saturating_sub(PASSED_MAX);
    for passed in card.passed.iter().skip(over) {
        output.line(format_args!(
            "  {} gave way {}: {}",
            short(&passed.revision),
            relative(passed.at, now),
            clean(&passed.why)
        ))?;
    }
    Ok(())
}
