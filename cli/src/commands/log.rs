//! `greenroom log`: what happened to a stage, and what the steps of a run wrote.

use serde_json::{Value, json};

use super::stage::Typed;
use super::why::failing_tests;
use crate::args::LogArgs;
use crate::client::shape::{Entry, Run, StepLog, Suite};
use crate::client::{Client, shaped};
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::style::{BOLD, DIM, Mark};
use crate::output::table::{Cell, render};
use crate::output::text::{clean, log_line, short};
use crate::output::time::{age, now, relative};

pub async fn run(args: &LogArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let typed = Typed::new(&args.stage.stage);
    match args.run {
        Some(generation) => one(&client, &typed, generation, output).await,
        None => history(&client, &typed, args.limit, output).await,
    }
}

async fn history(
    client: &Client,
    typed: &Typed<'_>,
    limit: u32,
    output: &mut Output,
) -> Result<Exit, Stop> {
    let mut value = typed
        .get(client, &["log"], &[("limit", &limit.to_string())])
        .await?;
    // The server tells the newest first; people read downwards.
    if let Some(list) = value.as_array_mut() {
        list.reverse();
    }
    if output.is_json() {
        output.json(&json!({ "schema": "log/v1", "stage": typed.stage, "entries": value }))?;
        return Ok(Exit::Ok);
    }
    let entries: Vec<Entry> = shaped(client, &value)?;
    if entries.is_empty() {
        output.say("nothing has happened here yet");
        output.next(&[&format!("greenroom why {}", typed.again())]);
        return Ok(Exit::Ok);
    }
    let now = now();
    let rows: Vec<Vec<Cell>> = entries
        .iter()
        .map(|entry| {
            let run = entry
                .generation
                .map_or_else(|| "-".to_owned(), |run| run.to_string());
            vec![
                Cell::from(age(entry.at, now)),
                Cell::from(run),
                Cell::from(clean(&entry.text)),
            ]
        })
        .collect();
    for line in render(&["AGE", "RUN", "WHAT"], &rows, output.width()) {
        output.line(line)?;
    }
    if let Some(run) = entries.iter().rev().find_map(|entry| entry.generation) {
        output.next(&[&format!("greenroom log {} --run {run}", typed.again())]);
    }
    Ok(Exit::Ok)
}

async fn one(
    client: &Client,
    typed: &Typed<'_>,
    generation: u64,
    output: &mut Output,
) -> Result<Exit, Stop> {
    let number = generation.to_string();
    let path = ["api", "v1", "runs", typed.stage, number.as_str()];
    let value = match client.get(&path, &typed.query()).await {
        Ok(value) => value,
        Err(stop) => return Err(typed.suggest(client, stop).await),
    };
    let path = ["api", "v1", "runs", typed.stage, number.as_str(), "log"];
    let steps: Value = client.get(&path, &typed.query()).await?;
    if output.is_json() {
        output.json(&json!({ "schema": "run/v1", "run": value, "steps": steps }))?;
        return Ok(Exit::Ok);
    }
    details(typed, &shaped(client, &value)?, output)?;
    let steps: Vec<StepLog> = shaped(client, &steps)?;
    for step in &steps {
        output.line("")?;
        output.line(format_args!(
            "{DIM}==={DIM:#} {BOLD}{}{BOLD:#}",
            clean(&step.step)
        ))?;
        for line in step.text.lines() {
            output.line(log_line(line))?;
        }
    }
    if steps.is_empty() {
        output.say("no step has written anything");
    }
    Ok(Exit::Ok)
}

fn details(typed: &Typed<'_>, run: &Run, output: &mut Output) -> Result<(), Stop> {
    let now = now();
    let state = run.outcome.as_deref().unwrap_or(&run.phase);
    let mark = match state {
        "succeeded" => Mark::Good,
        "failed" => Mark::Bad,
        "errored" | "timed_out" | "refused" => Mark::Care,
        _ => Mark::Empty,
    };
    output.line(format_args!(
        "{} {BOLD}run {} of {}{BOLD:#}: {}",
        mark.shown(),
        run.generation,
        typed.again(),
        clean(state).replace('_', " "),
    ))?;
    let mut fact =
        |name: &str, text: String| output.line(format_args!("  {DIM}{name:<9}{DIM:#} {text}"));
    fact("revision", clean(&run.revision))?;
    if let Some(artifact) = &run.artifact {
        fact("artifact", clean(artifact))?;
    }
    fact("cause", clean(&run.cause))?;
    if let Some(execution) = &run.execution {
        fact("execution", clean(execution))?;
    }
    fact("began", relative(run.claimed_at, now))?;
    if let Some(ended) = run.ended_at {
        fact("took", age(run.claimed_at, ended))?;
    }
    if let Some(why) = &run.why {
        fact("why", clean(why))?;
    }
    if !run.contains.is_empty() {
        let list: Vec<String> = run.contains.iter().map(|one| short(one)).collect();
        fact("contains", list.join(" "))?;
    }
    run.suites
        .iter()
        .try_for_each(|suite| tested(suite, output))
}

fn tested(suite: &Suite, output: &mut Output) -> Result<(), Stop> {
    let (mark, said) = match suite.verdict.as_deref() {
        Some("passed") => (Mark::Good, format!("passed, {} tests", suite.total)),
        Some("failed") => (
            Mark::Bad,
            format!("{} of {} tests failed", suite.failed, suite.total),
        ),
        Some(other) => {
            let why = suite
                .error
                .as_ref()
                .map_or_else(String::new, |why| format!(": {}", clean(why)));
            (Mark::Care, format!("{}{why}", clean(other)))
        }
        None => (Mark::Empty, "under way".to_owned()),
    };
    let again = match suite.attempt {
        0 | 1 => String::new(),
        attempt => format!(" (attempt {attempt})"),
    };
    output.line(format_args!(
        "  {} suite {}: {said}{again}",
        mark.shown(),
        clean(&suite.suite)
    ))?;
    failing_tests(&suite.failures, suite.failed, output)
}
