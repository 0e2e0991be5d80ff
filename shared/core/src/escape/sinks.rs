//! One function per sink.

use super::{Clean, WebAddress};

/// Keeps programs from seeing one word in what it stands between; shows nothing.
const WORD_JOINER: char = '\u{2060}';

/// `text` as `<code>` of Telegram's HTML mode.
///
/// The element belongs to the escaping: Telegram looks for mentions, commands, hashtags, links
/// and phone numbers everywhere but inside `code` and `pre`, so `@everyone` in a commit title
/// calls nobody.
pub fn telegram_code(text: &Clean) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("<code>{}</code>", escape_angles(text.as_str()))
}

/// `lines` as one `<pre>` of Telegram's HTML mode; see [`telegram_code`].
pub fn telegram_pre(lines: &[Clean]) -> String {
    if lines.iter().all(Clean::is_empty) {
        return String::new();
    }
    let lines: Vec<String> = lines
        .iter()
        .map(|line| escape_angles(line.as_str()))
        .collect();
    format!("<pre>{}</pre>", lines.join("\n"))
}

/// A link of ours in Telegram's HTML mode.
pub fn telegram_link(label: &Clean, to: &WebAddress) -> String {
    format!(
        "<a href=\"{}\">{}</a>",
        escape_all(to.as_str()),
        escape_angles(label.as_str())
    )
}

/// `text` between tags or inside a quoted attribute of an HTML page or mail.
pub fn html(text: &Clean) -> String {
    escape_all(&defuse(text.as_str()))
}

/// `text` in a plain-text mail or message.
///
/// Programs that show plain text turn addresses into links and `@names` into mentions. A word
/// joiner (U+2060) put where such a word begins or is joined keeps them from it and shows nothing.
pub fn plain(text: &Clean) -> String {
    defuse(text.as_str())
}

/// `text` as part of a mail header's value; one line, of which the library makes RFC 2047 words.
///
/// What is such a word already would go out as it is, and the mail program would decode it into
/// whatever cleaning has taken away. The sign that begins one is replaced by its wide form: it
/// looks alike, means nothing, and is as long.
pub fn header(text: &Clean) -> String {
    text.as_str().replace("=?", "\u{ff1d}?")
}

/// `text` on a terminal: cleaning already took everything a terminal obeys.
pub fn terminal(text: &Clean) -> &str {
    text.as_str()
}

fn escape_angles(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Words of ours between tags, or inside a quoted attribute, of HTML or of Telegram's.
pub(crate) fn own_words(text: &str) -> String {
    escape_all(text)
}

fn escape_all(text: &str) -> String {
    escape_angles(text)
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn defuse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        let next = chars.peek().copied();
        let word_follows = next.is_some_and(|n| n.is_alphanumeric() || n == '_');
        let word_before = before.is_some_and(|b| b.is_alphanumeric() || b == '_');
        let breaks = match c {
            // @name, #tag, $TAG, name@host.
            '@' | '#' | '$' | '＠' | '＃' => word_follows,
            // /command, but not a path's separator, which begins no command. Programs differ on
            // what a letter is, so only those that all agree on count.
            '/' => {
                let separates = before.is_some_and(|b| b.is_ascii_alphanumeric() || b == '_');
                next == Some('/') || (word_follows && !separates)
            }
            // https:, tg:, mailto: and www.host, host.tld; not 1.5 or orders.hurl:3.
            ':' => word_before && next.is_some_and(|n| !n.is_whitespace() && !n.is_ascii_digit()),
            '.' | '。' | '．' => {
                word_before
                    && next.is_some_and(|n| n.is_alphabetic() || n.is_ascii_digit())
                    && !(before.is_some_and(|b| b.is_ascii_digit())
                        && next.is_some_and(|n| n.is_ascii_digit())
                        && is_number_so_far(&out))
            }
            _ => false,
        };
        if breaks {
            out.push(WORD_JOINER);
        }
        before = Some(c);
    }
    out
}

/// True when the word that `text` ends with is one number and a dot: `expected 1.` of
/// `expected 1.5`, and not `10.0.` of an address.
fn is_number_so_far(text: &str) -> bool {
    let word = text
        .trim_end_matches('.')
        .rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | WORD_JOINER)))
        .next()
        .unwrap_or("");
    !word.is_empty() && word.chars().all(|c| c.is_ascii_digit())
}
