//! A terminal, or a log that people read.

use super::announcement::Announcement;
use super::compose::compose;
use super::doc::{Body, Limits, Span, Tone};
use crate::escape;

const BOLD: &str = "\u{1b}[1m";
const RESET: &str = "\u{1b}[0m";

impl Announcement {
    /// Lines ending in `\n`; with `color` the only escape sequences in it are ours.
    pub fn render_console(&self, color: bool) -> String {
        let doc = compose(self, Limits::LONG);
        let paint = if color { tint(doc.tone) } else { "" };
        let reset = if color { RESET } else { "" };
        let head = line(&doc.head, false);
        let mut out = format!("{paint}{} {head}{reset}\n", doc.tone.mark());
        for part in &doc.parts {
            match &part.body {
                Body::Lines(lines) => {
                    for spans in lines {
                        out.push_str(&format!("  {}\n", line(spans, color)));
                    }
                }
                Body::List { title, entries } => {
                    out.push_str(&format!("  {}\n", line(title, color)));
                    for entry in entries {
                        out.push_str(&format!("    - {}\n", line(&entry.line, color)));
                        if let Some(detail) = &entry.detail {
                            out.push_str(&format!("      {}\n", escape::terminal(detail)));
                        }
                    }
                }
                Body::Log { title, lines } => {
                    out.push_str(&format!("  {}\n", line(title, color)));
                    for logged in lines {
                        out.push_str(&format!("    | {}\n", escape::terminal(logged)));
                    }
                }
            }
        }
        out
    }
}

fn tint(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad | Tone::Stop => "\u{1b}[1;31m",
        Tone::Changed | Tone::Unsure => "\u{1b}[1;33m",
        Tone::Good => "\u{1b}[1;32m",
        Tone::Note => "\u{1b}[1;36m",
    }
}

fn line(spans: &[Span], color: bool) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Strong(ours) if color => format!("{BOLD}{ours}{RESET}"),
            Span::Say(ours) | Span::Strong(ours) => ours.clone(),
            Span::Quote(theirs) => escape::terminal(theirs).to_owned(),
            Span::Link { label, to } => format!("{}: {}", escape::terminal(label), to.as_str()),
        })
        .collect()
}
