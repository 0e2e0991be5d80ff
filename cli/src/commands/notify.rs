//! `greenroom notify --test`: whether a channel works, known only once it was tried.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::args::NotifyArgs;
use crate::client::shape::{Attention, Board, Effect};
use crate::client::{Client, shaped};
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::style::Mark;
use crate::output::text::clean;

/// How often it is asked whether it was sent.
const POLL: Duration = Duration::from_millis(200);

pub async fn run(args: &NotifyArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let given_up = complaints(args, &client).await?;
    let body = json!({ "app": args.app, "channel": args.channel });
    let answer = client.post(&["api", "v1", "notify"], &[], &body).await?;
    let id = answer
        .get("effect")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let deadline = Instant::now() + args.timeout;
    let effect = loop {
        let value = client
            .get(&["api", "v1", "effects"], &[("id", &id)])
            .await?;
        let effect: Effect = shaped(&client, &value)?;
        if effect.done || Instant::now() >= deadline {
            break effect;
        }
        tokio::time::sleep(POLL).await;
    };
    let fresh = complaints(args, &client)
        .await?
        .into_iter()
        .find(|complaint| !given_up.contains(complaint));
    let channel = clean(&args.channel);
    if effect.done
        && let Some(complaint) = fresh
    {
        return Err(Failure::new(
            Exit::Failed,
            "not_sent",
            format!("{channel} could not be told"),
        )
        .at(client.place())
        .why(clean(&complaint.text))
        .help("correct the channel in the stage file, or its secret")
        .into());
    }
    let state = if effect.done { "sent" } else { "pending" };
    if output.is_json() {
        output.json(&json!({
            "schema": "notify/v1", "effect": id, "channel": args.channel,
            "state": state, "tries": effect.tries, "last": effect.last,
        }))?;
    } else if effect.done {
        output.line(format_args!("{} {channel} was told", Mark::Check.shown()))?;
    } else {
        let last = effect
            .last
            .as_ref()
            .map_or_else(String::new, |last| format!(": {}", clean(last)));
        output.line(format_args!(
            "{} {channel} was not told yet, after {} tries{last}",
            Mark::Care.shown(),
            effect.tries
        ))?;
        output.say("it is tried again until it is given up; the board then says so");
    }
    Ok(if effect.done { Exit::Ok } else { Exit::Pending })
}

/// What the board has to say about the channel.
async fn complaints(args: &NotifyArgs, client: &Client) -> Result<Vec<Attention>, Stop> {
    let query: Vec<(&str, &str)> = args.app.iter().map(|app| ("app", app.as_str())).collect();
    let value = client.get(&["api", "v1", "board"], &query).await?;
    let board: Board = shaped(client, &value)?;
    let command = format!("greenroom notify --test {}", args.channel);
    let attention = board.apps.into_iter().flat_map(|app| app.attention);
    Ok(attention
        .filter(|item| item.command.as_ref() == Some(&command))
        .collect())
}
