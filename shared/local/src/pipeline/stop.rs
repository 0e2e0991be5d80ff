//! How an execution is told to end before its time.

use greenroom_app::ports::pipelines::Observation;
use jiff::Timestamp;
use tokio::sync::watch;

/// Why it must end.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    /// Somebody asked, with a reason.
    Asked(String),
    /// The server ends.
    Leaving,
}

impl Cause {
    /// What the execution is then.
    pub(super) fn observation(&self) -> Observation {
        let at = Timestamp::now();
        match self {
            Self::Asked(_) => Observation::Stopped { at },
            Self::Leaving => Observation::Errored {
                why: "the server was stopped while it ran".to_owned(),
                at,
            },
        }
    }

    /// For the log.
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Asked(reason) => reason,
            Self::Leaving => "the server is being stopped",
        }
    }
}

#[derive(Debug)]
pub(super) struct StopSender(watch::Sender<Option<Cause>>);

#[derive(Debug)]
pub(super) struct Stop(watch::Receiver<Option<Cause>>);

pub(super) fn channel() -> (StopSender, Stop) {
    let (sender, receiver) = watch::channel(None);
    (StopSender(sender), Stop(receiver))
}

impl StopSender {
    /// The first cause counts.
    pub(super) fn stop(&self, cause: Cause) {
        self.0.send_if_modified(|now| {
            let is_first = now.is_none();
            if is_first {
                *now = Some(cause);
            }
            is_first
        });
    }
}

impl Stop {
    /// Ends when the execution must.
    pub(super) async fn told(&mut self) -> Cause {
        let cause = match self.0.wait_for(Option::is_some).await {
            Ok(cause) => cause.clone(),
            Err(_) => None,
        };
        match cause {
            Some(cause) => cause,
            // Nobody is left who could tell.
            None => std::future::pending().await,
        }
    }

    /// The work's result, or what the execution is when it is told to end first.
    pub(super) async fn unless_told<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Observation> {
        tokio::select! {
            biased;
            cause = self.told() => Err(cause.observation()),
            done = work => Ok(done),
        }
    }
}
