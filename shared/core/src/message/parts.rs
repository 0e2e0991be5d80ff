//! The paragraphs of a message, each a function of what is known; unknown things leave no gap.

use super::announcement::{Announcement, Cause, Kind, LookAt, Next, Suspect};
use super::compose::NAME_LIMIT;
use super::doc::{Body, Entry, Limits, Part, Span, quoted};
use super::storm;
use crate::escape::{Untrusted, WebAddress};
use crate::name::ChannelName;
use crate::verdict::TestFailure;

/// The name of a test.
const TEST_LIMIT: usize = 140;
/// A commit's author.
const AUTHOR_LIMIT: usize = 40;
/// A commit's title; git's own advice is 50.
const SUBJECT_LIMIT: usize = 80;
/// A command to copy.
const COMMAND_LIMIT: usize = 120;
/// Who let something through, which windows, and why.
const OVERRIDE_LIMIT: usize = 200;
/// A few words of ours, or of the stage file.
const LABEL_LIMIT: usize = 40;

/// Where, what, since when, and whether it was said before.
pub(super) fn facts(told: &Announcement) -> Vec<Vec<Span>> {
    let mut lines = Vec::new();
    if told.possibly_repeated {
        lines.push(vec![Span::say(
            "(possibly repeated: an earlier try may have arrived)",
        )]);
    }
    let mut place = Vec::new();
    if told.stage.is_some() {
        place.push(Span::quote(told.app.as_str(), NAME_LIMIT));
    }
    if let Some(revision) = &told.revision {
        place.push(Span::say(if place.is_empty() { "At " } else { " at " }));
        place.push(Span::quote(revision.short(), NAME_LIMIT));
    }
    if let Some(artifact) = &told.artifact {
        place.push(Span::say(if place.is_empty() {
            "Artifact "
        } else {
            ", artifact "
        }));
        place.push(Span::quote(artifact.short(), NAME_LIMIT));
    }
    if !place.is_empty() {
        lines.push(place);
    }
    if let Some(overridden) = &told.overridden {
        lines.push(vec![
            Span::say("Let through: "),
            Span::quote(overridden, OVERRIDE_LIMIT),
        ]);
    }
    lines.extend(since(told));
    lines.extend(storm::flapped(told));
    if let Some(on_duty) = &told.on_duty {
        lines.push(vec![
            Span::say("On duty: "),
            Span::quote(&on_duty.person, NAME_LIMIT),
            Span::say(" until "),
            Span::moment(on_duty.until, told.now),
            Span::say("."),
        ]);
    }
    lines
}

fn since(told: &Announcement) -> Option<Vec<Span>> {
    let age = told.now.duration_since(told.since);
    let mut line = match &told.kind {
        Kind::Broke | Kind::Changed | Kind::Unverified => vec![
            Span::say("Since "),
            Span::moment(told.since, told.now),
            Span::say(" ("),
            Span::length(age),
            Span::say(" ago)."),
        ],
        Kind::Recovered { .. } => vec![
            Span::say("Broken since "),
            Span::moment(told.since, told.now),
            Span::say(", green again at "),
            Span::moment(told.now, told.now),
            Span::say("."),
        ],
        _ => return None,
    };
    match (&told.kind, &told.last_green) {
        (Kind::Broke | Kind::Changed, Some(green)) => line.extend([
            Span::say(" Last green at "),
            Span::moment(green.at, told.now),
            Span::say(" with "),
            Span::quote(green.revision.short(), NAME_LIMIT),
            Span::say(", "),
            Span::length(told.since.duration_since(green.at)),
            Span::say(" before."),
        ]),
        (Kind::Broke | Kind::Changed, None) => {
            line.push(Span::say(" It was not seen green before."));
        }
        _ => {}
    }
    Some(line)
}

pub(super) fn cause(told: &Announcement, limits: Limits) -> Option<Part> {
    let body = match told.cause.as_ref()? {
        Cause::Tests {
            failing, failed, ..
        } => failing_tests(failing, *failed, limits)?,
        Cause::Step { step, excerpt } => step_log(step, excerpt, limits),
        Cause::Unknown { why } => Body::Lines(vec![vec![
            Span::say("Why: "),
            Span::quote(why, limits.message),
        ]]),
    };
    Some(Part { weight: 8, body })
}

