//! `kill -9` in the middle of a run.

use crate::demo::Result;
use crate::demo::board::{check, short};
use crate::demo::say::Say;
use crate::demo::world::World;
use crate::sample_repo::{BOB, CARLA, Edit};

pub async fn tell(world: &mut World, say: &Say) -> Result<()> {
    say.act("4. The server is killed in the middle of a run");
    let slow = [Edit::replace(
        "deploy.sh",
        "#!/bin/sh\n",
        "#!/bin/sh\nsleep 2\n",
    )];
    let (slow, delivery) = world.commit("develop", &BOB, "Take some time to deploy", &slow)?;
    world.send(&delivery).await?;
    let running = world
        .wait("dev", "is deploying", |card| {
            card.text("/phase") == "deploying"
        })
        .await?;
    let run = running.text("/run/generation");
    let (release, delivery) = world.commit(
        "release/1.0",
        &CARLA,
        "Note the release",
        &[Edit::write("NOTES", "1.0\n")],
    )?;
    let (status, _) = world.send(&delivery).await?;
    world.kill().await?;
    say.step(&format!(
        "dev deployed {} (run {run}); carla's push was answered {status}; then kill -9",
        short(&slow, 8)
    ));
    world.start("0").await?;
    say.step("Started again. Nothing acknowledged is lost, and the story goes on:");
    let qa = world.green("qa", &release).await?;
    let dev = world.green("dev", &slow).await?;
    say.line(&qa.summary());
    say.line(&dev.summary());
    for line in world.history("dev").await?.iter().rev().take(6).rev() {
        say.line(&format!("  {line}"));
    }
    let history = world.history("dev").await?;
    check(
        history
            .iter()
            .any(|line| line.starts_with(&format!("run {run} errored"))),
        "the run whose process is gone ended errored",
    )?;
    once(world, say)
}

/// Each run reached its stage at most once.
fn once(world: &World, say: &Say) -> Result<()> {
    let journal = std::fs::read_to_string(world.stages().join("journal.log"))?;
    let mut runs: Vec<_> = journal
        .lines()
        .filter_map(|line| {
            line.split_whitespace()
                .find(|word| word.starts_with("run="))
        })
        .collect();
    let all = runs.len();
    runs.sort_unstable();
    runs.dedup();
    say.step(&format!(
        "The services' own journal: {all} deployments, {} runs",
        runs.len()
    ));
    check(all == runs.len(), "nothing ran twice")
}
