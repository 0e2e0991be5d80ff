//! The fields we need of GitHub's payloads, borrowed from the body.
//!
//! A payload has hundreds of fields; those not named here are skipped without being stored.
//! Every field is optional to the parser, so that an absent one is told by its full name.
//! In push payloads `created_at` and `pushed_at` are integers, elsewhere texts: we read neither.

mod object;
mod ping;
mod place;
mod pull_request;
mod push;
mod shared;
mod text;

use serde::Deserialize;
use serde_json::error::Category;

pub use object::Object;
pub use ping::Ping;
pub use pull_request::{PullRequestEvent, Tip};
pub use push::Push;
pub use shared::{Repository, Sender};
pub use text::Text;

use crate::BadPayload;

/// Of a parser's complaint, which may quote a whole text of the payload.
const WHY_CHARS: usize = 160;

/// Parses a body into the fields of one event.
pub fn parse<'a, T: Deserialize<'a>>(event: &'static str, body: &'a [u8]) -> Result<T, BadPayload> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match serde_json::from_slice::<Object<T>>(body) {
        Ok(Object(fields)) => Ok(fields),
        Err(error) if error.classify() != Category::Data => Err(BadPayload::NotJson {
            why: match place::of(body, error.line(), error.column()) {
                Some(field) => format!("{}, in `{field}`", brief(&error.to_string())),
                None => brief(&error.to_string()),
            },
        }),
        Err(_) if first != Some(&b'{') => Err(BadPayload::NotAnObject),
        Err(error) => Err(BadPayload::Unusable {
            event,
            field: place::of(body, error.line(), error.column())
                .unwrap_or_else(|| "the body".to_owned()),
            why: format!("is not what it should be: {}", brief(&error.to_string())),
        }),
    }
}

fn brief(text: &str) -> String {
    match text.char_indices().nth(WHY_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
