//! From GitHub's event to ours. The signature has been verified; nothing else is trusted.

mod pull_request;
mod push;

#[cfg(test)]
mod tests;

use greenroom_core::name::RepositoryId;
use greenroom_core::name::{Actor, RepoName};

use crate::BadPayload;
use crate::event::SourceEvent;
use crate::field::{Field, identity, subject};
use crate::wire::{self, Object, Ping, Sender};

/// Of an event's name in a sentence; it comes from a header.
const EVENT_CHARS: usize = 40;

/// What a webhook turned out to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Normalised {
    /// Goes to the inbox.
    Event(SourceEvent),
    /// Somebody made or tried the hook; answered with 200.
    Ping {
        /// GitHub's saying of the day, as a subject is bounded.
        zen: Option<String>,
        hook_id: u64,
        /// Absent for the hook of an organization or an app.
        repository: Option<(RepositoryId, RepoName)>,
    },
    /// Nothing that Greenroom acts on; `why` is for the hook's delivery log and our own.
    Ignored { why: String },
}

/// Reads a verified body as the event that `X-GitHub-Event` names.
///
/// # Errors
/// When the body is not that event. Events that are not acted on are not parsed at all.
pub fn normalise(event: &str, body: &[u8]) -> Result<Normalised, BadPayload> {
    match event {
        "push" => push::push(body),
        "pull_request" => pull_request::pull_request(body),
        "ping" => ping(body),
        "create" | "delete" => Ok(ignored(format!(
            "GitHub sends a push along with every {event}, and Greenroom acts on the push"
        ))),
        other => Ok(ignored(format!(
            "`{}` is not an event Greenroom acts on",
            readable(other)
        ))),
    }
}

fn ping(body: &[u8]) -> Result<Normalised, BadPayload> {
    let ping: Ping<'_> = wire::parse("ping", body)?;
    let hook_id = Field {
        event: "ping",
        path: "hook_id",
    };
    let repository = match ping.repository {
        None => None,
        found => {
            let found = identity("ping", found)?;
            Some((found.id, found.name))
        }
    };
    Ok(Normalised::Ping {
        zen: ping.zen.and_then(|zen| subject(&zen.0)),
        hook_id: hook_id.id(ping.hook_id)?,
        repository,
    })
}

fn ignored(why: String) -> Normalised {
    Normalised::Ignored { why }
}

/// A word of GitHub's that we do not know, made harmless for a sentence.
fn readable(word: &str) -> String {
    word.chars()
        .map(|letter| {
            if letter.is_ascii_graphic() && letter != '`' {
                letter
            } else {
                '?'
            }
        })
        .take(EVENT_CHARS)
        .collect()
}

/// Who sent the event, and whether that is an app.
fn sender(
    event: &'static str,
    sender: Option<Object<Sender<'_>>>,
) -> Result<(Option<Actor>, bool), BadPayload> {
    let Some(Object(sender)) = sender else {
        return Ok((None, false));
    };
    let is_bot = sender.kind.is_some_and(|kind| kind.0 == "Bot");
    let login = Field {
        event,
        path: "sender.login",
    };
    Ok((login.login(sender.login)?, is_bot))
}
