//! MiniStack alone, for a look by hand: says where it is, and runs until it is stopped.
//!
//! `ministack auth` enforces IAM.

use greenroom_emulators::ministack::{MiniStack, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let auth = std::env::args().nth(1).is_some_and(|word| word == "auth");
    let stack = MiniStack::start_with(Options {
        auth,
        ..Options::default()
    })
    .await?;
    println!("{} {}", stack.id(), stack.url());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
