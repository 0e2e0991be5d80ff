//! The function itself: what it is told, what it is made of, and its events one after the other.

use greenroom_lambda::Failed;
use greenroom_lambda::run::{configured, run};
use clock_tick::config;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    greenroom_lambda::logs::begin();
    let handler = &configured(config::read(|name| std::env::var(name).ok()))?;
    run(|_, until| async move { handler.handle(until).await }).await
}
