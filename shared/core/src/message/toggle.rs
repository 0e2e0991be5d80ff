//! What is told when people could not be led to a stage.

use super::compose::NAME_LIMIT;
use super::doc::{Body, Part, Span};
use crate::name::StageName;

/// What can be said of where people are.
pub(super) fn where_they_are(live: Option<&StageName>) -> Part {
    let mut line = Vec::new();
    match live {
        Some(live) => {
            line.push(Span::quote(live.as_str(), NAME_LIMIT));
            line.push(Span::say(
                " is live as far as anybody knows; nothing is deployed to either side until people were led to one.",
            ));
        }
        None => line.push(Span::say(
            "Nobody was led anywhere before; nothing is deployed until people were led to one side.",
        )),
    }
    Part {
        weight: 8,
        body: Body::Lines(vec![line]),
    }
}
