//! What became of a call to AWS that did not succeed, the same for every service.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// How long to wait when AWS asks to wait and, as always, does not say how long.
pub(crate) const WAIT: Duration = Duration::from_secs(1);

/// How services say that there were too many calls.
const TOO_MANY: [&str; 11] = [
    "KmsThrottled",
    "LimitExceededException",
    "OverLimit",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
];

type Source = Box<dyn Error + Send + Sync>;

/// A call that did not succeed, by what is known of its effect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It never left: no connection, or it could not be put together. It had no effect.
    #[error("{why}")]
    NotSent { why: String, source: Source },
    /// Too many calls. It had no effect.
    #[error("{why}")]
    Throttled { why: String },
    /// It left, and no answer came that says what it did.
    #[error("{why}")]
    Unknown { why: String, source: Source },
    /// The service said no. It had no effect.
    #[error("{code}: {why}")]
    Refused {
        /// Such as `ResourceNotFoundException`.
        code: String,
        why: String,
    },
}

impl Failure {
    pub fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let why = DisplayErrorContext(&error).to_string();
        match &error {
            SdkError::ConstructionFailure(_) => Self::NotSent {
                why,
                source: error.into(),
            },
            SdkError::DispatchFailure(_) if never_connected(&error) => Self::NotSent {
                why: format!("no connection: {}", root(&error)),
                source: error.into(),
            },
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                let code = answer.err().code().unwrap_or_default();
                let why = answer.err().message().unwrap_or("no message").to_owned();
                if status == 429 || TOO_MANY.contains(&code) {
                    Self::Throttled { why }
                } else if status >= 500 {
                    Self::Unknown {
                        why: format!("{status} {code}: {why}"),
                        source: error.into(),
                    }
                } else {
                    Self::Refused {
                        code: code.to_owned(),
                        why,
                    }
                }
            }
            _ => Self::Unknown {
                why: format!("no answer: {}", root(&error)),
                source: error.into(),
            },
        }
    }
}

/// True when not even a connection was made; TLS and its time limit count as part of that.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        cause
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
    })
}

/// What lies at the bottom says most: "Connection refused".
fn root(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
