//! From the Bot API's answer to what it means.

use std::time::Duration;

use greenroom_core::escape::Untrusted;
use serde::Deserialize;

use crate::{Error, Sent};

/// Asked to wait without being told how long.
const WAIT_DEFAULT: Duration = Duration::from_secs(30);
/// Of a description that goes into an error.
const DESCRIPTION_MAX: usize = 200;

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    result: Option<Delivered>,
    #[serde(default)]
    error_code: Option<u16>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Delivered {
    message_id: i64,
}

#[derive(Deserialize, Default)]
struct Parameters {
    #[serde(default)]
    retry_after: Option<u64>,
    #[serde(default)]
    migrate_to_chat_id: Option<i64>,
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Sent(Sent),
    /// Our markup was not understood: a bug of ours, and no reason for silence.
    MarkupRefused(String),
    Failed(Error),
}

/// Reads the answer with HTTP status `status` and body `body`.
pub(crate) fn read(status: u16, body: &[u8]) -> Outcome {
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return Outcome::Failed(no_answer(status));
    };
    let said = Untrusted::new(answer.description.as_deref().unwrap_or("no reason given"))
        .line(DESCRIPTION_MAX);
    let said = said.as_str();
    if answer.ok {
        return match answer.result {
            Some(delivered) => Outcome::Sent(Sent {
                message: delivered.message_id,
                markup_refused: None,
            }),
            None => Outcome::Failed(Error::Ambiguous {
                why: "its answer names no message".to_owned(),
            }),
        };
    }
    let parameters = answer.parameters.unwrap_or_default();
    let refused = |why: String| Outcome::Failed(Error::Refused { why });
    match answer.error_code.unwrap_or(status) {
        429 => Outcome::Failed(Error::Throttled {
            retry_after: parameters
                .retry_after
                .map_or(WAIT_DEFAULT, Duration::from_secs),
        }),
        400 => match parameters.migrate_to_chat_id {
            Some(chat) => Outcome::Failed(Error::Moved { chat }),
            None if said.contains("can't parse entities") => {
                Outcome::MarkupRefused(said.to_owned())
            }
            None => refused(said.to_owned()),
        },
        401 => refused(format!("the bot's token is not valid ({said})")),
        404 => refused(format!(
            "the bot's token or the server's address is not valid ({said})"
        )),
        403 => refused(format!("the bot may not write to this chat ({said})")),
        402..=499 => refused(said.to_owned()),
        _ => Outcome::Failed(Error::Ambiguous {
            why: format!("status {status}: {said}"),
        }),
    }
}

/// Something answered that is no Bot API: a proxy, or another server altogether.
fn no_answer(status: u16) -> Error {
    match status {
        429 => Error::Throttled {
            retry_after: WAIT_DEFAULT,
        },
        // A proxy gave up waiting for the server behind it.
        408 => Error::Ambiguous {
            why: "status 408 from a proxy".to_owned(),
        },
        300..=499 => Error::Refused {
            why: format!(
                "status {status} without an answer of the Bot API; is the server's address right?"
            ),
        },
        _ => Error::Ambiguous {
            why: format!("status {status} without an answer of the Bot API"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_of_the_bot_api_is_sorted_by_its_status() {
        let failed = |status, body: &str| match read(status, body.as_bytes()) {
            Outcome::Failed(error) => error,
            other => panic!("{other:?}"),
        };
        assert!(matches!(failed(502, "<html>"), Error::Ambiguous { .. }));
        assert!(matches!(failed(200, "<html>"), Error::Ambiguous { .. }));
        assert!(matches!(
            failed(200, "{\"ok\":true}"),
            Error::Ambiguous { .. }
        ));
        assert!(matches!(failed(408, ""), Error::Ambiguous { .. }));
        assert!(matches!(failed(301, ""), Error::Refused { .. }));
        assert!(matches!(failed(404, "not here"), Error::Refused { .. }));
        assert!(matches!(failed(429, "slow"), Error::Throttled { .. }));
        assert!(matches!(failed(200, "[]"), Error::Ambiguous { .. }));
    }

    #[test]
    fn a_description_cannot_carry_anything_into_a_log() {
        let body = br#"{"ok":false,"error_code":400,"description":"no\r\nfake line\u001b[31m"}"#;
        let Outcome::Failed(error) = read(400, body) else {
            panic!("not a failure");
        };
        assert_eq!(error.to_string(), "Telegram refuses: no fake line");
    }
}
