//! `greenroom gates`: what stands between a release and the stages.

use jiff::Timestamp;
use serde_json::json;

use crate::args::GatesArgs;
use crate::client::shape::{Gate, StageGates};
use crate::client::{Client, shaped};
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::style::{BOLD, DIM, Mark};
use crate::output::table::{Cell, block, render};
use crate::output::text::{clean, short};
use crate::output::time::{now, said};

/// Exits 0 when every gate that was asked about is open, else 3; also where nothing has gates.
pub async fn run(args: &GatesArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let mut query = vec![("release", args.release.as_str())];
    query.extend(args.stage.as_deref().map(|stage| ("stage", stage)));
    query.extend(args.app.as_deref().map(|app| ("app", app)));
    let value = client.get(&["api", "v1", "gates"], &query).await?;
    let stages: Vec<StageGates> = shaped(&client, &value)?;
    let exit = if !stages.is_empty() && stages.iter().all(|stage| stage.open) {
        Exit::Ok
    } else {
        Exit::Refused
    };
    if output.is_json() {
        output.json(&json!({ "schema": "gates/v1", "stages": value }))?;
        return Ok(exit);
    }
    if stages.is_empty() {
        output.say("no stage has gates: no stage file is in force, or it deploys nothing");
    }
    for (index, stage) in stages.iter().enumerate() {
        if index > 0 {
            output.line("")?;
        }
        shown(stage, output)?;
    }
    Ok(exit)
}

fn shown(stage: &StageGates, output: &mut Output) -> Result<(), Stop> {
    let closed = stage.gates.iter().filter(|gate| !gate.open).count();
    let state = match closed {
        0 => "every gate is open".to_owned(),
        1 => "1 gate is closed".to_owned(),
        many => format!("{many} gates are closed"),
    };
    output.line(format_args!(
        "{BOLD}{}{BOLD:#}, {}: {state}",
        clean(&stage.stage),
        short(&stage.revision)
    ))?;
    let now = now();
    let rows: Vec<Vec<Cell>> = stage
        .gates
        .iter()
        .map(|gate| {
            vec![
                Cell::from(clean(&gate.gate)),
                Cell::from(if gate.open { "open" } else { "closed" }),
                Cell::from(clean(&gate.required)),
                Cell::from(said(&clean(&gate.found), now)),
            ]
        })
        .collect();
    let header = ["GATE", "STATE", "REQUIRED", "FOUND"];
    for line in render(&header, &rows, output.width()) {
        output.line(line)?;
    }
    for gate in stage.gates.iter().filter(|gate| !gate.open) {
        why(gate, now, output)?;
    }
    Ok(())
}

fn why(gate: &Gate, now: Timestamp, output: &mut Output) -> Result<(), Stop> {
    let sentence = gate.why.as_deref().unwrap_or("it is closed");
    let text = Cell::from(said(&clean(sentence), now));
    let mut lines = block(&text, 2, output.width()).into_iter();
    let first = lines.next().unwrap_or_default();
    output.line(format_args!(
        "{} {}",
        Mark::Care.shown(),
        first.trim_start()
    ))?;
    for line in lines {
        output.line(line)?;
    }
    if let Some(who) = &gate.who {
        output.line(format_args!("  {DIM}who:{DIM:#}     {}", clean(who)))?;
    }
    if let Some(command) = gate.command.as_ref().filter(|it| !it.contains(" gates ")) {
        output.line(format_args!("  {DIM}command:{DIM:#} {}", clean(command)))?;
    }
    Ok(())
}
