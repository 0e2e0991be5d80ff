//! Secrets from Secrets Manager, each kept for some minutes.
//!
//! `${secret:a/b}` is the secret `<prefix>a/b`, as text. A value is kept no longer than
//! [`Ages::keep`], and one that cannot be read anew is not used beyond that. The webhook's secret
//! is also read anew when a signature does not fit, but not more often than [`Ages::again`]:
//! anybody can send a signature that does not fit.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use greenroom_app::ports::secrets::{SecretError, Secrets};
use greenroom_core::name::SecretName;
use secrecy::{ExposeSecret, SecretString};

use crate::connect::Connection;
use crate::failure::Failure;

/// Secrets that are kept at once; beyond that all are read anew.
const KEPT_MAX: usize = 256;

/// How old a secret may get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ages {
    /// A value is used this long after it was asked for.
    pub keep: Duration,
    /// From one reading to the next that a signature causes.
    pub again: Duration,
}

impl Default for Ages {
    fn default() -> Self {
        Self {
            keep: Duration::from_mins(5),
            again: Duration::from_secs(30),
        }
    }
}

/// The secrets that stage files name.
#[derive(Debug)]
pub struct AwsSecrets {
    vault: Vault,
    prefix: String,
    keep: Duration,
    kept: Mutex<HashMap<SecretName, Kept<SecretString>>>,
}

/// A value and when it was asked for.
#[derive(Clone, Debug)]
struct Kept<T> {
    value: T,
    since: Instant,
}

impl AwsSecrets {
    /// Secrets whose names in Secrets Manager begin with `prefix`.
    pub fn new(connection: &Connection, prefix: impl Into<String>) -> Self {
        Self::with_ages(connection, prefix, Ages::default())
    }

    /// The same with other ages.
    pub fn with_ages(connection: &Connection, prefix: impl Into<String>, ages: Ages) -> Self {
        Self {
            vault: Vault::new(connection),
            prefix: prefix.into(),
            keep: ages.keep,
            kept: Mutex::default(),
        }
    }
}

impl Secrets for AwsSecrets {
    async fn get(&self, name: &SecretName) -> Result<SecretString, SecretError> {
        let since = Instant::now();
        let kept = lock(&self.kept).get(name).cloned();
        if let Some(kept) = kept.filter(|kept| since.duration_since(kept.since) < self.keep) {
            return Ok(kept.value);
        }
        let id = format!("{}{name}", self.prefix);
        let value = self.vault.read(&id, Stage::Current).await;
        let value = value.map_err(|error| error.about(name, &id, &self.vault.region))?;
        let mut kept = lock(&self.kept);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let fresh = Kept {
            value: value.clone(),
            since,
        };
        kept.insert(name.clone(), fresh);
        Ok(value)
    }
}

/// The secret GitHub signs webhooks with, and the one before it for as long as Secrets Manager
/// calls it `AWSPREVIOUS`.
#[derive(Debug)]
pub struct WebhookSecrets {
    vault: Vault,
    id: String,
    ages: Ages,
    kept: Mutex<Option<Kept<greenroom_github::Secrets>>>,
    /// When a signature had it read last, with whatever outcome. Other readings do not count: a
    /// secret may be rotated right after one.
    doubted: Mutex<Option<Instant>>,
}

impl WebhookSecrets {
    /// The secret with this name or ARN.
    pub fn new(connection: &Connection, id: impl Into<String>) -> Self {
        Self::with_ages(connection, id, Ages::default())
    }

    /// The same with other ages.
    pub fn with_ages(connection: &Connection, id: impl Into<String>, ages: Ages) -> Self {
        Self {
            vault: Vault::new(connection),
            id: id.into(),
            ages,
            kept: Mutex::default(),
            doubted: Mutex::default(),
        }
    }

    /// The live secrets, not older than [`Ages::keep`].
    ///
    /// # Errors
    /// When there is none, or it cannot be read now.
    pub async fn get(&self) -> Result<greenroom_github::Secrets, SecretError> {
        let kept = lock(&self.kept).clone();
        match kept.filter(|kept| kept.since.elapsed() < self.ages.keep) {
            Some(kept) => Ok(kept.value),
            None => self.read().await,
        }
    }

