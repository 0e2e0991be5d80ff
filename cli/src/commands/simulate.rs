//! `greenroom simulate`: weeks of a team's work over somebody's own stage file, in seconds. The
//! decisions are made by the code that `serve` runs; GitHub, pipelines, tests and people are made
//! up, and so is what goes wrong.

mod shown;
mod warnings;

use greenroom_core::stage_file::StageFile;
use greenroom_simulator::check::PROMISES;
use greenroom_simulator::rehearsal::{Rehearsal, Rehearsed, Story, rehearse};
use serde_json::{Value, json};

use super::validate;
use crate::args::SimulateArgs;
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::text::clean;

/// All runs of one call.
struct Sum {
    story: Story,
    faults: u64,
    runs: u64,
    broken: Option<Rehearsed>,
}

pub fn run(args: &SimulateArgs, output: &mut Output) -> Result<Exit, Stop> {
    let (file, bytes) = validate::read_valid(&args.file, output)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| Failure::usage("the stage file is not text").why(error.to_string()))?;
    let sum = simulate(args, &file, text);
    let warned = warnings::of(&file, &sum.story);
    if output.is_json() {
        output.json(&answer(args, &file, &sum, &warned))?;
    } else {
        shown::show(args, &file, &sum, &warned, output)?;
    }
    Ok(match sum.broken {
        None => Exit::Ok,
        Some(_) => Exit::Refused,
    })
}

/// One run after the other, until a promise is broken.
fn simulate(args: &SimulateArgs, file: &StageFile, text: &str) -> Sum {
    let mut sum = Sum {
        story: Story::default(),
        faults: 0,
        runs: 0,
        broken: None,
    };
    for n in 0..args.runs {
        let rehearsal = Rehearsal {
            file,
            text,
            days: args.days,
            seed: args.seed.wrapping_add(n),
        };
        let rehearsed = rehearse(rehearsal.setup());
        sum.runs += 1;
        sum.faults += rehearsed.faults;
        sum.story.add(rehearsed.story.clone());
        if rehearsed.violation.is_some() {
            sum.broken = Some(rehearsed);
            break;
        }
    }
    sum
}

fn answer(args: &SimulateArgs, file: &StageFile, sum: &Sum, warned: &[String]) -> Value {
    let stages: serde_json::Map<String, Value> = sum
        .story
        .stages
        .iter()
        .map(|(name, stage)| {
            let waits: serde_json::Map<String, Value> = stage
                .waits
                .iter()
                .map(|(code, waited)| {
                    let told = json!({
                        "seconds": waited.total.as_secs(),
                        "who": waited.who,
                        "blocked": waited.blocked,
                    });
                    ((*code).to_owned(), told)
                })
                .collect();
            let told = json!({
                "runs": stage.runs,
                "deployments": stage.deployments,
                "promotions": stage.promotions,
                "rollbacks": stage.rollbacks,
                "breaks": stage.breaks,
                "green_seconds": stage.green.as_secs(),
                "red_seconds": stage.red.as_secs(),
                "push_to_green_seconds": {
                    "median": stage.percentile(50).map(|length| length.as_secs()),
                    "p90": stage.percentile(90).map(|length| length.as_secs()),
                    "count": stage.to_green.len(),
                },
                "waits": waits,
                "refreshes": { "run": stage.refreshes, "skipped": stage.skipped },
            });
            (name.clone(), told)
        })
        .collect();
    let violation = sum.broken.as_ref().and_then(|broken| {
        let violation = broken.violation.as_ref()?;
        Some(json!({
            "promise": violation.invariant,
            "at": violation.at,
            "what": violation.what,
            "seed": broken.seed,
            "replay": replay(args, broken.seed),
        }))
    });
    json!({
        "schema": "simulate/v1",
        "app": file.app,
        "days": args.days,
        "runs": sum.runs,
        "seed": args.seed,
        "pushes": sum.story.pushes,
        "faults": sum.faults,
        "stages": stages,
        "messages": sum.story.messages,
        "messages_refused": sum.story.refused,
        "promises": PROMISES,
        "held": sum.broken.is_none(),
        "violation": violation,
        "warnings": warned,
    })
}

/// What to type to see the same again.
fn replay(args: &SimulateArgs, seed: u64) -> String {
    let file = clean(&validate::name(&args.file));
    format!(
        "greenroom simulate -f {file} --days {} --seed {seed}",
        args.days
    )
}
