//! `greenroom freeze`: the windows of stages, open or closed, why, and when that changes.

use jiff::Timestamp;
use serde_json::Value;

use super::stage::Typed;
use crate::args::FreezeArgs;
use crate::client::shape::{FrozenStage, Window};
use crate::client::{Client, shaped};
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::style::Mark;
use crate::output::table::{Cell, render};
use crate::output::text::clean;
use crate::output::time::{instant, now, relative};

const HEADER: [&str; 5] = ["", "STAGE", "WINDOW", "NOW", "WHY"];

pub async fn run(args: &FreezeArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let value = look(args, &client).await?;
    if output.is_json() {
        output.json(&value)?;
        return Ok(Exit::Ok);
    }
    let stages = value.get("stages").cloned().unwrap_or_default();
    let stages: Vec<FrozenStage> = shaped(&client, &stages)?;
    let now = now();
    let several = stages.windows(2).any(|two| two[0].name != two[1].name);
    let rows = stages.iter().flat_map(|one| rows(one, several, now));
    let rows: Vec<Vec<Cell>> = rows.collect();
    if rows.is_empty() {
        output.say("there are no stages yet");
        return Ok(Exit::Ok);
    }
    for line in render(&HEADER, &rows, output.width()) {
        output.line(line)?;
    }
    let closed = stages.iter().find(|stage| !stage.open);
    if let Some(stage) = closed {
        output.next(&[&format!("greenroom why {}", clean(&stage.stage))]);
    }
    Ok(Exit::Ok)
}

async fn look(args: &FreezeArgs, client: &Client) -> Result<Value, Stop> {
    let path = ["api", "v1", "freeze"];
    let typed = args.stage.as_deref().map(Typed::new);
    let app = typed.as_ref().and_then(|typed| typed.app);
    let app = app.or(args.app.as_deref()).map(|app| ("app", app));
    let stage = typed.as_ref().map(|typed| ("stage", typed.stage));
    let query: Vec<(&str, &str)> = app.into_iter().chain(stage).collect();
    match (client.get(&path, &query).await, &typed) {
        (Err(stop), Some(typed)) => Err(typed.suggest(client, stop).await),
        (other, _) => other,
    }
}

/// The stage itself, with its app where there are `several`, then each of its windows.
fn rows(stage: &FrozenStage, several: bool, now: Timestamp) -> Vec<Vec<Cell>> {
    let name = match several {
        true => format!("{}:{}", clean(&stage.name), clean(&stage.stage)),
        false => clean(&stage.stage),
    };
    let mark = match (&stage.pause, stage.open) {
        (None, true) => Mark::Good,
        _ => Mark::Care,
    };
    let mut notes = Vec::new();
    if stage.windows.is_empty() {
        notes.push("it has no windows".to_owned());
    }
    if let Some(pause) = &stage.pause {
        let (by, reason) = (clean(&pause.by), clean(&pause.reason));
        notes.push(format!("{by} paused everything: {reason}"));
    }
    if let Some(it) = &stage.overridden {
        let (by, reason) = (clean(&it.by), clean(&it.reason));
        let windows = clean(&it.windows.join(", "));
        notes.push(format!("{by} overrides {windows} once: {reason}"));
    }
    let state = state(stage.open, stage.changes_at, stage.changes_after, now);
    let mut rows = vec![vec![
        Cell::new(mark.symbol(), mark.style()),
        Cell::from(name),
        Cell::from(""),
        Cell::from(state),
        Cell::from(notes.join("; ")),
    ]];
    rows.extend(stage.windows.iter().map(|window| row(window, now)));
    rows
}

fn row(window: &Window, now: Timestamp) -> Vec<Cell> {
    let (at, after) = (window.changes_at, window.changes_after);
    vec![
        Cell::from(""),
        Cell::from(""),
        Cell::from(format!("{} {}", clean(&window.kind), clean(&window.window))),
        Cell::from(state(window.open, at, after, now)),
        Cell::from(clean(&window.reason)),
    ]
}

fn state(open: bool, at: Option<Timestamp>, after: Option<Timestamp>, now: Timestamp) -> String {
    let (state, turns) = match open {
        true => ("open", "closes"),
        false => ("closed", "opens"),
    };
    match (at, after) {
        (Some(at), _) => {
            format!("{state}, {turns} {} ({})", relative(at, now), instant(at))
        }
        (None, Some(after)) => {
            format!("{state}, {turns} after {} or later", instant(after))
        }
        (None, None) => state.to_owned(),
    }
}
