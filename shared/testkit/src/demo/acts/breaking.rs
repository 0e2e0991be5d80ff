//! A bad commit breaks preprod: told once, with suspects; recovered once; prod never touched.

use crate::demo::Result;
use crate::demo::board::{Card, check, short};
use crate::demo::say::Say;
use crate::demo::server::until;
use crate::demo::world::World;
use crate::sample_repo::{ALICE, BOB, break_discount, fix_discount};

pub async fn tell(world: &mut World, say: &Say) -> Result<()> {
    say.act("3. A bad commit breaks preprod");
    let good = world.repo.head("master")?;
    let before = told(world)?;
    say.step("bob pushes a change of the discount to master; preprod is refreshed");
    let (bad, delivery) = world.commit(
        "master",
        &BOB,
        "Round discounts \"properly\" <b>now</b>",
        &break_discount(),
    )?;
    world.send(&delivery).await?;
    world.cli(&["refresh", "preprod"]).await?;
    let broken = world
        .wait("preprod", "is red", |card| is_red_with(card, &bad))
        .await?;
    let alert = until("the alert arrives", async || {
        Ok((told(world)?.0 > before.0 && told(world)?.1 > before.1).then_some(()))
    })
    .await;
    alert?;
    say.step("One alert each by Telegram and by mail:");
    let message = world
        .far()?
        .telegram
        .arrived()
        .pop()
        .ok_or("no message arrived")?;
    say.line(&message.text);
    check(
        message.text.contains("Bob Okafor") && message.text.contains(short(&bad, 8)),
        "the alert names the suspect and the commit",
    )?;
    let mail = world
        .far()?
        .smtp
        .received()
        .pop()
        .ok_or("no mail arrived")?;
    say.step(&format!("The mail's subject: {}", mail.subject()));
    after_the_break(world, say, &good, before, &broken).await?;
    say.step("alice pushes the fix; the next refresh recovers:");
    let (fixed, delivery) = world.commit(
        "master",
        &ALICE,
        "Give coupons their full discount again",
        &fix_discount(),
    )?;
    world.send(&delivery).await?;
    world.cli(&["refresh", "preprod"]).await?;
    world.green("preprod", &fixed).await?;
    until("the recovery is told", async || {
        Ok((told(world)? == (before.0 + 2, before.1 + 2)).then_some(()))
    })
    .await?;
    let message = world
        .far()?
        .telegram
        .arrived()
        .pop()
        .ok_or("no message arrived")?;
    say.line(&message.text);
    let prod = world.card("prod").await?.ok_or("prod is gone")?;
    say.step("Through all of this prod ran what it ran:");
    say.line(&prod.summary());
    check(
        prod.revision() == good && prod.text("/last/generation") == "1",
        "prod was never touched",
    )
}

async fn after_the_break(
    world: &World,
    say: &Say,
    good: &str,
    before: (usize, usize),
    broken: &Card,
) -> Result<()> {
    say.step("`greenroom why prod` meanwhile:");
    say.line(&world.cli(&["why", "prod"]).await?.0);
    let why = world.card("prod").await?.ok_or("prod is gone")?;
    check(
        why.text("/waiting_on/0/code") == "upstream_unverified",
        "`why prod` says that preprod is red",
    )?;
    check(why.revision() == good, "prod still runs the good release")?;
    say.step("`greenroom retry preprod` fails the same way; nobody is told a second time:");
    let runs = broken.text("/last/generation");
    world.cli(&["retry", "preprod"]).await?;
    let again = |card: &Card| {
        card.text("/last/generation") != runs
            && card.text("/phase") == "idle"
            && card.text("/health") == "red"
    };
    let card = world.wait("preprod", "is red again", again).await?;
    say.line(&format!(
        "run {} {}: {}; {} messages, {} mails as before",
        card.text("/last/generation"),
        card.text("/last/outcome"),
        card.text("/last/why"),
        told(world)?.0,
        told(world)?.1
    ));
    check(
        told(world)? == (before.0 + 1, before.1 + 1),
        "a second red run makes no second alert",
    )
}

fn is_red_with(card: &Card, revision: &str) -> bool {
    card.text("/health") == "red" && card.revision() == revision && card.text("/phase") == "idle"
}

/// Messages and mails that have arrived.
fn told(world: &World) -> Result<(usize, usize)> {
    let far = world.far()?;
    Ok((far.telegram.arrived().len(), far.smtp.received().len()))
}
