//! The fence, as an action of a pipeline asks for it. A refusal is an answer and no error, so that the
//! platform asks again only for whom there was no answer.

use std::time::Duration;

use greenroom_app::App;
use greenroom_app::door::chain;
use greenroom_app::ports::Ports;
use greenroom_app::ports::pipelines::AdmissionRequest;
use greenroom_aws::pipelines::admission::Answer;
use greenroom_lambda::{Failed, Until};

use crate::job::Job;

/// Kept for the answer to CodePipeline.
const FOR_ANSWER: Duration = Duration::from_secs(10);
/// Between two tries at what is away for the moment.
const PAUSE: Duration = Duration::from_millis(500);

/// The answer to a job did not get through.
#[derive(Debug, thiserror::Error)]
#[error("CodePipeline does not take the answer: {why}")]
pub struct NotAnswered {
    pub why: String,
    /// The same again may get through.
    pub retryable: bool,
}

/// Answers jobs. Answering a job that has its answer already is no error.
pub trait Jobs {
    fn answer(&self, job: &str, answer: &Answer) -> impl Future<Output = Result<(), NotAnswered>>;
}

/// The fence.
#[derive(Debug)]
pub struct Handler<P, J> {
    app: App<P>,
    jobs: J,
}

impl<P: Ports, J: Jobs> Handler<P, J> {
    pub fn new(app: App<P>, jobs: J) -> Self {
        Self { app, jobs }
    }

    /// Answers one job.
    ///
    /// # Errors
    /// The answer did not get through to CodePipeline, whose action waits for it; the platform calls
    /// again.
    pub async fn handle(&self, event: &str, until: Until) -> Result<(), Failed> {
        let Some(job) = Job::parse(event) else {
            tracing::error!("an event that is no job of CodePipeline is passed over");
            return Ok(());
        };
        let answer = match job.asks {
            Ok(asked) => self.ask(&asked, until.but(FOR_ANSWER)).await,
            Err(why) => Answer::Refused { why },
        };
        tracing::info!(job.id, ?answer, "asked");
        loop {
            match until.allows(self.jobs.answer(&job.id, &answer)).await {
                Some(Ok(())) => return Ok(()),
                Some(Err(error)) if error.retryable && until.left() > PAUSE => {
                    tracing::warn!(job.id, %error, "the answer is sent again");
                    tokio::time::sleep(PAUSE).await;
                }
                Some(Err(error)) => return Err(error.into()),
                None => return Err("there was not enough time to answer CodePipeline".into()),
            }
        }
    }

    /// Asks until there is an answer: admission is one conditional write, and asking twice for the
    /// same execution is harmless.
    async fn ask(&self, asked: &AdmissionRequest, until: Until) -> Answer {
        tracing::info!(
            app = asked.app,
            stage = asked.stage,
            generation = asked.generation,
            execution = %asked.execution,
            "asks to be admitted"
        );
        let mut last = "there was not enough time to ask".to_owned();
        loop {
            match until.allows(Box::pin(self.app.admit(asked))).await {
                Some(Ok(Ok(()))) => return Answer::Admitted,
                Some(Ok(Err(rejection))) => return Answer::Refused { why: rejection.why },
                Some(Err(error)) if error.is_retryable() => last = chain(&error),
                Some(Err(error)) => return Answer::Refused { why: chain(&error) },
                None => return Answer::Undecided { why: last },
            }
            if until.left() <= PAUSE {
                return Answer::Undecided { why: last };
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
