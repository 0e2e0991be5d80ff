//! The function itself: what it is told, what it is made of, and its events one after the other.

use control_api::config;
use greenroom_lambda::Failed;
use greenroom_lambda::run::{configured, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    greenroom_lambda::logs::begin(env!("CARGO_CRATE_NAME"));
    let handler = &configured(config::read(|name| std::env::var(name).ok()))?;
    handler.warm().await;
    run(|event, until| async move { handler.handle(event.get(), until).await }).await
}
