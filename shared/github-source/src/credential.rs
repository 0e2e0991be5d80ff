//! What the secret says: an App's key, or a token.

use secrecy::SecretString;
use serde::Deserialize;

use crate::jwt::Signer;

/// Who we are to GitHub. One secret holds either, as JSON:
///
/// - a GitHub App: `{"app_id": 12345, "installation_id": 67890, "private_key": "-----BEGIN RSA
///   PRIVATE KEY-----\n..."}`, where `app_id` may also be the App's client id;
/// - a fine-grained token: `{"token": "github_pat_..."}`, or just the token without any JSON.
#[derive(Debug)]
pub enum Credential {
    /// Tokens are fetched with a JWT that the App's key signs.
    App {
        app: String,
        installation: u64,
        signer: Box<Signer>,
    },
    /// The token itself.
    Token(SecretString),
}

/// The secret is there and is no credential. None of these shows what it holds.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CredentialError {
    #[error("it is empty")]
    Empty,
    #[error("it is neither a token nor JSON with `app_id`, `installation_id` and `private_key`")]
    Form,
    #[error("its `{0}` is missing")]
    Missing(&'static str),
    #[error("its `private_key` is no RSA key in PEM: {0}")]
    Key(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    app_id: Option<Id>,
    #[serde(default)]
    installation_id: Option<Id>,
    #[serde(default)]
    private_key: Option<String>,
}

/// People write ids with and without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
}

impl Id {
    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.trim().to_owned(),
        }
    }
}

impl Credential {
    /// Reads a secret's text.
    ///
    /// # Errors
    /// When a person has to write it anew.
    pub fn parse(text: &str) -> Result<Self, CredentialError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(CredentialError::Empty);
        }
        if !text.starts_with('{') {
            return token(text);
        }
        // What serde says may repeat a piece of the secret.
        let form: Form = serde_json::from_str(text).map_err(|_| CredentialError::Form)?;
        if let Some(text) = form.token {
            return token(text.trim());
        }
        let app = form.app_id.ok_or(CredentialError::Missing("app_id"))?;
        let installation = form.installation_id.map(Id::text);
        let installation = installation.ok_or(CredentialError::Missing("installation_id"))?;
        let key = form
            .private_key
            .ok_or(CredentialError::Missing("private_key"))?;
        Ok(Self::App {
            app: app.text(),
            installation: installation.parse().map_err(|_| CredentialError::Form)?,
            signer: Box::new(Signer::of_pem(&key.into()).map_err(CredentialError::Key)?),
        })
    }
}

/// A token goes into a header: anything that is none there is none here.
fn token(text: &str) -> Result<Credential, CredentialError> {
    let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_token {
        Ok(Credential::Token(SecretString::from(text)))
    } else {
        Err(CredentialError::Form)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn refused(text: &str) -> String {
        match Credential::parse(text) {
            Ok(credential) => panic!("{credential:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_token_is_taken_with_json_and_without() {
        for text in [" github_pat_1\n", r#"{"token": "github_pat_1"}"#] {
            match Credential::parse(text) {
                Ok(Credential::Token(token)) => {
                    assert_eq!(token.expose_secret(), "github_pat_1");
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_showing_the_secret() {
        assert_eq!(refused(" "), "it is empty");
        let key = r#"{"app_id": 1, "installation_id": "2", "private_key": "hunter2"}"#;
        for text in [
            "two words",
            r#"{"token": "hunter2", "more": 1}"#,
            r#"{"app_id": 1, "installation_id": "hunter2", "private_key": "x"}"#,
            key,
        ] {
            assert!(!refused(text).contains("hunter2"), "{text}");
        }
        assert!(refused(key).contains("private_key"));
        let missing = refused(r#"{"app_id": "Iv1.x"}"#);
        assert_eq!(missing, "its `installation_id` is missing");
    }
}