fn failing_tests(failing: &[TestFailure], failed: u32, limits: Limits) -> Option<Body> {
    if failing.is_empty() {
        return None;
    }
    let mut entries: Vec<Entry> = failing
        .iter()
        .take(limits.failing)
        .map(|failure| Entry {
            line: vec![
                Span::quote(&failure.test, TEST_LIMIT),
                Span::say(" (line "),
                Span::number(u64::from(failure.line)),
                Span::say(")"),
            ],
            detail: Some(quoted(&failure.message, limits.message)),
        })
        .collect();
    let told = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    entries.extend(and_more(failed.saturating_sub(told)));
    Some(Body::List {
        title: vec![Span::strong(if failed == 1 {
            "Failing test:"
        } else {
            "First failing tests:"
        })],
        entries,
    })
}

fn step_log(step: &str, excerpt: &str, limits: Limits) -> Body {
    let lines = Untrusted::new(excerpt).tail(limits.log_lines, limits.log_line);
    let mut title = vec![Span::strong("Step "), Span::quote(step, NAME_LIMIT)];
    if lines.is_empty() {
        title.push(Span::say(" failed and wrote nothing."));
        return Body::Lines(vec![title]);
    }
    title.push(Span::say(" failed; its log ends with:"));
    Body::Log { title, lines }
}

pub(super) fn suspects(told: &Announcement, limits: Limits) -> Option<Part> {
    let green = told.last_green.as_ref()?;
    let shown = told.suspects.len().min(limits.suspects);
    let all = told.suspects.len() as u64 + u64::from(told.suspects_more);
    if all == 0 {
        // Nobody is blamed for a change that was not one.
        let line = if told.revision.as_ref() == Some(&green.revision) {
            "No suspects: this very revision was green before. Look at data, settings and the services around it."
        } else {
            "No suspects: no commit lies between the last green revision and this one."
        };
        return Some(Part {
            weight: 7,
            body: Body::Lines(vec![vec![Span::say(line)]]),
        });
    }
    let mut entries: Vec<Entry> = told.suspects.iter().take(shown).map(suspect).collect();
    entries.extend(and_more(
        u32::try_from(all - shown as u64).unwrap_or(u32::MAX),
    ));
    Some(Part {
        weight: 7,
        body: Body::List {
            title: vec![
                Span::strong("Suspects"),
                Span::say(", "),
                Span::count(all, "commit"),
                Span::say(" since the last green:"),
            ],
            entries,
        },
    })
}

fn suspect(suspect: &Suspect) -> Entry {
    Entry {
        line: vec![
            Span::quote(suspect.revision.short(), NAME_LIMIT),
            Span::say(" "),
            Span::quote(&suspect.author, AUTHOR_LIMIT),
            Span::say(": "),
            Span::quote(&suspect.subject, SUBJECT_LIMIT),
        ],
        detail: None,
    }
}

pub(super) fn and_more(more: u32) -> Option<Entry> {
    (more > 0).then(|| Entry {
        line: vec![
            Span::say("and "),
            Span::number(u64::from(more)),
            Span::say(" more"),
        ],
        detail: None,
    })
}

pub(super) fn problems(problems: &[String], more: u32, limits: Limits) -> Part {
    let shown = problems.len().min(limits.problems);
    let mut entries: Vec<Entry> = problems
        .iter()
        .take(shown)
        .map(|problem| Entry {
            line: vec![Span::quote(problem, limits.message)],
            detail: None,
        })
        .collect();
    let unseen = u32::try_from(problems.len() - shown).unwrap_or(u32::MAX);
    entries.extend(and_more(more.saturating_add(unseen)));
    Part {
        weight: 8,
        body: Body::List {
            title: vec![Span::strong("To mend:")],
            entries,
        },
    }
}

