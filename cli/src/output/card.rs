//! A stage of the board, in words.

use jiff::Timestamp;

use super::side;
use super::style::{Mark, PLAIN};
use super::table::Cell;
use super::text::{clean, short};
use super::time::{age, said};
use crate::client::shape::{Break, Failing, Health, MarkShown, StageCard, Wait};

/// What is over the columns of [`row`].
pub const HEADER: [&str; 6] = ["", "STAGE", "COMMIT", "AGE", "PHASE", "WAITS FOR"];

/// How a stage is, at one glance.
pub fn mark(health: Health) -> Mark {
    match health {
        Health::Green => Mark::Good,
        Health::Red => Mark::Bad,
        Health::Unverified => Mark::Care,
        Health::Unknown => Mark::Empty,
    }
}

/// The word for a health.
pub fn word(health: Health) -> &'static str {
    match health {
        Health::Green => "green",
        Health::Red => "red",
        Health::Unverified => "unverified",
        Health::Unknown => "unknown",
    }
}

/// One line of the board.
pub fn row(card: &StageCard, now: Timestamp) -> Vec<Cell> {
    let mark = mark(card.health);
    let (commit, since) = match &card.deployed {
        Some(release) => {
            let unsure = if release.complete { "" } else { "?" };
            (
                format!("{}{unsure}", short(&release.revision)),
                age(release.since, now),
            )
        }
        None => ("-".to_owned(), "-".to_owned()),
    };
    let phase = if card.phase == "idle" {
        PLAIN.dimmed()
    } else {
        PLAIN
    };
    vec![
        Cell::new(mark.symbol(), mark.style()),
        Cell::from(clean(&card.stage)),
        Cell::from(commit),
        Cell::from(since),
        Cell::new(phase_of(card), phase),
        Cell::from(notes(card, now)),
    ]
}

/// `idle`; `idle, live` of the one that people use.
fn phase_of(card: &StageCard) -> String {
    let phase = clean(&card.phase);
    match side::word(card.toggle.as_ref()) {
        Some(word) => format!("{phase}, {word}"),
        None => phase,
    }
}

fn notes(card: &StageCard, now: Timestamp) -> String {
    let mut notes = Vec::new();
    if let Some(brk) = &card.brk {
        notes.push(broken(brk, now));
    } else if card.health == Health::Unverified {
        notes.push("could not be proven".to_owned());
    }
    let here = card.deployed.as_ref().map(|release| &release.revision);
    let bad = card
        .marks
        .iter()
        .find(|mark| mark.mark == "bad" && Some(&mark.revision) == here);
    if let Some(bad) = bad {
        notes.push(format!("what stands here is {}", marked(bad)));
    }
    if !card.queue.is_empty() {
        notes.push(format!("{} in line", card.queue.len()));
    }
    if let Some(mute) = &card.mute {
        notes.push(format!("muted by {}", clean(&mute.by)));
    }
    if card.waiting_on.iter().any(|wait| wait.code == "flapping") {
        notes.push("it flaps".to_owned());
    }
    match card.waiting_on.first() {
        Some(wait) if wait.code == "up_to_date" => {}
        Some(wait) => notes.push(waits(wait, now)),
        None => {}
    }
    notes.join("; ")
}

/// `bad, says dana: it loses orders`.
pub fn marked(mark: &MarkShown) -> String {
    let note = mark.note.as_ref();
    let note = note.map_or_else(String::new, |note| format!(": {}", clean(note)));
    format!("{}, says {}{note}", clean(&mark.mark), clean(&mark.by))
}

/// Why it waits; until when, where the sentence does not say it.
fn waits(wait: &Wait, now: Timestamp) -> String {
    let sentence = clean(&wait.sentence);
    let spoken = said(&sentence, now);
    match wait.until {
        Some(until) if spoken == sentence => format!("{spoken} (for another {})", age(now, until)),
        _ => spoken,
    }
}

/// `red for 2h: 3 of 12 tests fail, bob looks after it`.
pub fn broken(brk: &Break, now: Timestamp) -> String {
    let what = failing(&brk.failing);
    let who = brk
        .acknowledged
        .as_ref()
        .map_or_else(String::new, |acknowledged| {
            format!(", {} looks after it", clean(&acknowledged.by))
        });
    format!("red for {}: {what}{who}", age(brk.since, now))
}

/// What fails, in a few words.
pub fn failing(failing: &Failing) -> String {
    match failing {
        Failing::Tests { failed, total, .. } => format!("{failed} of {total} tests fail"),
        Failing::Step { build, step, .. } => {
            let place = if *build {
                "the build"
            } else {
                "the deployment"
            };
            format!("{place} fails at step {}", clean(step))
        }
    }
}
