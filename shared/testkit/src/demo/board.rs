//! Asking the API what is where, and waiting until it is as it should be.

use serde_json::Value;

use super::Result;
use super::server::until;
use super::world::World;

/// A stage as the board shows it.
#[derive(Clone, Debug)]
pub struct Card(Value);

impl Card {
    pub fn text(&self, path: &str) -> String {
        match self.0.pointer(path) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        }
    }
    pub fn has(&self, path: &str) -> bool {
        self.0.pointer(path).is_some_and(|value| !value.is_null())
    }
    pub fn revision(&self) -> String {
        self.text("/deployed/revision")
    }
    pub fn digest(&self) -> String {
        self.text("/deployed/artifact")
    }
    pub fn url(&self) -> String {
        self.text("/url")
    }
    /// Green with this commit, and nothing under way.
    pub fn is_green_with(&self, revision: &str) -> bool {
        self.text("/health") == "green"
            && self.text("/phase") == "idle"
            && self.has("/green_since")
            && self.revision() == revision
    }
    /// One line for people.
    pub fn summary(&self) -> String {
        format!(
            "{:<8} {:<6} {}  artifact {}  {}",
            self.text("/stage"),
            self.text("/health"),
            short(&self.revision(), 8),
            short(self.digest().trim_start_matches("sha256:"), 12),
            self.url()
        )
    }
}

/// The first `digits` of an id.
pub fn short(id: &str, digits: usize) -> &str {
    id.get(..digits).unwrap_or(id)
}

impl World {
    /// The stage as it is now; `None` while there is no such stage.
    pub async fn card(&self, stage: &str) -> Result<Option<Card>> {
        Ok(self
            .talk()?
            .get(&format!("/stages/{stage}"))
            .await
            .ok()
            .map(Card))
    }

    /// Waits until the stage is as `is` wants it.
    pub async fn wait(&self, stage: &str, what: &str, is: impl Fn(&Card) -> bool) -> Result<Card> {
        let waited = until(&format!("{stage} {what}"), async || {
            Ok(self.card(stage).await?.filter(|card| is(card)))
        })
        .await;
        match waited {
            Ok(card) => Ok(card),
            Err(error) => {
                let now = self
                    .card(stage)
                    .await?
                    .map_or_else(|| "no such stage".to_owned(), |card| card.0.to_string());
                Err(format!("{error}\n  it is: {now}").into())
            }
        }
    }

    /// Waits until the stage is green with a commit.
    pub async fn green(&self, stage: &str, revision: &str) -> Result<Card> {
        self.wait(
            stage,
            &format!("is green with {}", short(revision, 8)),
            |card| card.is_green_with(revision),
        )
        .await
    }

    /// The stage's history, oldest first.
    pub async fn history(&self, stage: &str) -> Result<Vec<String>> {
        let log = self
            .talk()?
            .get(&format!("/stages/{stage}/log?limit=200"))
            .await?;
        let mut lines: Vec<_> = log
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|entry| entry["text"].as_str().map(str::to_owned))
            .collect();
        lines.reverse();
        Ok(lines)
    }

    /// What became of a webhook.
    pub async fn became(&self, id: &str) -> Result<Value> {
        until(&format!("delivery {id} is decided"), async || {
            let record = self.talk()?.get(&format!("/deliveries/{id}")).await?;
            Ok((record["status"]["status"] != "received").then(|| record["status"].clone()))
        })
        .await
    }
}

/// Fails the story unless `holds`.
pub fn check(holds: bool, promise: &str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(format!("this does not hold: {promise}").into())
    }
}
