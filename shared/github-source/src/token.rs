//! The token that requests carry: a person's, or one that an App's key is exchanged for and that
//! is used until shortly before it ends.

use greenroom_app::ports::secrets::{SecretError, Secrets};
use greenroom_app::ports::source::SourceError;
use greenroom_core::name::SecretName;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::sync::Mutex;

use crate::credential::Credential;
use crate::refusal::{unreadable, words};
use crate::send::{Request, Sender};
use crate::wire::TokenAnswer;

/// A token that ends within this time is not used any more: a request takes time, and clocks differ.
const SPARE: SignedDuration = SignedDuration::from_mins(5);

/// Where tokens come from.
pub(crate) struct Tokens<S> {
    name: SecretName,
    secrets: S,
    /// Held while one is fetched, so that many who need one fetch one.
    fetched: Mutex<Option<Fetched>>,
}

struct Fetched {
    token: SecretString,
    ends: Timestamp,
}

impl<S> std::fmt::Debug for Tokens<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<S: Secrets> Tokens<S> {
    pub(crate) fn new(name: SecretName, secrets: S) -> Self {
        Self {
            name,
            secrets,
            fetched: Mutex::new(None),
        }
    }

    /// A token that is good now, as far as we know; not `refused`, which GitHub did not accept.
    pub(crate) async fn get(
        &self,
        sender: &Sender,
        about: &str,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, SourceError> {
        let mut fetched = self.fetched.lock().await;
        let now = sender.now();
        let is_good = |known: &Fetched| {
            let is_refused = refused.is_some_and(|token| same(token, &known.token));
            let last = known.ends.saturating_sub(SPARE);
            !is_refused && last.is_ok_and(|last| now < last)
        };
        if let Some(known) = fetched.as_ref().filter(|known| is_good(known)) {
            return Ok(known.token.clone());
        }
        *fetched = None;
        match self.credential(about).await? {
            Credential::Token(token) => Ok(token),
            Credential::App {
                app,
                installation,
                signer,
            } => {
                let refuse = |why| refusal(about, why);
                let jwt = signer.sign(&app, now).map_err(refuse)?;
                let new = fetch(sender, about, &jwt, &app, installation).await?;
                let token = new.token.clone();
                *fetched = Some(new);
                Ok(token)
            }
        }
    }

    /// What the secret holds now.
    pub(crate) async fn credential(&self, about: &str) -> Result<Credential, SourceError> {
        let text = match self.secrets.get(&self.name).await {
            Ok(text) => text,
            Err(error @ SecretError::Missing { .. }) => {
                return Err(refusal(about, error.to_string()));
            }
            Err(error @ SecretError::Unavailable { .. }) => {
                return Err(SourceError::Unavailable {
                    repository: about.to_owned(),
                    why: error.to_string(),
                });
            }
        };
        Credential::parse(text.expose_secret()).map_err(|error| {
            let why = format!("the secret `{}` is no credential: {error}", self.name);
            refusal(about, why)
        })
    }
}

async fn fetch(
    sender: &Sender,
    about: &str,
    jwt: &SecretString,
    app: &str,
    installation: u64,
) -> Result<Fetched, SourceError> {
    let id = installation.to_string();
    let path = ["app", "installations", id.as_str(), "access_tokens"];
    let answer = sender
        .send(about, jwt, &Request::post(path, json!({})))
        .await?;
    let said = words(&answer.body);
    let why = match answer.status {
        201 => {
            let read: TokenAnswer = serde_json::from_slice(&answer.body)
                .map_err(|_| unreadable(about, "a token of the App"))?;
            return Ok(Fetched {
                token: read.token.into(),
                ends: read.expires_at,
            });
        }
        401 => format!(
            "GitHub does not accept the key of App {app} ({said}): it belongs to another App or was \
             deleted there, or this machine's clock is wrong"
        ),
        403 => format!("installation {installation} of App {app} gets no token ({said})"),
        404 => format!("there is no App {app} with an installation {installation} ({said})"),
        status => format!("GitHub gives no token, but status {status} ({said})"),
    };
    Err(refusal(about, why))
}

pub(crate) fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

fn refusal(about: &str, why: String) -> SourceError {
    SourceError::Refused {
        repository: about.to_owned(),
        why,
    }
}
