//! How text that strangers wrote reaches people.
//!
//! Commit titles, branches, authors, test messages and the last words of a failed step are
//! written by whoever can push. Such text takes one way only: [`Untrusted`] is cleaned and cut
//! into [`Clean`], and each sink has exactly one function that takes a `Clean` and gives what may
//! be written there. Cutting happens before escaping, so an entity or a tag is never halved.
//!
//! What each sink promises about a `Clean`:
//!
//! | sink | promise |
//! |---|---|
//! | [`telegram_code`], [`telegram_pre`] | sits inside `<code>` or `<pre>`, where Telegram looks for no mention, command, hashtag or link |
//! | [`html`] | no tag, no entity, no attribute can begin in it; mail programs find no address to link |
//! | [`plain`] | nothing in it is taken for a mention, command, hashtag, link or mail address |
//! | [`header`] | one line, so that no header follows it, and nothing that mail programs decode; encoding is left to the mail library |
//! | [`terminal`] | no control character, escape sequence or change of direction |

mod clean;
mod sinks;
#[cfg(test)]
pub(crate) mod tests;
mod web;

pub use clean::{Clean, Untrusted};
pub(crate) use sinks::own_words;
pub use sinks::{header, html, plain, telegram_code, telegram_link, telegram_pre, terminal};
pub use web::WebAddress;

/// Length of a text as Telegram counts it: UTF-16 code units.
pub fn utf16_units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
