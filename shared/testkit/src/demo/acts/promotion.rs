//! Preprod is refreshed from master; prod takes exactly those bytes.

use crate::demo::Result;
use crate::demo::board::{check, short};
use crate::demo::say::Say;
use crate::demo::world::World;

pub async fn tell(world: &mut World, say: &Say) -> Result<()> {
    say.act("2. Preprod is refreshed from master, prod takes what it has proven");
    say.step("The schedule (every 20 s in this stage file) reads master:");
    let master = world.repo.head("master")?;
    let preprod = world.green("preprod", &master).await?;
    say.line(&preprod.summary());
    let history = world.history("preprod").await?;
    check(
        history.iter().any(|line| line.contains("refresh of")),
        "the schedule's slot brought it",
    )?;
    say.step("`greenroom refresh preprod` by hand, on an unchanged branch:");
    let (text, code) = world.cli(&["refresh", "preprod"]).await?;
    say.line(&text);
    check(code == 0, "a refresh by hand is granted")?;
    say.step("`greenroom why prod`:");
    world
        .wait("prod", "has its candidate", |card| card.has("/candidate"))
        .await?;
    say.line(&world.cli(&["why", "prod"]).await?.0);
    let untouched = world
        .card("prod")
        .await?
        .is_some_and(|card| !card.has("/deployed"));
    check(untouched, "prod runs nothing before its approval")?;
    say.step("olga approves exactly this release; after 5 s of soak prod takes the same bytes:");
    let (text, code) = world
        .cli(&["approve", "prod", "--revision", short(&master, 8)])
        .await?;
    say.line(&text);
    check(code == 0, "the approval is granted")?;
    let prod = world.green("prod", &master).await?;
    say.line(&preprod.summary());
    say.line(&prod.summary());
    check(
        !prod.digest().is_empty() && prod.digest() == preprod.digest(),
        "prod runs the digest preprod has verified",
    )?;
    let talk = world.talk()?;
    let (before, after) = (
        talk.fetch(&format!("{}/version", preprod.url())).await?,
        talk.fetch(&format!("{}/version", prod.url())).await?,
    );
    check(
        before["artifact"] == after["artifact"] && before["digest"] == after["digest"],
        "the running services say so too",
    )
}