    /// The live secrets read anew, for a webhook whose signature does not fit those of
    /// [`get`](Self::get): perhaps they were rotated. `None` when another one had them read just now.
    ///
    /// # Errors
    /// As of [`get`](Self::get).
    pub async fn refresh(&self) -> Result<Option<greenroom_github::Secrets>, SecretError> {
        {
            let mut doubted = lock(&self.doubted);
            if doubted.is_some_and(|at| at.elapsed() < self.ages.again) {
                return Ok(None);
            }
            *doubted = Some(Instant::now());
        }
        self.read().await.map(Some)
    }

    async fn read(&self) -> Result<greenroom_github::Secrets, SecretError> {
        let since = Instant::now();
        let name = SecretName::from(self.id.as_str());
        let fail = |error: VaultError| error.about(&name, &self.id, &self.vault.region);
        let (current, previous) = tokio::join!(
            self.vault.read(&self.id, Stage::Current),
            self.vault.read(&self.id, Stage::Previous),
        );
        let current = current.map_err(fail)?;
        let previous = match previous {
            Ok(previous) => Some(previous),
            Err(VaultError::Absent { .. }) => None,
            Err(error) => return Err(fail(error)),
        };
        // A previous one that is blank is no secret; the current one must be one.
        let previous = previous.as_ref().map(ExposeSecret::expose_secret);
        let previous = previous.filter(|secret| !secret.trim().is_empty());
        let value = greenroom_github::Secrets::new(current.expose_secret(), previous);
        let value = value.map_err(|blank| SecretError::Missing {
            name: name.clone(),
            how: format!("{blank}; put the webhook's secret into it"),
        })?;
        let fresh = Kept {
            value: value.clone(),
            since,
        };
        *lock(&self.kept) = Some(fresh);
        Ok(value)
    }
}

/// Which version of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Current,
    Previous,
}

impl Stage {
    fn label(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Previous => "AWSPREVIOUS",
        }
    }
}

/// Secrets Manager, asked each time.
#[derive(Clone)]
struct Vault {
    client: Client,
    region: String,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// Why there is no value, without its name.
#[derive(Debug)]
enum VaultError {
    /// No such secret, or no such version of it.
    Absent {
        why: String,
    },
    /// It is there, and a person must do something.
    Barred {
        how: String,
    },
    Unavailable {
        why: String,
    },
}

impl VaultError {
    fn about(self, name: &SecretName, id: &str, region: &str) -> SecretError {
        let name = name.clone();
        match self {
            Self::Absent { why } => SecretError::Missing {
                name,
                how: format!("create the secret `{id}` in Secrets Manager of {region} ({why})"),
            },
            Self::Barred { how } => SecretError::Missing { name, how },
            Self::Unavailable { why } => SecretError::Unavailable { name, why },
        }
    }
}

impl Vault {
    fn new(connection: &Connection) -> Self {
        Self {
            client: connection.secrets_manager(),
            region: connection.region().to_owned(),
        }
    }

    async fn read(&self, id: &str, stage: Stage) -> Result<SecretString, VaultError> {
        let asked = self.client.get_secret_value().secret_id(id);
        let answer = Box::pin(asked.version_stage(stage.label()).send()).await;
        let value = match answer {
            Ok(answer) => answer.secret_string,
            Err(error) => return Err(refusal(id, Failure::of(error))),
        };
        value
            .map(SecretString::from)
            .ok_or_else(|| VaultError::Barred {
                how: format!("`{id}` has a value of bytes; give it one of text"),
            })
    }
}

fn refusal(id: &str, failure: Failure) -> VaultError {
    let Failure::Refused { code, why } = failure else {
        return VaultError::Unavailable {
            why: failure.to_string(),
        };
    };
    match code.as_str() {
        "ResourceNotFoundException" => VaultError::Absent { why },
        "AccessDeniedException" => VaultError::Barred {
            how: format!("let this function read `{id}` (secretsmanager:GetSecretValue): {why}"),
        },
        // Such as one that is being deleted, or whose key is gone.
        "InvalidRequestException" | "InvalidParameterException" | "DecryptionFailure" => {
            VaultError::Barred {
                how: format!("`{id}` cannot be read: {why}"),
            }
        }
        _ => VaultError::Unavailable {
            why: format!("{code}: {why}"),
        },
    }
}

/// Nothing that is locked here can be left half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
