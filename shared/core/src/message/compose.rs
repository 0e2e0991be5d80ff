//! The order in which things are told: what broke, how badly, since when, what failed, who may
//! have done it, what is not touched, what happens next by itself, where to look.

use super::announcement::{Announcement, Cause, Kind};
use super::doc::{Body, Doc, Limits, Part, Span, Tone};
use super::{life, parts, storm, toggle};

/// Names of stages, apps, channels and steps.
pub(super) const NAME_LIMIT: usize = 60;

pub(super) fn compose(told: &Announcement, limits: Limits) -> Doc {
    let mut parts = vec![Part {
        weight: 9,
        body: Body::Lines(parts::facts(told)),
    }];
    match &told.kind {
        Kind::Broke | Kind::Changed => {
            parts.extend(parts::cause(told, limits));
            parts.extend(parts::suspects(told, limits));
        }
        Kind::Recovered { .. } => {}
        Kind::Unverified => parts.extend(parts::cause(told, limits)),
        Kind::StageFileInvalid { problems, more } => {
            parts.push(parts::problems(problems, *more, limits));
        }
        Kind::Exhausted {
            channel,
            why,
            about,
            ..
        } => parts.push(parts::undelivered(channel, why, about, limits)),
        Kind::Refused { why } => parts.push(parts::reason(why, limits)),
        Kind::Test { .. } => parts.push(parts::it_works()),
        Kind::Expiring { .. } | Kind::TornDown { .. } | Kind::Orphaned { .. } => {
            parts.extend(life::parts(told, limits));
        }
        Kind::FlipFailed { live, why } => {
            parts.push(parts::reason(why, limits));
            parts.push(toggle::where_they_are(live.as_ref()));
        }
        Kind::Flapping { .. } => {
            parts.push(storm::flaps(told));
            parts.extend(parts::cause(told, limits));
        }
        Kind::Settled { .. } => parts.push(storm::settled(told)),
        Kind::Digest { held, more } => parts.push(storm::held(held, *more, told.now, limits)),
    }
    parts.extend(parts::unaffected(told, limits));
    parts.extend(parts::next(told));
    parts.extend(parts::look(told, limits));
    Doc {
        tone: tone(&told.kind),
        head: head(told),
        parts,
    }
}

fn tone(kind: &Kind) -> Tone {
    match kind {
        Kind::Broke => Tone::Bad,
        Kind::Changed => Tone::Changed,
        Kind::Recovered { .. } => Tone::Good,
        Kind::Unverified => Tone::Unsure,
        Kind::StageFileInvalid { .. } | Kind::Exhausted { .. } | Kind::Refused { .. } => Tone::Stop,
        Kind::Test { .. } | Kind::TornDown { .. } => Tone::Note,
        Kind::Expiring { .. } => Tone::Unsure,
        Kind::Orphaned { .. } | Kind::FlipFailed { .. } => Tone::Stop,
        Kind::Flapping { .. } => Tone::Changed,
        Kind::Settled { green: true, .. } => Tone::Good,
        Kind::Settled { green: false, .. } => Tone::Unsure,
        Kind::Digest { .. } => Tone::Note,
    }
}

fn head(told: &Announcement) -> Vec<Span> {
    let mut head = vec![place(told)];
    match &told.kind {
        Kind::Broke => {
            head.push(Span::strong(match told.flapped {
                Some(_) => " stays broken",
                None => " broke",
            }));
            head.extend(damage(told.cause.as_ref()));
        }
        Kind::Changed => {
            head.push(Span::strong(" is still broken, differently"));
            head.extend(damage(told.cause.as_ref()));
        }
        Kind::Recovered { after } => {
            head.push(Span::strong(" recovered"));
            head.push(Span::say(" after "));
            head.push(Span::length(*after));
        }
        Kind::Unverified => head.push(Span::strong(" is unverified: the tests could not tell")),
        Kind::StageFileInvalid { .. } => {
            head.push(Span::strong(": the new greenroom.yaml does not hold"));
        }
        Kind::Exhausted {
            channel, attempts, ..
        } => {
            head.push(Span::strong(": an alert did not arrive on "));
            head.push(Span::quote(channel.as_str(), NAME_LIMIT));
            head.push(Span::say(", tried "));
            head.push(Span::count(u64::from(*attempts), "time"));
        }
        Kind::Refused { .. } => head.push(Span::strong(": a run was refused")),
        Kind::Test { channel } => {
            head.push(Span::strong(": test message for "));
            head.push(Span::quote(channel.as_str(), NAME_LIMIT));
        }
        Kind::Expiring { .. } | Kind::TornDown { .. } | Kind::Orphaned { .. } => {
            head.extend(life::head(told));
        }
        Kind::FlipFailed { .. } => head.push(Span::strong(": people were not led here")),
        Kind::Flapping { .. } | Kind::Settled { .. } | Kind::Digest { .. } => {
            head.extend(storm::head(told));
        }
    }
    if let Some(episode) = told.episode {
        head.push(Span::say(" (#"));
        head.push(Span::number(episode));
        head.push(Span::say(")"));
    }
    head
}

/// The stage, or the app for what concerns the whole of it.
fn place(told: &Announcement) -> Span {
    match &told.stage {
        Some(stage) => Span::quote(stage.as_str(), NAME_LIMIT),
        None => Span::quote(told.app.as_str(), NAME_LIMIT),
    }
}

fn damage(cause: Option<&Cause>) -> Vec<Span> {
    match cause {
        Some(Cause::Tests { failed, total, .. }) => vec![
            Span::say(": "),
            Span::number(u64::from(*failed)),
            Span::say(" of "),
            Span::count(u64::from(*total), "test"),
            Span::say(if *failed == 1 { " fails" } else { " fail" }),
        ],
        Some(Cause::Step { step, .. }) => vec![
            Span::say(": step "),
            Span::quote(step, NAME_LIMIT),
            Span::say(" failed"),
        ],
        Some(Cause::Unknown { .. }) | None => Vec::new(),
    }
}
