//! What the function is told, and what it is made of.

use greenroom_app::App;
use greenroom_app::door::chain;
use greenroom_app::ports::secrets::SecretError;
use greenroom_aws::environment::Problems;
use greenroom_aws::ports::AwsPorts;
use greenroom_aws::secrets::WebhookSecrets;
use greenroom_aws::store::DynamoStore;
use greenroom_github::Secrets;
use greenroom_lambda::told::Told;

use crate::handler::{Handler, LiveSecrets};

/// The function, by its environment.
///
/// # Errors
/// With everything that is wrong with it.
pub fn read(
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Handler<AwsPorts<DynamoStore>, WebhookSecrets>, Problems> {
    let mut told = Told::by(lookup);
    let connection = told.connection();
    let store = told.store(connection.as_ref());
    let settings = told.settings();
    let secret = told.required("GREENROOM_WEBHOOK_SECRET_ID");
    let made = store.zip(secret).zip(connection.as_ref());
    let made = made.map(|((store, secret), connection)| {
        let app = App::new(AwsPorts::new(store), settings);
        Handler::new(app, WebhookSecrets::new(connection, secret))
    });
    told.finish(made)
}

impl LiveSecrets for WebhookSecrets {
    async fn known(&self) -> Option<Secrets> {
        self.get().await.map_err(|error| complain(&error)).ok()
    }

    async fn fresh(&self) -> Option<Secrets> {
        let fresh = self.refresh().await;
        fresh.map_err(|error| complain(&error)).ok().flatten()
    }
}

fn complain(error: &SecretError) {
    tracing::error!(error = %chain(error), "the webhook secret cannot be read");
}
