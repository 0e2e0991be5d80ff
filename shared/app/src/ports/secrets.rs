//! Secrets, resolved as late as possible and never printed.

use std::future::Future;

use greenroom_core::name::SecretName;
use secrecy::SecretString;

/// Why a secret could not be had, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// A person must provide it; `how` says where.
    #[error("the secret {name} is not set: {how}")]
    Missing { name: SecretName, how: String },
    /// Try later.
    #[error("the secret {name} cannot be read now: {why}")]
    Unavailable { name: SecretName, why: String },
}

/// Finds a secret's value by its name.
pub trait Secrets: Send + Sync + 'static {
    /// The value now; adapters may cache it for a bounded time.
    fn get(&self, name: &SecretName) -> impl Future<Output = Result<SecretString, SecretError>> + Send;
}
