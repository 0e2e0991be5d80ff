//! Telegram's HTML mode.
//!
//! Telegram counts UTF-16 units after reading the markup and takes 4,096 of them and 100
//! entities; what is over is refused, or worse, loses its `<code>`. Our budget leaves room for a
//! count that differs from Telegram's own. Whole paragraphs go when a message is over it, the
//! least important first, so what is sent is always well-formed.

use super::announcement::Announcement;
use super::compose::compose;
use super::doc::{Body, Doc, Limits, Span};
use crate::escape::{self, Clean, utf16_units};

/// Most UTF-16 units of a message of ours, markup not counted.
pub const TELEGRAM_BUDGET: usize = 3500;
/// Most entities of a message of ours.
pub const TELEGRAM_ENTITIES_MAX: usize = 90;

impl Announcement {
    /// A message for `parse_mode=HTML`, within [`TELEGRAM_BUDGET`].
    pub fn render_telegram_html(&self) -> String {
        telegram(&compose(self, Limits::CHAT))
    }
}

/// A piece of the message with what it weighs for Telegram.
#[derive(Default)]
struct Written {
    html: String,
    units: usize,
    entities: usize,
}

impl Written {
    fn ours(&mut self, text: &str) {
        self.html.push_str(&escape::own_words(text));
        self.units += utf16_units(text);
    }
    fn entity(&mut self, html: &str, shown: &str) {
        self.html.push_str(html);
        self.units += utf16_units(shown);
        self.entities += 1;
    }
    fn line(&mut self, spans: &[Span]) {
        for span in spans {
            match span {
                Span::Say(ours) => self.ours(ours),
                Span::Strong(ours) => {
                    self.html.push_str("<b>");
                    self.ours(ours);
                    self.html.push_str("</b>");
                    self.entities += 1;
                }
                Span::Quote(theirs) => self.entity(&escape::telegram_code(theirs), theirs.as_str()),
                Span::Link { label, to } => {
                    self.entity(&escape::telegram_link(label, to), label.as_str());
                }
            }
        }
        self.ours("\n");
    }
    fn log(&mut self, lines: &[Clean]) {
        self.html.push_str(&escape::telegram_pre(lines));
        self.units += lines
            .iter()
            .map(|l| utf16_units(l.as_str()) + 1)
            .sum::<usize>();
        self.entities += 1;
        self.ours("\n");
    }
}

fn telegram(doc: &Doc) -> String {
    let mut head = Written::default();
    head.ours(doc.tone.emoji());
    head.ours(" ");
    head.line(&doc.head);
    let mut parts: Vec<(u8, Written)> = doc
        .parts
        .iter()
        .enumerate()
        .map(|(index, part)| (part.weight, paragraph(&part.body, index > 0)))
        .collect();
    let over = |parts: &[(u8, Written)]| {
        let units: usize = parts.iter().map(|(_, part)| part.units).sum();
        let entities: usize = parts.iter().map(|(_, part)| part.entities).sum();
        head.units + units > TELEGRAM_BUDGET || head.entities + entities > TELEGRAM_ENTITIES_MAX
    };
    while over(&parts) {
        let least = parts
            .iter()
            .enumerate()
            .min_by_key(|(_, (weight, _))| *weight);
        let Some((index, _)) = least else { break };
        parts.remove(index);
    }
    let mut html = head.html;
    for (_, part) in parts {
        html.push_str(&part.html);
    }
    html.truncate(html.trim_end().len());
    html
}

fn paragraph(body: &Body, apart: bool) -> Written {
    let mut out = Written::default();
    if apart {
        out.ours("\n");
    }
    match body {
        Body::Lines(lines) => {
            for spans in lines {
                out.line(spans);
            }
        }
        Body::List { title, entries } => {
            out.line(title);
            for entry in entries {
                out.ours("• ");
                out.line(&entry.line);
                if let Some(detail) = &entry.detail {
                    out.ours("   ");
                    out.line(&[Span::Quote(detail.clone())]);
                }
            }
        }
        Body::Log { title, lines } => {
            out.line(title);
            out.log(lines);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::doc::{Part, Tone};
    use super::*;

    fn paragraph_of(weight: u8, letter: &str) -> Part {
        Part {
            weight,
            body: Body::Lines(vec![vec![Span::quote(&letter.repeat(1500), 1500)]]),
        }
    }

    #[test]
    fn over_the_budget_the_least_important_paragraph_goes_whole() {
        let doc = Doc {
            tone: Tone::Bad,
            head: vec![Span::say("head")],
            parts: vec![
                paragraph_of(9, "a"),
                paragraph_of(4, "b"),
                paragraph_of(8, "c"),
            ],
        };
        let html = telegram(&doc);
        assert!(html.contains(&"a".repeat(1500)));
        assert!(!html.contains("bb"));
        assert!(html.ends_with("c</code>"));
    }

    #[test]
    fn more_entities_than_telegram_keeps_are_never_sent() {
        let list = |weight| Part {
            weight,
            body: Body::Lines(vec![vec![Span::quote("x", 1); 50]]),
        };
        let doc = Doc {
            tone: Tone::Bad,
            head: vec![Span::say("head")],
            parts: vec![list(9), list(4)],
        };
        assert_eq!(telegram(&doc).matches("<code>").count(), 50);
    }
}
