//! The loop of a function: one event at a time, one line of the log at least for each.

use std::pin::Pin;
use std::time::Instant;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Failed, Until};

/// Gives each event, as text, to `handle`, until the platform has enough of this process.
///
/// # Errors
/// The platform cannot be talked to.
pub async fn run<F, T>(handle: impl Fn(Box<RawValue>, Until) -> F) -> Result<(), Failed>
where
    F: Future<Output = Result<T, Failed>>,
    T: Serialize,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| async move {
        let began = Instant::now();
        let (payload, context) = event.into_parts();
        // Without its type: what a handler is made of is deeper than the compiler looks into.
        let handled: Pin<Box<dyn Future<Output = _> + '_>> =
            Box::pin(handle(payload, Until::of(&context)));
        let answer = handled.await;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &answer {
            Ok(_) => tracing::info!(request.id = context.request_id, ms, "handled"),
            Err(error) => {
                tracing::error!(request.id = context.request_id, ms, %error, "not handled");
            }
        }
        answer
    }))
    .await
}

/// What was configured, or the end of this process with every problem in the log.
///
/// # Errors
/// `configured` is one.
pub fn configured<T, E: std::fmt::Display>(configured: Result<T, E>) -> Result<T, Failed> {
    configured.map_err(|problems| {
        let problems = problems.to_string();
        tracing::error!(problems, "the function is not configured as it must be");
        problems.into()
    })
}
