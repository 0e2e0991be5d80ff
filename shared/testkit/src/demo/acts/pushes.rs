//! Pushes reach their stages, each with an instance, variables and data of its own.

use serde_json::json;

use crate::demo::Result;
use crate::demo::board::{check, short};
use crate::demo::say::Say;
use crate::demo::world::World;
use crate::github_payloads::ZEROS;
use crate::sample_repo::{ALICE, BOB, CARLA};

pub async fn tell(world: &mut World, say: &Say) -> Result<()> {
    say.act("1. A push reaches its stage");
    door(world, say).await?;
    say.step(
        "Three people push: alice to feature/alice-coupons, bob to develop, carla to release/1.0",
    );
    let mut expected = Vec::new();
    for (branch, who, stage) in [
        ("feature/alice-coupons", &ALICE, "alice"),
        ("develop", &BOB, "dev"),
        ("release/1.0", &CARLA, "qa"),
    ] {
        let delivery = world.push_delivery(branch, ZEROS, who)?;
        let (status, _) = world.send(&delivery).await?;
        check(status == 202, "a signed push is answered 202")?;
        expected.push((stage, world.repo.head(branch)?, delivery.id));
    }
    let mut urls = Vec::new();
    for (stage, revision, delivery) in expected {
        let became = world.became(&delivery).await?;
        check(
            became["stages"][0]["stage"] == stage,
            &format!("the webhook is decided for {stage}"),
        )?;
        let card = world.green(stage, &revision).await?;
        say.line(&card.summary());
        urls.push((stage, revision, card.url()));
    }
    isolated(world, say, &urls).await
}

/// What does not come in, and what comes in and leads nowhere.
async fn door(world: &mut World, say: &Say) -> Result<()> {
    let ping = world.ping();
    let (status, body) = world.send(&ping).await?;
    say.step(&format!("GitHub pings: {status} {}", body["status"]));
    check(status == 200, "a ping is answered 200")?;
    let (status, body) = world.send_signed(&ping, "not the secret").await?;
    say.step(&format!(
        "Somebody signs with another secret: {status} {}",
        body["error"]["message"]
    ));
    check(status == 401, "a wrong signature is answered 401")?;
    let head = world.repo.head("master")?;
    let pull = world.fork_pull_request(&head);
    let (status, _) = world.send(&pull).await?;
    let became = world.became(&pull.id).await?;
    say.step(&format!(
        "A stranger opens a pull request from a fork: {status}, {}: {}",
        became["status"], became["why"]
    ));
    check(
        became["status"] == "ignored",
        "a fork's pull request gets no stage",
    )
}

/// Every stage runs its own commit with its own variables, and an order in one is unknown in others.
async fn isolated(world: &World, say: &Say, urls: &[(&str, String, String)]) -> Result<()> {
    say.step("All three run at once; an order placed on alice's stage is on no other:");
    let talk = world.talk()?;
    let order = json!({ "items": [{ "name": "white tea", "quantity": 2, "price_cents": 300 }] });
    let (_, _, alice) = urls.first().ok_or("alice's stage is gone")?;
    talk.post_json(&format!("{alice}/orders"), &order).await?;
    let mut counts = Vec::new();
    for (stage, revision, url) in urls {
        let version = talk.fetch(&format!("{url}/version")).await?;
        let config = talk.fetch(&format!("{url}/config")).await?;
        let orders = talk.fetch(&format!("{url}/orders")).await?;
        let count = orders["orders"].as_array().map_or(0, Vec::len);
        say.line(&format!(
            "{stage:<8} runs {} as {}, {config}, {count} orders",
            short(version["revision"].as_str().unwrap_or("?"), 8),
            version["stage"]
        ));
        check(
            version["revision"] == revision.as_str() && version["stage"] == *stage,
            "each stage runs its own commit under its own name",
        )?;
        counts.push(count);
    }
    check(
        counts.first() > counts.get(1) && counts.get(1) == counts.get(2),
        "the stages share no data",
    )
}
