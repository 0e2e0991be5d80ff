//! What the function is told, and what it is made of.

use greenroom_aws::environment::Problems;
use greenroom_aws::pipelines::CodePipelines;
use greenroom_aws::ports::{AwsPorts, Unused};
use greenroom_aws::store::DynamoStore;
use greenroom_lambda::Hinting;
use greenroom_lambda::told::Told;

use crate::handler::Handler;

/// What the function reaches.
pub type Outside = AwsPorts<DynamoStore, Unused, CodePipelines>;

/// The function, by its environment.
///
/// # Errors
/// With everything that is wrong with it.
pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Handler<Outside>, Problems> {
    let mut told = Told::by(lookup);
    let connection = told.connection();
    let store = told.store(connection.as_ref());
    let settings = told.settings();
    let artifacts = told.required("GREENROOM_ARTIFACTS").unwrap_or_default();
    let made = store.zip(connection.as_ref()).map(|(store, connection)| {
        let outside =
            AwsPorts::new(store).with_pipelines(CodePipelines::new(connection, artifacts));
        Handler::new(Hinting::app(outside, settings))
    });
    told.finish(made)
}
