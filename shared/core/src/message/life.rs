//! What is told of a stage that goes.

use super::announcement::{Announcement, Kind};
use super::compose::NAME_LIMIT;
use super::doc::{Body, Limits, Part, Span};

/// What follows the stage's name in the first line.
pub(super) fn head(told: &Announcement) -> Vec<Span> {
    match &told.kind {
        Kind::Expiring { ends, .. } => vec![
            Span::strong(" is torn down in "),
            Span::length(ends.duration_since(told.now)),
            Span::say(" unless somebody uses it"),
        ],
        Kind::TornDown { .. } => vec![Span::strong(" is gone: torn down, and nothing is left")],
        Kind::Orphaned { .. } => vec![Span::strong(
            " is an orphan: nobody can say that nothing is left of it",
        )],
        _ => Vec::new(),
    }
}

/// The paragraphs between the facts and where to look.
pub(super) fn parts(told: &Announcement, limits: Limits) -> Vec<Part> {
    let mut lines = Vec::new();
    match &told.kind {
        Kind::Expiring { owner, ends } => {
            lines.extend(whose(owner.as_deref()));
            lines.push(vec![
                Span::say("Nobody has used it since "),
                Span::moment(told.since, told.now),
                Span::say(" ("),
                Span::length(told.now.duration_since(told.since)),
                Span::say("). It goes at "),
                Span::moment(*ends, told.now),
                Span::say("; a push keeps it as well as a word."),
            ]);
        }
        Kind::TornDown { owner, why } => {
            lines.extend(whose(owner.as_deref()));
            lines.push(vec![Span::say("Why: "), Span::quote(why, limits.message)]);
            lines.push(vec![Span::say(
                "It is deployed again when something leads to it.",
            )]);
        }
        Kind::Orphaned { owner, why } => {
            lines.extend(whose(owner.as_deref()));
            lines.push(vec![
                Span::say("What its teardown ended with: "),
                Span::quote(why, limits.message),
            ]);
            lines.push(vec![Span::say(
                "It is not tried again by itself, and stays on the board until it is gone.",
            )]);
        }
        _ => {}
    }
    vec![Part {
        weight: 8,
        body: Body::Lines(lines),
    }]
}

fn whose(owner: Option<&str>) -> Option<Vec<Span>> {
    let owner = owner?;
    Some(vec![
        Span::say("The stage of "),
        Span::quote(owner, NAME_LIMIT),
        Span::say("."),
    ])
}
