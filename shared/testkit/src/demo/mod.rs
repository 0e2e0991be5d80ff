//! The main job, told step by step over the real binary: real pushes to a real repository, real
//! webhooks, real pipelines and services. Only the far ends are ours: a Bot API server and a mail
//! server that are as strict as the real ones and show what arrived.

mod acts;
mod board;
pub(crate) mod github;
mod say;
pub(crate) mod server;
pub(crate) mod world;

use std::path::Path;

use say::Say;
use world::World;

/// Anything that keeps the story from going on.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
/// What a step answers.
pub type Result<T> = std::result::Result<T, Error>;

/// Tells the whole story in `folder`, which is made anew, and leaves nothing running.
///
/// # Errors
/// The first thing that is not as promised.
pub async fn tell(greenroom: &Path, folder: &Path) -> Result<()> {
    let say = Say::default();
    let mut world = World::prepare(greenroom, folder, &say).await?;
    let told = tokio::select! {
        told = acts::all(&mut world) => told,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    let left = world.end().await;
    match told {
        Err(error) => Err(format!(
            "{error}\n  the server's log is in {}",
            world.log_path().display()
        )
        .into()),
        Ok(()) => left,
    }
}

/// Prepares the same and serves until it is interrupted.
///
/// # Errors
/// When something cannot be prepared.
pub async fn stay(greenroom: &Path, folder: &Path) -> Result<()> {
    let say = Say::default();
    let mut world = World::prepare(greenroom, folder, &say).await?;
    world.start("30s").await?;
    say.step("Greenroom serves. In another terminal:");
    say.line(&format!(
        "{} status --data {}",
        world.greenroom().display(),
        world.data().display()
    ));
    say.line("make push BRANCH=feature/my-idea     # commits to the sample repository and sends the webhook");
    say.line("Ctrl-C stops everything.");
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    world.end().await
}

/// Commits something on `branch` of a prepared demo and sends its webhook.
///
/// # Errors
/// When nothing serves in `folder`, or git refuses the branch.
pub async fn push(folder: &Path, branch: &str) -> Result<()> {
    let mut world = World::reopen(folder)?;
    github::push_something(&mut world, branch).await
}
