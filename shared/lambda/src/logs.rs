//! Logs of a function: a JSON object a line, as CloudWatch reads them.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Begins to log at the level that `AWS_LAMBDA_LOG_LEVEL` names, else `INFO`; `function` is the
/// name of the function's own crate.
///
/// The runtime and the SDK say no more than `INFO` whatever is asked for: below that they write
/// down events and requests, and with them the credentials that some carry.
pub fn begin(function: &'static str) {
    let asked = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok();
    let ours = asked
        .and_then(|level| level.parse::<LevelFilter>().ok())
        .unwrap_or(LevelFilter::INFO);
    let others = ours.min(LevelFilter::INFO);
    let levels = Targets::new()
        .with_default(others)
        .with_target("greenroom", ours)
        .with_target(function, ours);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_ansi(false);
    // Set before only if a test did so.
    drop(
        tracing_subscriber::registry()
            .with(levels)
            .with(lines)
            .try_init(),
    );
}
