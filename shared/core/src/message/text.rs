//! Plain text: a mail's text part, and Telegram when its HTML is refused.

use super::announcement::Announcement;
use super::compose::compose;
use super::doc::{Body, Doc, Limits, Span};
use crate::escape;

impl Announcement {
    /// Plain text with emoji, lines ending in `\n`, no length limit but the lists' own.
    pub fn render_text(&self) -> String {
        text(&compose(self, Limits::LONG))
    }

    /// The same, short enough for a chat that takes no markup.
    pub fn render_chat_text(&self) -> String {
        text(&compose(self, Limits::CHAT))
    }
}

fn text(doc: &Doc) -> String {
    let mut out = format!("{} {}\n", doc.tone.emoji(), line(&doc.head));
    for (index, part) in doc.parts.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        match &part.body {
            Body::Lines(lines) => {
                for spans in lines {
                    out.push_str(&line(spans));
                    out.push('\n');
                }
            }
            Body::List { title, entries } => {
                out.push_str(&format!("{}\n", line(title)));
                for entry in entries {
                    out.push_str(&format!("- {}\n", line(&entry.line)));
                    if let Some(detail) = &entry.detail {
                        // Deeper than a log, which it could be taken for otherwise.
                        out.push_str(&format!("    {}\n", escape::plain(detail)));
                    }
                }
            }
            Body::Log { title, lines } => {
                out.push_str(&format!("{}\n", line(title)));
                for logged in lines {
                    out.push_str(&format!("  | {}\n", escape::plain(logged)));
                }
            }
        }
    }
    out
}

fn line(spans: &[Span]) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Say(ours) | Span::Strong(ours) => ours.clone(),
            Span::Quote(theirs) => escape::plain(theirs),
            Span::Link { label, to } => format!("{}: {}", escape::plain(label), to.as_str()),
        })
        .collect()
}
