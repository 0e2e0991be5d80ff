//! Mail: a subject that says it all, a text part, and an HTML part without anything remote.

use super::announcement::{Announcement, Cause, Kind};
use super::compose::{NAME_LIMIT, compose};
use super::doc::{Body, Doc, Entry, Limits, Span, quoted};
use super::words;
use crate::escape;

/// A mail without its envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// One line, at most 200 UTF-16 units.
    pub subject: String,
    pub text: String,
    /// A whole HTML document.
    pub html: String,
}

impl Announcement {
    pub fn render_mail(&self) -> Mail {
        Mail {
            subject: self.subject(),
            text: self.render_text(),
            html: document(&compose(self, Limits::LONG)),
        }
    }

    /// One line that names this announcement wherever there is room for no more:
    /// `[preprod] broke: 3 tests (#17)`.
    pub fn subject(&self) -> String {
        let place = self
            .stage
            .as_ref()
            .map_or(self.app.as_str(), |s| s.as_str());
        let place = quoted(place, NAME_LIMIT);
        let what = match &self.kind {
            Kind::Broke => {
                let how = self.flapped.map_or("broke", |_| "stays broken");
                format!("{how}{}", damage(self.cause.as_ref()))
            }
            Kind::Changed => format!("still broken{}", damage(self.cause.as_ref())),
            Kind::Recovered { after } => format!("recovered after {}", words::length(*after)),
            Kind::Unverified => "unverified: the tests could not tell".to_owned(),
            Kind::StageFileInvalid { .. } => "greenroom.yaml does not hold".to_owned(),
            Kind::Exhausted { channel, .. } => format!(
                "an alert did not arrive on {}",
                escape::header(&quoted(channel.as_str(), NAME_LIMIT))
            ),
            Kind::Refused { .. } => "a run was refused".to_owned(),
            Kind::Test { .. } => "test message".to_owned(),
            Kind::Expiring { ends, .. } => {
                format!(
                    "torn down in {}",
                    words::length(ends.duration_since(self.now))
                )
            }
            Kind::TornDown { .. } => "torn down".to_owned(),
            Kind::Orphaned { .. } => "an orphan".to_owned(),
            Kind::FlipFailed { .. } => "people were not led here".to_owned(),
            Kind::Flapping { breaks, .. } => {
                format!("flaps: {}", words::count(u64::from(*breaks), "break"))
            }
            Kind::Settled { green: true, .. } => "has settled, green".to_owned(),
            Kind::Settled { green: false, .. } => "flaps no more".to_owned(),
            Kind::Digest { held, more } => {
                let all = held.len() as u64 + u64::from(*more);
                format!("{} in one", words::count(all, "message"))
            }
        };
        let episode = self
            .episode
            .map_or_else(String::new, |n| format!(" (#{n})"));
        format!("[{}] {what}{episode}", escape::header(&place))
    }
}

fn damage(cause: Option<&Cause>) -> String {
    match cause {
        Some(Cause::Tests { failed, .. }) => {
            format!(": {}", words::count(u64::from(*failed), "test"))
        }
        Some(Cause::Step { step, .. }) => {
            format!(": step {}", escape::header(&quoted(step, NAME_LIMIT)))
        }
        Some(Cause::Unknown { .. }) | None => String::new(),
    }
}

fn document(doc: &Doc) -> String {
    let mut out = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"></head>\n<body style=\"font-family:sans-serif\">\n",
    );
    out.push_str(&format!(
        "<h3>{} {}</h3>\n",
        doc.tone.emoji(),
        line(&doc.head)
    ));
    for part in &doc.parts {
        match &part.body {
            Body::Lines(lines) => {
                let lines: Vec<String> = lines.iter().map(|spans| line(spans)).collect();
                out.push_str(&format!("<p>{}</p>\n", lines.join("<br>")));
            }
            Body::List { title, entries } => {
                out.push_str(&format!("<p>{}</p>\n<ul>\n", line(title)));
                for item in entries {
                    out.push_str(&entry(item));
                }
                out.push_str("</ul>\n");
            }
            Body::Log { title, lines } => {
                let lines: Vec<String> = lines.iter().map(escape::html).collect();
                out.push_str(&format!(
                    "<p>{}</p>\n<pre>{}</pre>\n",
                    line(title),
                    lines.join("\n")
                ));
            }
        }
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn entry(entry: &Entry) -> String {
    let detail = entry.detail.as_ref().map_or_else(String::new, |detail| {
        format!("<br><code>{}</code>", escape::html(detail))
    });
    format!("<li>{}{detail}</li>\n", line(&entry.line))
}

fn line(spans: &[Span]) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Say(ours) => escape::own_words(ours),
            Span::Strong(ours) => format!("<b>{}</b>", escape::own_words(ours)),
            Span::Quote(theirs) => format!("<code>{}</code>", escape::html(theirs)),
            Span::Link { label, to } => {
                let to = escape::own_words(to.as_str());
                format!("<a href=\"{to}\">{}</a>", escape::html(label))
            }
        })
        .collect()
}
