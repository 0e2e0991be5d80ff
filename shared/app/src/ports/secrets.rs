//! Where secrets come from: the environment or files on one machine, Secrets Manager on AWS.
//!
//! A secret is read when it is used and never kept in a record, so that a rotated one is right
//! at the next use.

use std::future::Future;

use greenroom_core::name::SecretName;
use secrecy::SecretString;

/// Why there is no secret, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// A person must provide it; trying again changes nothing.
    #[error("the secret `{name}` is not there: {how}")]
    Missing {
        name: SecretName,
        /// What to do, for people: "set GREENROOM_SECRET_TELEGRAM".
        how: String,
    },
    /// Try later.
    #[error("the secret `{name}` cannot be read now: {why}")]
    Unavailable { name: SecretName, why: String },
}

/// Reads secrets by name.
pub trait Secrets: Send + Sync + 'static {
    /// The secret's value now.
    fn get(
        &self,
        name: &SecretName,
    ) -> impl Future<Output = Result<SecretString, SecretError>> + Send;
}

impl<S: Secrets> Secrets for std::sync::Arc<S> {
    async fn get(&self, name: &SecretName) -> Result<SecretString, SecretError> {
        S::get(self, name).await
    }
}
