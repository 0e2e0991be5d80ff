//! The real binary over a small real repository, and ways to be unkind to it.

pub mod cli;
pub mod hook;
pub mod http;
pub mod processes;
pub mod repo;
pub mod server;
pub mod service;
pub mod site;

use std::time::Duration;

use tokio::time::Instant;

/// How long anything may take on a busy machine before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer; the condition itself is what is waited for.
///
/// # Panics
/// When there is none in time; `what` says what was waited for.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            Instant::now() < give_up,
            "waited {PATIENCE:?} in vain until {what}"
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
