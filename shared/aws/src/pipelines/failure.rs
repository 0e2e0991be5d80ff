//! What AWS's refusals mean to whoever called.

use aws_sdk_codepipeline::config::retry::RetryConfig;
use aws_sdk_codepipeline::error::{ProvideErrorMetadata, SdkError};
use greenroom_app::ports::pipelines::PipelineError;

/// A failed call, in words.
pub(super) fn told<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::TimeoutError(_) => "AWS did not answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "AWS could not be reached".to_owned(),
        SdkError::ConstructionFailure(_) => "the request cannot be made".to_owned(),
        other => match (other.code(), other.message()) {
            (Some(code), Some(message)) if !message.is_empty() => format!("{code}: {message}"),
            (Some(code), _) => code.to_owned(),
            _ => "AWS's answer cannot be read".to_owned(),
        },
    }
}

/// Later, with the same request. Also where we may not: somebody corrects the role, and then it
/// goes on by itself.
pub(super) fn unavailable<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> PipelineError {
    let why = told(error);
    let why = match error.code() {
        Some("AccessDeniedException") => {
            format!("{why}; give the function's role this permission and it goes on by itself")
        }
        _ => why,
    };
    PipelineError::Unavailable { why }
}

/// Never as it is when AWS finds fault with the request itself; otherwise later.
pub(super) fn by_code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> PipelineError {
    match error {
        SdkError::ConstructionFailure(_) => PipelineError::Refused { why: told(error) },
        _ if error.code() == Some("ValidationException") => {
            PipelineError::Refused { why: told(error) }
        }
        _ => unavailable(error),
    }
}

/// One try: whoever calls comes again, with the same token.
pub(super) fn once() -> aws_sdk_codepipeline::config::Builder {
    aws_sdk_codepipeline::config::Builder::new().retry_config(RetryConfig::disabled())
}
