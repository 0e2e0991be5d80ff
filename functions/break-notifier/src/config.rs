//! What the function is told, and what it is made of.

use greenroom_aws::channels::AwsChannels;
use greenroom_aws::environment::Problems;
use greenroom_aws::ports::{AwsPorts, Unused};
use greenroom_aws::secrets::AwsSecrets;
use greenroom_aws::store::DynamoStore;
use greenroom_lambda::Hinting;
use greenroom_lambda::told::{GitHub, Told};
use greenroom_telegram::{DEFAULT_BASE, Telegram};

use crate::handler::Handler;

/// What the function reaches.
pub type Outside = AwsPorts<DynamoStore, GitHub, Unused, Unused, AwsChannels<AwsSecrets>>;

/// The function, by its environment.
///
/// # Errors
/// With everything that is wrong with it.
pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Handler<Outside>, Problems> {
    let mut told = Told::by(lookup);
    let connection = told.connection();
    let store = told.store(connection.as_ref());
    let settings = told.settings();
    let github = told.github(connection.as_ref());
    let secrets = told.stage_secrets(connection.as_ref());
    let base = told.optional("GREENROOM_TELEGRAM_URL");
    let telegram = match Telegram::new(base.as_deref().unwrap_or(DEFAULT_BASE)) {
        Ok(telegram) => Some(telegram),
        Err(error) => {
            told.problem(format!("GREENROOM_TELEGRAM_URL: {error}"));
            None
        }
    };
    let channels = secrets.zip(telegram).zip(connection.as_ref());
    let channels = channels
        .map(|((secrets, telegram), connection)| AwsChannels::new(connection, secrets, telegram));
    let made = store.zip(github).zip(channels);
    let made = made.map(|((store, github), channels)| {
        let outside = AwsPorts::new(store)
            .with_source(github)
            .with_channels(channels);
        Handler::new(Hinting::app(outside, settings))
    });
    told.finish(made)
}
