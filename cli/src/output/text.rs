//! Text on its way to a terminal: cleaned, measured, and broken only between words.

use std::fmt::Write as _;

use greenroom_core::escape::{Untrusted, terminal};
use unicode_width::UnicodeWidthStr;

/// The longest sentence of others that is shown.
const LINE_MAX: usize = 1000;
/// The longest line of a log that is shown.
const LOG_LINE_MAX: usize = 4000;

/// What others wrote, as one harmless line.
pub fn clean(text: &str) -> String {
    terminal(&Untrusted::new(text).line(LINE_MAX)).to_owned()
}

/// One line of a log, harmless; its indentation is kept.
pub fn log_line(text: &str) -> String {
    let line = Untrusted::new(text).tail(1, LOG_LINE_MAX);
    line.first()
        .map_or_else(String::new, |line| terminal(line).to_owned())
}

/// The first digits of a commit, if it is one.
pub fn short(revision: &str) -> String {
    clean(revision).chars().take(8).collect()
}

/// Columns a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Breaks `text` between words into lines of at most `columns`; a longer word stays whole.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= columns {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// JSON text without characters that a terminal obeys or hides: they become `\u` and four digits, which
/// says the same to a program. They can only be inside strings.
pub fn harmless_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let steers = matches!(c, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if steers {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// `text` in which every character that steers a terminal is replaced by one of as many bytes,
/// so that positions in it stay what they were.
pub fn same_length(text: &str) -> String {
    let replaced = text.chars().map(|c| match c {
        '\n' | '\t' => c,
        '\r' => ' ',
        c if c.is_control() && c.len_utf8() == 1 => '?',
        c if c.is_control() || c == '\u{61c}' => '¿',
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => '\u{fffd}',
        c => c,
    });
    replaced.collect()
}

#[cfg(test)]
mod tests {
    use super::{clean, harmless_json, log_line, same_length, wrap};

    #[test]
    fn lines_break_between_words_only() {
        let lines = wrap("the service was slow for long", 12);
        assert_eq!(lines, ["the service", "was slow for", "long"]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn nothing_of_others_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mred\u{1b}[0m\nb"), "ared b");
        assert_eq!(log_line("  \u{1b}[1mok\u{7}"), "  ok\u{fffd}");
        assert_eq!(
            harmless_json("\"\u{9b}31m\u{202e}\""),
            "\"\\u009b31m\\u202e\""
        );
    }

    #[test]
    fn a_source_keeps_its_positions() {
        let source = "a\u{1b}b\u{9b}c\u{202e}d\u{61c}e\r\n";
        let shown = same_length(source);
        assert_eq!(shown.len(), source.len());
        assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{61c}', '\r']));
    }
}
