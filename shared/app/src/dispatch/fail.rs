//! Why an effect did not succeed, in the words the ladder needs.

use std::time::Duration;

use crate::door::chain;
use crate::error::Error;
use crate::ports::source::SourceError;

/// A try that did not succeed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub why: String,
    /// Trying again changes nothing.
    pub permanent: bool,
    /// It may have taken effect.
    pub ambiguous: bool,
    /// The other side asked to wait.
    pub asked: Option<Duration>,
}

impl Failure {
    pub fn later(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            permanent: false,
            ambiguous: false,
            asked: None,
        }
    }
    pub fn never(why: impl Into<String>) -> Self {
        Self {
            permanent: true,
            ..Self::later(why)
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let why = chain(&error);
        if error.is_retryable() {
            Self::later(why)
        } else {
            Self::never(why)
        }
    }
}

/// What the app makes of a source's answer.
pub fn source_error(error: &SourceError) -> Error {
    let why = error.to_string();
    match error {
        SourceError::Unavailable { repository, why } => Error::Unavailable {
            what: repository.clone(),
            why: why.clone(),
        },
        SourceError::NotFound { what, .. } => Error::NotFound {
            what: what.clone(),
            help: "check the repository's address and the commit".to_owned(),
        },
        SourceError::Refused { repository, why } => Error::Unreadable {
            what: repository.clone(),
            why: why.clone(),
            help: "check the credential and the address; `greenroom doctor` tries them".to_owned(),
        },
        SourceError::TooLarge { .. } => Error::Invalid {
            why,
            help: "make it smaller".to_owned(),
        },
        SourceError::Unsupported { .. } => Error::Invalid {
            why,
            help: "reach the repository by GitHub's REST API".to_owned(),
        },
    }
}
