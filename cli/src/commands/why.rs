//! `greenroom why`: everything a stage waits for, and what failed last.

mod line;

use jiff::Timestamp;
use serde_json::json;

use super::stage::{Typed, card};
use crate::args::WhyArgs;
use crate::client::Client;
use crate::client::shape::{Break, Failing, Health, Run, StageCard, TestFailure, Wait};
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::card::{broken, mark, marked, word};
use crate::output::side;
use crate::output::style::{BOLD, DIM, Mark};
use crate::output::table::{Cell, block};
use crate::output::text::{clean, short};
use crate::output::time::{age, instant, now, relative, said};

pub async fn run(args: &WhyArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let typed = Typed::new(&args.stage.stage);
    let (value, card) = card(&client, &typed).await?;
    if output.is_json() {
        let field = |name: &str| value.get(name).cloned().unwrap_or_default();
        output.json(&json!({
            "schema": "why/v1",
            "stage": field("stage"),
            "health": field("health"),
            "phase": field("phase"),
            "blocked": field("blocked"),
            "waiting_on": field("waiting_on"),
            "break": field("break"),
            "last": field("last"),
            "refresh_skipped": field("refresh_skipped"),
            "overridden": field("overridden"),
            "marks": field("marks"),
            "toggle": field("toggle"),
        }))?;
        return Ok(Exit::Ok);
    }
    let now = now();
    headline(&card, now, output)?;
    for wait in &card.waiting_on {
        waits(wait, now, output)?;
    }
    if let Some(skip) = &card.refresh_skipped {
        let missed = match skip.missed {
            0 => String::new(),
            missed => format!("; {missed} before it passed unseen"),
        };
        paragraph(
            &format!(
                "the last refresh brought nothing: {}{missed}",
                clean(&skip.why)
            ),
            2,
            output,
        )?;
    }
    if let Some(it) = &card.overridden {
        let text = format!(
            "{} overrides {} once: {}",
            clean(&it.by),
            clean(&it.windows.join(", ")),
            clean(&it.reason)
        );
        paragraph(&text, 2, output)?;
    }
    failure(&card, now, output)?;
    if card.last.is_some() || card.run.is_some() {
        output.next(&[&format!("greenroom log {}", typed.again())]);
    }
    Ok(Exit::Ok)
}

fn headline(card: &StageCard, now: Timestamp, output: &mut Output) -> Result<(), Stop> {
    let stands = match &card.deployed {
        Some(release) if release.complete => {
            format!(
                "{} for {}",
                short(&release.revision),
                age(release.since, now)
            )
        }
        Some(release) => format!("{} half deployed", short(&release.revision)),
        None => "nothing deployed".to_owned(),
    };
    let green = match card.green_since {
        Some(since) => format!(", green for {}", age(since, now)),
        None => String::new(),
    };
    output.line(format_args!(
        "{} {BOLD}{}{BOLD:#} is {}, {}: {stands}{green}",
        mark(card.health).shown(),
        clean(&card.stage),
        word(card.health),
        clean(&card.phase),
    ))?;
    if let Some(release) = &card.deployed
        && let (Some(has), Some(had)) = (&release.reference, &release.took_over)
    {
        output.line(format_args!(
            "  {} took the stage over from {}: who pushes last, has it",
            branch(has),
            branch(had)
        ))?;
    }
    if let Some(candidate) = &card.candidate {
        let more = match candidate.contains.len() {
            0 => String::new(),
            count => format!(", with {count} more that it contains"),
        };
        output.line(format_args!(
            "  {} wants to come: {}, {}{more}",
            short(&candidate.revision),
            clean(&candidate.cause),
            relative(candidate.since, now)
        ))?;
    }
    if let Some(toggle) = &card.toggle {
        output.line(format_args!("  {}", side::line(toggle, &card.stage, now)))?;
    }
    line::line(output, card, now)?;
    for mark in &card.marks {
        output.line(format_args!(
            "  {} is {}",
            short(&mark.revision),
            marked(mark)
        ))?;
    }
    for approval in &card.approvals {
        output.line(format_args!("  approved: {}", clean(approval)))?;
    }
    Ok(())
}

/// A branch or tag as people call it.
fn branch(reference: &str) -> String {
    let short = ["refs/heads/", "refs/tags/"]
        .iter()
        .find_map(|before| reference.strip_prefix(before));
    clean(short.unwrap_or(reference))
}