pub(super) fn undelivered(channel: &ChannelName, why: &str, about: &str, limits: Limits) -> Part {
    let command = format!("greenroom notify --test {channel}");
    Part {
        weight: 8,
        body: Body::Lines(vec![
            vec![
                Span::say("It would have said: "),
                Span::quote(about, limits.message),
            ],
            vec![
                Span::say("The channel's last answer: "),
                Span::quote(why, limits.message),
            ],
            vec![
                Span::say("It is not tried again there. Mend the channel, then: "),
                Span::quote(&command, COMMAND_LIMIT),
            ],
        ]),
    }
}

pub(super) fn reason(why: &str, limits: Limits) -> Part {
    Part {
        weight: 8,
        body: Body::Lines(vec![vec![
            Span::say("Why: "),
            Span::quote(why, limits.message),
        ]]),
    }
}

pub(super) fn it_works() -> Part {
    Part {
        weight: 8,
        body: Body::Lines(vec![vec![Span::say(
            "This channel works: breaks and recoveries will be told here.",
        )]]),
    }
}

pub(super) fn unaffected(told: &Announcement, limits: Limits) -> Option<Part> {
    let entries: Vec<Entry> = told
        .unaffected
        .iter()
        .take(limits.unaffected)
        .map(|other| {
            let mut line = vec![Span::quote(other.stage.as_str(), NAME_LIMIT)];
            match &other.revision {
                Some(revision) => line.extend([
                    Span::say(" still runs "),
                    Span::quote(revision.short(), NAME_LIMIT),
                ]),
                None => line.push(Span::say(" is still empty")),
            }
            if other.held {
                line.push(Span::say("; promotion is held"));
            }
            Entry { line, detail: None }
        })
        .collect();
    (!entries.is_empty()).then(|| Part {
        weight: 6,
        body: Body::List {
            title: vec![Span::strong("Not affected:")],
            entries,
        },
    })
}

pub(super) fn next(told: &Announcement) -> Option<Part> {
    let mut line = vec![Span::strong("Next: ")];
    match told.next.as_ref()? {
        Next::Push => line.push(Span::say(
            "the next push to this stage is deployed and tested by itself.",
        )),
        Next::Refresh { at } => line.extend([
            Span::say("refreshed at "),
            Span::moment(*at, told.now),
            Span::say(", if its branch has a newer commit by then."),
        ]),
        Next::Retest { at } => line.extend([
            Span::say("tested again at "),
            Span::moment(*at, told.now),
            Span::say("."),
        ]),
        Next::Promotion { to } => line.extend([
            Span::say("moves on to "),
            Span::quote(to.as_str(), NAME_LIMIT),
            Span::say(" when every gate is open."),
        ]),
        Next::KeepsOldFile => line.push(Span::say(
            "the stage file in force stays until a valid one is pushed.",
        )),
        Next::Person => line.push(Span::say("nothing by itself; a person must act.")),
    }
    Some(Part {
        weight: 4,
        body: Body::Lines(vec![line]),
    })
}

pub(super) fn look(told: &Announcement, limits: Limits) -> Option<Part> {
    let entries: Vec<Entry> = told
        .look
        .iter()
        .take(limits.look)
        .map(|look| {
            let label = quoted(&look.label, LABEL_LIMIT);
            let line = match &look.at {
                LookAt::Command(command) => vec![
                    Span::Quote(label),
                    Span::say(": "),
                    Span::quote(command, COMMAND_LIMIT),
                ],
                LookAt::Url(url) => match WebAddress::parse(url) {
                    Some(to) => vec![Span::Link { label, to }],
                    // Not an address of ours: it is shown, and leads nowhere.
                    None => vec![
                        Span::Quote(label),
                        Span::say(": "),
                        Span::quote(url, COMMAND_LIMIT),
                    ],
                },
            };
            Entry { line, detail: None }
        })
        .collect();
    (!entries.is_empty()).then(|| Part {
        weight: 5,
        body: Body::List {
            title: vec![Span::strong("Look:")],
            entries,
        },
    })
}
