//! From what a stranger wrote to one harmless line.
//!
//! White space of every kind becomes one space. Terminal escape sequences go, whole. Characters
//! that turn the direction of text or steer a terminal become `U+FFFD`, so that the attempt is
//! seen. Characters that show nothing are dropped, so that two names that look alike are alike.

use std::iter::{Peekable, Take};
use std::str::Chars;

/// No more of a text than this many characters is ever looked at.
const READ_MAX: usize = 65_536;
/// Marks stacked on one letter beyond this many are dropped; real languages stop at two.
const MARKS_MAX: usize = 2;
/// The longest escape sequence that is recognised as one.
const SEQUENCE_MAX: usize = 1024;
/// Stands for a character that is not shown.
const HIDDEN: char = '\u{FFFD}';

/// Text written by somebody we do not know. It has no `Display`: the only way out is cleaning.
#[derive(Clone, Copy, Debug)]
pub struct Untrusted<'a>(&'a str);

impl<'a> Untrusted<'a> {
    pub fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The text as one line of at most `limit` UTF-16 units (at least 1); `…` ends a cut one.
    pub fn line(self, limit: usize) -> Clean {
        clean(self.0, limit.max(1), false)
    }

    /// The last `lines` lines that show something, each at most `limit` UTF-16 units: the end of
    /// a log is where the error is. Indentation is kept.
    pub fn tail(self, lines: usize, limit: usize) -> Vec<Clean> {
        let mut kept: Vec<Clean> = self
            .0
            .rsplit(['\n', '\r'])
            // A log of a million empty lines is not worth more than this many looks.
            .take(READ_MAX)
            .map(|line| clean(line, limit.max(1), true))
            .filter(|line| !line.as_str().trim().is_empty())
            .take(lines)
            .collect();
        kept.reverse();
        kept
    }
}

/// One line without control characters, changes of direction or invisible characters, of bounded
/// length. It may still hold `<`, `@` or `://`: the sink's own function deals with those.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clean(String);

impl Clean {
    /// The cleaned text, for measuring and comparing; write it only through a sink's function.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn clean(text: &str, limit: usize, indented: bool) -> Clean {
    let mut out = String::new();
    let mut units = 0;
    let mut marks = 0;
    let mut chars = text.chars().take(READ_MAX).peekable();
    while let Some(c) = chars.next() {
        if is_sequence_start(c) && skip_sequence(c, &mut chars) {
            continue;
        }
        let c = match fate(c) {
            Fate::Keep => c,
            Fate::Drop => continue,
            Fate::Hide => HIDDEN,
            Fate::Space => {
                let leading = out.trim_start().is_empty();
                if (leading && !indented) || (!leading && out.ends_with(' ')) {
                    continue;
                }
                ' '
            }
        };
        marks = if is_stacking_mark(c) { marks + 1 } else { 0 };
        if marks > MARKS_MAX {
            continue;
        }
        if units + c.len_utf16() > limit {
            return Clean(cut(out, limit));
        }
        units += c.len_utf16();
        out.push(c);
    }
    if text.chars().nth(READ_MAX).is_some() {
        return Clean(cut(out, limit));
    }
    out.truncate(out.trim_end().len());
    Clean(out)
}

/// Makes room for `…` within `limit` and adds it.
fn cut(mut out: String, limit: usize) -> String {
    let mut units = super::utf16_units(&out);
    while units + 1 > limit {
        let Some(last) = out.pop() else { break };
        units -= last.len_utf16();
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

enum Fate {
    Keep,
    Space,
    Hide,
    Drop,
}

fn fate(c: char) -> Fate {
    match c {
        '\t' | '\n' | '\u{B}' | '\u{C}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Space,
        c if c.is_control() => Fate::Hide,
        // Marks, embeddings, overrides and isolates of direction.
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Fate::Hide
        }
        // Shows nothing: soft hyphen, joiners, zero-width spaces, fillers, tags, annotations.
        '\u{AD}'
        | '\u{34F}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{17B4}'
        | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200D}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206A}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => Fate::Drop,
        c if c.is_whitespace() => Fate::Space,
        _ => Fate::Keep,
    }
}

fn is_stacking_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

fn is_sequence_start(c: char) -> bool {
    matches!(c, '\u{1B}' | '\u{9B}' | '\u{9D}')
}

/// Consumes the rest of an escape sequence that began with `first`; false when none did.
fn skip_sequence(first: char, chars: &mut Peekable<Take<Chars<'_>>>) -> bool {
    let kind = match first {
        '\u{9B}' => '[',
        '\u{9D}' => ']',
        _ => match chars.peek() {
            Some(&kind @ ('[' | ']')) => {
                chars.next();
                kind
            }
            _ => return false,
        },
    };
    for _ in 0..SEQUENCE_MAX {
        let Some(&c) = chars.peek() else { return true };
        match (kind, c) {
            // Colours and cursor: parameters, then one final byte.
            ('[', '\u{20}'..='\u{3F}') => {}
            ('[', '\u{40}'..='\u{7E}') | (']', '\u{7}' | '\u{9C}') => {
                chars.next();
                return true;
            }
            // A title or link ends with ESC \ as well.
            (']', '\u{1B}') => {
                chars.next();
                if chars.peek() == Some(&'\\') {
                    chars.next();
                }
                return true;
            }
            (']', c) if c != '\n' => {}
            // Not a sequence after all; what follows is text.
            _ => return true,
        }
        chars.next();
    }
    true
}
