//! A stage as it was typed, and what to say when there is none of that name.

use serde_json::Value;

use crate::client::{Client, shape, shaped};
use crate::exit::{Exit, Stop};
use crate::nearest::nearest;
use crate::output::text::clean;

/// What to say where a group was typed and one stage is needed.
const ONE: &str = "this is about one stage; `greenroom status @GROUP` shows those of a group";

/// `prod`, `orders:prod` or `acme/orders:prod`, taken apart.
#[derive(Clone, Debug)]
pub struct Typed<'a> {
    whole: &'a str,
    pub app: Option<&'a str>,
    pub stage: &'a str,
}

impl<'a> Typed<'a> {
    pub fn new(whole: &'a str) -> Self {
        let (app, stage) = match whole.split_once(':') {
            Some((app, stage)) => (Some(app), stage),
            None => (None, whole),
        };
        Self { whole, app, stage }
    }

    pub fn query(&self) -> Vec<(&'a str, &'a str)> {
        self.app.map(|app| ("app", app)).into_iter().collect()
    }

    /// The group's name, if it is one: `@europe`.
    pub fn group(&self) -> Option<&'a str> {
        self.stage.strip_prefix('@')
    }

    /// How to type it again.
    pub fn again(&self) -> String {
        clean(self.whole)
    }

    /// Reads what is below the stage: `[]` for the stage itself, `["log"]`, ...
    pub async fn get(
        &self,
        client: &Client,
        below: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, Stop> {
        let mut path = vec!["api", "v1", "stages", self.stage];
        path.extend(below);
        let mut pairs = self.query();
        pairs.extend(query);
        match client.get(&path, &pairs).await {
            Ok(value) => Ok(value),
            Err(stop) => Err(self.suggest(client, stop).await),
        }
    }

    /// Adds the stage that was probably meant to a "not found".
    pub async fn suggest(&self, client: &Client, stop: Stop) -> Stop {
        let Stop::Failed(mut failure) = stop else {
            return stop;
        };
        if failure.exit == Exit::NotFound && self.group().is_some() {
            failure.help = Some(ONE.to_owned());
        } else if failure.exit == Exit::NotFound
            && let Some(near) = self.near(client).await
        {
            let near = clean(&near);
            let known = failure.help.take();
            failure.help = Some(match known {
                Some(known) => format!("did you mean `{near}`? {known}"),
                None => format!("did you mean `{near}`?"),
            });
        }
        Stop::Failed(failure)
    }

    async fn near(&self, client: &Client) -> Option<String> {
        let value = client.get(&["api", "v1", "board"], &[]).await.ok()?;
        let board: shape::Board = shaped(client, &value).ok()?;
        let names: Vec<&str> = board
            .apps
            .iter()
            .flat_map(|app| &app.stages)
            .map(|card| card.stage.as_str())
            .collect();
        // The stage is there; something about it is not.
        if names.contains(&self.stage) {
            return None;
        }
        nearest(self.stage, names).map(str::to_owned)
    }
}

/// The stage's card, as it came and as it is read.
pub async fn card(client: &Client, typed: &Typed<'_>) -> Result<(Value, shape::StageCard), Stop> {
    let value = typed.get(client, &[], &[]).await?;
    let card = shaped(client, &value)?;
    Ok((value, card))
}
