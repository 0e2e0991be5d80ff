//! What GitHub's refusals mean to us.

use greenroom_app::ports::source::SourceError;

use crate::send::Answer;
use crate::wire::ErrorAnswer;

/// Longest piece of GitHub's words that is shown, in characters.
const WORDS_MAX: usize = 300;

/// The error for an answer that nobody expected.
pub(crate) fn explain(about: &str, answer: &Answer) -> SourceError {
    let repository = about.to_owned();
    let said = words(&answer.body);
    let why = match answer.status {
        401 => format!(
            "GitHub does not accept the credential ({said}); it is wrong, over or taken back"
        ),
        403 => match &answer.needs {
            Some(needs) => format!("the credential lacks a permission: {needs} ({said})"),
            None => format!("GitHub forbids it ({said})"),
        },
        404 => hidden(),
        301 | 302 | 307 | 308 => "GitHub leads us to another server, or in circles".to_owned(),
        451 => format!("GitHub may not show it ({said})"),
        400 | 409 | 410 | 422 => format!("GitHub refuses it ({said})"),
        status => {
            let why = format!("GitHub answers with status {status} ({said})");
            return SourceError::Unavailable { repository, why };
        }
    };
    SourceError::Refused { repository, why }
}

/// An answer in a form that is not known.
pub(crate) fn unreadable(about: &str, what: &str) -> SourceError {
    SourceError::Unavailable {
        repository: about.to_owned(),
        why: format!("GitHub's answer about {what} has an unknown form"),
    }
}

/// GitHub does not tell one from the other.
pub(crate) fn hidden() -> String {
    "GitHub shows this credential no such repository: the name is wrong, or the App is not \
     installed on it, or the token is not for it"
        .to_owned()
}

/// GitHub's message, short and without control characters.
pub(crate) fn words(body: &[u8]) -> String {
    let answer: ErrorAnswer = serde_json::from_slice(body).unwrap_or_default();
    let clean = answer.message.chars().filter(|c| !c.is_control());
    let words: String = clean.take(WORDS_MAX).collect();
    if words.is_empty() {
        "without a reason".to_owned()
    } else {
        words
    }
}
