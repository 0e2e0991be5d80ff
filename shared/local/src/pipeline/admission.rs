//! The fence, as an execution meets it.

use std::future::Future;
use std::pin::Pin;

use greenroom_app::ports::pipelines::AdmissionRequest;

/// A boxed future, so that the fence can be connected after the pipelines are made.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why an execution may not begin, by what it must do.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// End: this execution is not the one that was claimed.
    #[error("{why}")]
    Refused { why: String },
    /// Ask again: nobody could decide.
    #[error("{why}")]
    Unavailable { why: String },
}

/// Decides whether an execution may touch its stage. Asking twice is the same as asking once.
pub trait Admission: Send + Sync + 'static {
    /// `Ok` only when the execution was recorded as the one admitted.
    fn admit(&self, request: AdmissionRequest) -> BoxFuture<'_, Result<(), AdmissionError>>;
}
