//! What is told instead of too much: that a stage flaps, how that ended, and digests.

use jiff::Timestamp;

use super::announcement::{Announcement, HeldMessage, Kind};
use super::doc::{Body, Entry, Limits, Part, Span};
use super::parts::and_more;

/// A message of a digest: one line, also on a telephone.
const HELD_LIMIT: usize = 120;

/// What follows the stage's name in the first line.
pub(super) fn head(told: &Announcement) -> Vec<Span> {
    match &told.kind {
        Kind::Flapping { breaks, .. } => vec![
            Span::strong(" flaps: "),
            Span::count(u64::from(*breaks), "break"),
            Span::say(" in "),
            Span::length(told.now.duration_since(told.since)),
        ],
        Kind::Settled { quiet, green, .. } => {
            let how = if *green {
                " has settled: green, and not broken for "
            } else {
                " flaps no more: not broken for "
            };
            vec![Span::strong(how), Span::length(*quiet)]
        }
        Kind::Digest { held, more } => vec![
            Span::say(": "),
            Span::Strong(super::words::count(
                held.len() as u64 + u64::from(*more),
                "message",
            )),
            Span::say(" since "),
            Span::moment(told.since, told.now),
            Span::say(" in one, so that nobody needs to mute this channel"),
        ],
        _ => Vec::new(),
    }
}

/// What it means, what comes next, and what people can do.
pub(super) fn flaps(told: &Announcement) -> Part {
    let Kind::Flapping { quiet, .. } = &told.kind else {
        return lines(Vec::new());
    };
    lines(vec![
        vec![
            Span::say("The first was at "),
            Span::moment(told.since, told.now),
            Span::say(
                ". From here on its breaks and recoveries are not told one by one; they are in its log.",
            ),
        ],
        vec![
            Span::say("The next word comes when it has neither broken nor recovered for "),
            Span::length(*quiet),
            Span::say("."),
        ],
        vec![Span::say(
            "What turns red and green by itself is a test or a service nobody can rely on: mend it, or lock the stage until somebody has.",
        )],
    ])
}

pub(super) fn settled(told: &Announcement) -> Part {
    let Kind::Settled { breaks, green, .. } = &told.kind else {
        return lines(Vec::new());
    };
    let mut all = vec![vec![
        Span::say("It flapped since "),
        Span::moment(told.since, told.now),
        Span::say(", with "),
        Span::count(u64::from(*breaks), "break"),
        Span::say("; breaks are told one by one again."),
    ]];
    if !green {
        all.push(vec![Span::say("Nobody can tell whether it is green now.")]);
    }
    lines(all)
}

/// Of a break with which a stage stopped flapping.
pub(super) fn flapped(told: &Announcement) -> Option<Vec<Span>> {
    Some(vec![
        Span::say("It flapped until then, with "),
        Span::count(u64::from(told.flapped?), "break"),
        Span::say("; from here on breaks are told one by one again."),
    ])
}

fn lines(lines: Vec<Vec<Span>>) -> Part {
    let body = Body::Lines(lines);
    Part { weight: 8, body }
}

pub(super) fn held(held: &[HeldMessage], more: u32, now: Timestamp, limits: Limits) -> Part {
    let shown = held.len().min(limits.held);
    let entry = |one: &HeldMessage| {
        let mut line = vec![
            Span::moment(one.at, now),
            Span::say(" "),
            Span::quote(&one.what, HELD_LIMIT),
        ];
        if one.possibly_repeated {
            line.push(Span::say(" (possibly repeated)"));
        }
        Entry { line, detail: None }
    };
    let mut entries: Vec<Entry> = held.iter().take(shown).map(entry).collect();
    let unseen = u32::try_from(held.len() - shown).unwrap_or(u32::MAX);
    entries.extend(and_more(more.saturating_add(unseen)));
    Part {
        weight: 8,
        body: Body::List {
            title: vec![Span::strong("In the order in which they came:")],
            entries,
        },
    }
}
