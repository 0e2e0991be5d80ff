//! What the function is told, and what it is made of.

use greenroom_app::Settings;
use greenroom_aws::environment::Problems;
use greenroom_aws::pipelines::CodePipelines;
use greenroom_aws::ports::AwsPorts;
use greenroom_aws::store::DynamoStore;
use greenroom_lambda::Hinting;
use greenroom_lambda::queues::SqsQueues;
use greenroom_lambda::told::{GitHub, Told};

use crate::handler::Handler;

/// What the function reaches.
pub type Outside = AwsPorts<DynamoStore, GitHub, CodePipelines>;

/// The function, by its environment.
///
/// # Errors
/// With everything that is wrong with it.
pub fn read(
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Handler<Outside, SqsQueues>, Problems> {
    let mut told = Told::by(lookup);
    let connection = told.connection();
    let store = told.store(connection.as_ref());
    let github = told.github(connection.as_ref());
    let queues = told.queues(connection.as_ref());
    let artifacts = told.required("GREENROOM_ARTIFACTS").unwrap_or_default();
    let settings = Settings {
        public_url: told.optional("GREENROOM_PUBLIC_URL"),
        ..told.settings()
    };
    let made = store.zip(github).zip(queues).zip(connection.as_ref());
    let made = made.map(|(((store, github), queues), connection)| {
        let outside = AwsPorts::new(store)
            .with_source(github)
            .with_pipelines(CodePipelines::new(connection, artifacts));
        Handler::new(Hinting::app(outside, settings), queues)
    });
    told.finish(made)
}
