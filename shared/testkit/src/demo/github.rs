//! Pushing as developers do: a commit, the origin, and the webhook GitHub would send.

use serde_json::Value;

use super::Result;
use super::server::{Talk, WEBHOOK_SECRET};
use super::world::{REPOSITORY_ID, World};
use crate::github_payloads::{Person, PullRequest, Repository, ZEROS, headers, ping};
use crate::sample_repo::{Author, CARLA, Edit};

/// The hook's id on GitHub.
const HOOK: u64 = 471_120_936;

/// The repository as GitHub's payloads describe it.
pub fn repository() -> Repository {
    Repository::new(REPOSITORY_ID, "acme/orders", "master")
}

/// A webhook that is ready to be sent, again if need be.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: String,
    event: &'static str,
    body: String,
}

impl Delivery {
    /// A payload as GitHub would deliver it, the `n`th of this process.
    pub fn new(n: u32, event: &'static str, body: String) -> Self {
        let now = jiff::Timestamp::now().as_millisecond();
        let id = format!("{n:08x}-0000-4000-8000-{now:012x}");
        Self { id, event, body }
    }

    /// Sends it, signed with `secret`; answers status and body.
    pub async fn send(&self, talk: &Talk, secret: &str) -> Result<(u16, Value)> {
        let headers = headers(
            self.event,
            &self.id,
            HOOK,
            REPOSITORY_ID,
            secret,
            self.body.as_bytes(),
        );
        talk.webhook(&headers, &self.body).await
    }
}

impl World {
    /// Wraps a payload as GitHub would deliver it.
    pub fn delivery(&mut self, event: &'static str, body: String) -> Delivery {
        self.deliveries += 1;
        Delivery::new(self.deliveries, event, body)
    }

    /// The webhook of a push that has happened on `branch`.
    pub fn push_delivery(&mut self, branch: &str, before: &str, who: &Author) -> Result<Delivery> {
        let push = self.repo.push(repository(), branch, before, who)?;
        Ok(self.delivery("push", push.body()))
    }

    /// Commits, brings it to the origin, and answers the commit and its webhook, not yet sent.
    pub fn commit(
        &mut self,
        branch: &str,
        who: &Author,
        subject: &str,
        edits: &[Edit],
    ) -> Result<(String, Delivery)> {
        let before = self.repo.head(branch)?;
        let revision = self.repo.commit(branch, who, subject, edits)?;
        self.publish()?;
        let delivery = self.push_delivery(branch, &before, who)?;
        Ok((revision, delivery))
    }

    /// Sends a webhook, signed; answers status and body.
    pub async fn send(&self, delivery: &Delivery) -> Result<(u16, Value)> {
        self.send_signed(delivery, WEBHOOK_SECRET).await
    }

    pub async fn send_signed(&self, delivery: &Delivery, secret: &str) -> Result<(u16, Value)> {
        delivery.send(&self.talk()?, secret).await
    }

    pub fn ping(&mut self) -> Delivery {
        let body = ping(&repository(), HOOK, &CARLA.person());
        self.delivery("ping", body)
    }

    /// A pull request from somebody's fork.
    pub fn fork_pull_request(&mut self, head: &str) -> Delivery {
        let stranger = Person::new("mallory", 66_600);
        let mut pull = PullRequest::opened(
            repository(),
            7,
            stranger,
            "feature/gift",
            head,
            jiff::Timestamp::now(),
        );
        pull.head_repository = Some(Repository {
            fork: true,
            ..Repository::new(REPOSITORY_ID + 1, "mallory/orders", "master")
        });
        let body = pull.body();
        self.delivery("pull_request", body)
    }
}

/// For `make push`: one more commit on `branch`, made if it is new, and its webhook.
pub async fn push_something(world: &mut World, branch: &str) -> Result<()> {
    let new = world.repo.head(branch).is_err();
    if new {
        world.repo.branch(branch, "develop")?;
    }
    let before = if new {
        ZEROS.to_owned()
    } else {
        world.repo.head(branch)?
    };
    let text = format!("pushed at {}\n", jiff::Timestamp::now());
    let revision = world.repo.commit(
        branch,
        &CARLA,
        "Note when this was pushed",
        &[Edit::write("PUSHED", &text)],
    )?;
    world.publish()?;
    let delivery = world.push_delivery(branch, &before, &CARLA)?;
    let (status, body) = world.send(&delivery).await?;
    println!("{branch} is at {revision}; the webhook was answered {status}: {body}");
    Ok(())
}