fn waits(wait: &Wait, now: Timestamp, output: &mut Output) -> Result<(), Stop> {
    let symbol = if ["up_to_date", "watching", "watched"].contains(&wait.code.as_str()) {
        Mark::Check
    } else {
        Mark::Care
    };
    output.line("")?;
    let mut lines = block(
        &Cell::from(said(&clean(&wait.sentence), now)),
        2,
        output.width(),
    )
    .into_iter();
    let first = lines.next().unwrap_or_default();
    output.line(format_args!("{} {}", symbol.shown(), first.trim_start()))?;
    for line in lines {
        output.line(line)?;
    }
    if wait.code == "up_to_date" {
        return Ok(());
    }
    output.line(format_args!("  {DIM}who:{DIM:#}     {}", clean(&wait.who)))?;
    if let Some(until) = wait.until {
        output.line(format_args!(
            "  {DIM}until:{DIM:#}   {} ({})",
            instant(until),
            relative(until, now)
        ))?;
    }
    if let Some(command) = &wait.command {
        output.line(format_args!("  {DIM}command:{DIM:#} {}", clean(command)))?;
    }
    Ok(())
}

/// The open break, or how the last run ended if it did not end well.
fn failure(card: &StageCard, now: Timestamp, output: &mut Output) -> Result<(), Stop> {
    match (&card.brk, &card.last) {
        (Some(brk), _) => open_break(brk, now, output),
        (None, Some(run)) => bad_end(run, card.health, now, output),
        (None, None) => Ok(()),
    }
}

fn open_break(brk: &Break, now: Timestamp, output: &mut Output) -> Result<(), Stop> {
    output.line("")?;
    output.line(format_args!(
        "{} break #{}, {}",
        Mark::Bad.shown(),
        brk.episode,
        broken(brk, now)
    ))?;
    let green = brk.last_green.as_ref().map_or_else(
        || "nothing was green before".to_owned(),
        |green| format!("{} was green last", short(green)),
    );
    let reds = match brk.reds {
        1 => "1 run was red".to_owned(),
        reds => format!("{reds} runs were red"),
    };
    output.line(format_args!(
        "  {} broke it, {green}; {reds}",
        short(&brk.revision)
    ))?;
    match &brk.failing {
        Failing::Tests { tests, failed, .. } => {
            failing_tests(tests, *failed, output)?;
        }
        Failing::Step { step, why, .. } => {
            paragraph(&format!("{}: {}", clean(step), clean(why)), 4, output)?;
        }
    }
    let note = brk
        .acknowledged
        .as_ref()
        .and_then(|acknowledged| acknowledged.note.as_ref());
    if let Some(note) = note {
        paragraph(&format!("note: {}", clean(note)), 2, output)?;
    }
    Ok(())
}

fn bad_end(run: &Run, health: Health, now: Timestamp, output: &mut Output) -> Result<(), Stop> {
    let outcome = run.outcome.as_deref().unwrap_or("succeeded");
    if outcome == "succeeded" && health != Health::Unverified {
        return Ok(());
    }
    output.line("")?;
    let why = run
        .why
        .as_ref()
        .map_or_else(String::new, |why| format!(": {}", clean(why)));
    let ended = run
        .ended_at
        .map_or_else(String::new, |at| format!(" {}", relative(at, now)));
    let text = format!(
        "run {} of {} {}{ended}{why}",
        run.generation,
        short(&run.revision),
        clean(outcome).replace('_', " "),
    );
    paragraph(&text, 2, output)?;
    for suite in &run.suites {
        failing_tests(&suite.failures, suite.failed, output)?;
        if let Some(error) = &suite.error {
            paragraph(
                &format!("{}: {}", clean(&suite.suite), clean(error)),
                4,
                output,
            )?;
        }
    }
    Ok(())
}

/// Tests that fail, each with what came instead.
pub fn failing_tests(tests: &[TestFailure], failed: u32, output: &mut Output) -> Result<(), Stop> {
    for test in tests {
        output.line(format_args!(
            "    {} {}",
            Mark::Bad.shown(),
            clean(&test.test)
        ))?;
        paragraph(&clean(&test.message), 6, output)?;
    }
    let listed = u32::try_from(tests.len()).unwrap_or(u32::MAX);
    if failed > listed {
        output.line(format_args!("    and {} more", failed - listed))?;
    }
    Ok(())
}

fn paragraph(text: &str, indent: usize, output: &mut Output) -> Result<(), Stop> {
    for line in block(&Cell::from(text), indent, output.width()) {
        output.line(line)?;
    }
    Ok(())
}
