//! What can go wrong between the core and the world, by what the caller must do.

use crate::ports::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table did not do it.
    #[error("the table could not be used")]
    Store(#[from] StoreError),
    /// Something outside is away; the same again later.
    #[error("{what} is not to be had now: {why}")]
    Unavailable { what: String, why: String },
    /// A person must mend something outside; the same again works once they have.
    #[error("{what} cannot be read: {why}")]
    Unreadable {
        what: String,
        why: String,
        help: String,
    },
    /// A record cannot be read; a person must look.
    #[error("the record {key} cannot be read")]
    Corrupt {
        key: String,
        #[source]
        source: serde_json::Error,
    },
    /// It does not exist.
    #[error("there is no {what}")]
    NotFound { what: String, help: String },
    /// Others won again and again.
    #[error("{what} was changed by others too often while it was being decided")]
    Contended { what: String },
    /// The request makes no sense.
    #[error("{why}")]
    Invalid { why: String, help: String },
}

impl Error {
    /// True when trying again later may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => {
                error.is_retryable() || matches!(error, StoreError::Conflict { .. })
            }
            Self::Unavailable { .. } | Self::Unreadable { .. } | Self::Contended { .. } => true,
            Self::Corrupt { .. } | Self::NotFound { .. } | Self::Invalid { .. } => false,
        }
    }
}
