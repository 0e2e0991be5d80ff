//! What the function is told, and what it is made of.

use greenroom_app::App;
use greenroom_app::ports::pipelines::PipelineError;
use greenroom_aws::environment::Problems;
use greenroom_aws::pipelines::admission::{Answer, Jobs as CodePipelineJobs};
use greenroom_aws::ports::AwsPorts;
use greenroom_aws::store::DynamoStore;
use greenroom_lambda::told::Told;

use crate::handler::{Handler, Jobs, NotAnswered};

/// The function, by its environment.
///
/// # Errors
/// With everything that is wrong with it.
pub fn read(
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Handler<AwsPorts<DynamoStore>, CodePipelineJobs>, Problems> {
    let mut told = Told::by(lookup);
    let connection = told.connection();
    let store = told.store(connection.as_ref());
    let settings = told.settings();
    let made = store.zip(connection.as_ref()).map(|(store, connection)| {
        let app = App::new(AwsPorts::new(store), settings);
        Handler::new(app, CodePipelineJobs::new(connection))
    });
    told.finish(made)
}

impl Jobs for CodePipelineJobs {
    async fn answer(&self, job: &str, answer: &Answer) -> Result<(), NotAnswered> {
        self.report(job, answer).await.map_err(|error| NotAnswered {
            retryable: matches!(error, PipelineError::Unavailable { .. }),
            why: error.to_string(),
        })
    }
}
