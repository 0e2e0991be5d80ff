//! What the function is told, and what it is made of.

use std::time::Duration;

use greenroom_app::door::chain;
use greenroom_app::ports::secrets::Secrets;
use greenroom_aws::channels::Topics;
use greenroom_aws::environment::Problems;
use greenroom_aws::pipelines::CodePipelines;
use greenroom_aws::ports::{AwsPorts, Unused};
use greenroom_aws::secrets::{Ages, AwsSecrets};
use greenroom_aws::store::DynamoStore;
use greenroom_core::name::SecretName;
use greenroom_lambda::Hinting;
use greenroom_lambda::told::{GitHub, Told};
use secrecy::SecretString;

use crate::handler::{Handler, Tokens};

/// What the function reaches.
pub type Outside = AwsPorts<DynamoStore, GitHub, CodePipelines, Unused, Topics>;

/// From one reading to the next that a token which does not fit causes.
const AGAIN: Duration = Duration::from_secs(30);

/// The API's token in Secrets Manager.
#[derive(Debug)]
pub struct KeptToken {
    name: SecretName,
    /// Kept for minutes.
    known: AwsSecrets,
    /// Kept only so that nonsense does not cause a reading each time.
    fresh: AwsSecrets,
}

/// The function, by its environment.
///
/// # Errors
/// With everything that is wrong with it.
pub fn read(
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Handler<Outside, KeptToken>, Problems> {
    let mut told = Told::by(lookup);
    let connection = told.connection();
    let store = told.store(connection.as_ref());
    let settings = told.settings();
    let github = told.github(connection.as_ref());
    let token = told.required("GREENROOM_TOKEN_SECRET_ID");
    let artifacts = told.required("GREENROOM_ARTIFACTS").unwrap_or_default();
    let made = store.zip(github).zip(token).zip(connection.as_ref());
    let made = made.map(|(((store, github), token), connection)| {
        let outside = AwsPorts::new(store)
            .with_source(github)
            .with_pipelines(CodePipelines::new(connection, artifacts))
            .with_channels(Topics::new(connection));
        let ages = Ages {
            keep: AGAIN,
            ..Ages::default()
        };
        let token = KeptToken {
            name: SecretName::new(token),
            known: AwsSecrets::new(connection, ""),
            fresh: AwsSecrets::with_ages(connection, "", ages),
        };
        Handler::new(Hinting::app(outside, settings), token)
    });
    told.finish(made)
}

impl KeptToken {
    async fn read(&self, secrets: &AwsSecrets) -> Option<SecretString> {
        let read = secrets.get(&self.name).await;
        read.map_err(
            |error| tracing::error!(error = %chain(&error), "the API's token cannot be read"),
        )
        .ok()
    }
}

impl Tokens for KeptToken {
    async fn known(&self) -> Option<SecretString> {
        self.read(&self.known).await
    }

    async fn fresh(&self) -> Option<SecretString> {
        self.read(&self.fresh).await
    }
}
