//! The report of a simulation, for people.

use greenroom_core::stage_file::StageFile;
use greenroom_simulator::check::PROMISES;
use greenroom_simulator::rehearsal::StageStory;
use jiff::SignedDuration;

use super::{Sum, replay};
use crate::args::SimulateArgs;
use crate::exit::Stop;
use crate::output::Output;
use crate::output::style::{BOLD, Mark};
use crate::output::table::{Cell, render};
use crate::output::text::clean;
use crate::output::time::largest;

const HEADER: [&str; 7] = [
    "STAGE",
    "RUNS",
    "GREEN",
    "RED",
    "PUSH TO GREEN",
    "REFRESHED",
    "WAITED FOR",
];
/// Waits shown of a stage.
const WAITS: usize = 3;

pub fn show(
    args: &SimulateArgs,
    file: &StageFile,
    sum: &Sum,
    warned: &[String],
    output: &mut Output,
) -> Result<(), Stop> {
    let app = clean(file.app.as_str());
    let times = match sum.runs {
        1 => String::new(),
        n => format!(", {n} times"),
    };
    output.line(format_args!(
        "{BOLD}{} days of {app}{times}{BOLD:#}: {} pushes, {} things went wrong on the way",
        args.days, sum.story.pushes, sum.faults
    ))?;
    output.line("")?;
    let whole = SignedDuration::from_hours(24)
        * i32::try_from(args.days).unwrap_or(30)
        * i32::try_from(sum.runs).unwrap_or(1);
    let rows: Vec<Vec<Cell>> = ordered(file, sum)
        .into_iter()
        .map(|(name, stage)| row(name, stage, whole))
        .collect();
    for line in render(&HEADER, &rows, output.width()) {
        output.line(line)?;
    }
    output.line("")?;
    messages(sum, output)?;
    for warning in warned {
        output.line(format_args!("{} {warning}", Mark::Care.shown()))?;
    }
    promises(args, sum, output)
}

/// Fixed stages in file order, then the others by name.
fn ordered<'a>(file: &StageFile, sum: &'a Sum) -> Vec<(&'a str, &'a StageStory)> {
    let place = |name: &str| {
        let is = |rule: &greenroom_core::stage_file::Rule| rule.stage.as_literal() == Some(name);
        file.rules.iter().position(is).unwrap_or(usize::MAX)
    };
    let all = sum.story.stages.iter();
    let mut all: Vec<_> = all.map(|(name, stage)| (name.as_str(), stage)).collect();
    all.sort_by_key(|(name, _)| (place(name), *name));
    all
}

fn row(name: &str, stage: &StageStory, whole: SignedDuration) -> Vec<Cell> {
    let runs: Vec<String> = stage
        .runs
        .iter()
        .map(|(outcome, n)| format!("{n} {}", outcome.replace('_', " ")))
        .collect();
    let part = |of: SignedDuration| format!("{} %", of.as_secs() * 100 / whole.as_secs().max(1));
    let to_green = match (stage.percentile(50), stage.percentile(90)) {
        (Some(median), Some(most)) => format!("{}, p90 {}", largest(median), largest(most)),
        _ => "-".to_owned(),
    };
    let refreshed = match (stage.refreshes, stage.skipped) {
        (0, 0) => "-".to_owned(),
        (run, 0) => format!("{run}"),
        (run, skipped) => format!("{run}, {skipped} skipped"),
    };
    let runs = if runs.is_empty() {
        "none".to_owned()
    } else {
        runs.join(", ")
    };
    vec![
        clean(name).into(),
        runs.into(),
        part(stage.green).into(),
        part(stage.red).into(),
        to_green.into(),
        refreshed.into(),
        waits(stage).into(),
    ]
}

/// The longest first.
fn waits(stage: &StageStory) -> String {
    let quiet = ["up_to_date", "nothing_yet", "watching", "watched", "muted"];
    let all = stage.waits.iter().filter(|(code, _)| !quiet.contains(code));
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(code, waited)| (std::cmp::Reverse(waited.total), **code));
    let told: Vec<String> = all
        .into_iter()
        .take(WAITS)
        .map(|(code, waited)| format!("{code} {}", largest(waited.total)))
        .collect();
    if told.is_empty() {
        "-".to_owned()
    } else {
        told.join(", ")
    }
}

fn messages(sum: &Sum, output: &mut Output) -> Result<(), Stop> {
    let refused = |channel: &str| match sum.story.refused.get(channel) {
        None => String::new(),
        Some(n) => format!(" ({n} refused)"),
    };
    let told: Vec<String> = sum
        .story
        .messages
        .iter()
        .map(|(channel, n)| format!("{n} to {}{}", clean(channel), refused(channel)))
        .collect();
    if told.is_empty() {
        output.line("No message was sent.")?;
    } else {
        output.line(format_args!("Messages: {}.", told.join(", ")))?;
    }
    output.line("")
}

fn promises(args: &SimulateArgs, sum: &Sum, output: &mut Output) -> Result<(), Stop> {
    let Some((broken, violation)) = sum
        .broken
        .as_ref()
        .and_then(|broken| Some((broken, broken.violation.as_ref()?)))
    else {
        return output.line(format_args!(
            "{} {} promises were checked at every step, and all were kept: {}",
            Mark::Check.shown(),
            PROMISES.len(),
            PROMISES.join(" ")
        ));
    };
    output.line(format_args!(
        "{} promise {} was broken at {}: {}",
        Mark::Bad.shown(),
        violation.invariant,
        violation.at,
        clean(&violation.what)
    ))?;
    output.line(format_args!("  again: {}", replay(args, broken.seed)))?;
    output.line("  Please report it with the stage file; this is a fault of Greenroom's.")
}
