//! `greenroom wait`: until a stage is as wanted, cannot become so, or time is up.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::stage::{Typed, card};
use crate::args::{Goal, WaitArgs};
use crate::client::Client;
use crate::client::shape::{Health, StageCard};
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::card::{mark, word};
use crate::output::text::{clean, short};
use crate::output::time;

/// How often the stage is looked at.
const POLL: Duration = Duration::from_millis(500);

pub async fn run(args: &WaitArgs, output: &mut Output) -> Result<Exit, Stop> {
    let wanted = wanted(args)?;
    let client = Client::find(&args.server)?;
    let typed = Typed::new(&args.stage.stage);
    let deadline = Instant::now() + args.timeout;
    let mut said = String::new();
    let mut away = false;
    loop {
        match card(&client, &typed).await {
            Ok((value, card)) => {
                away = false;
                match judge(args.goal, wanted, &card) {
                    Verdict::Reached => return reached(&typed, &value, &card, output),
                    Verdict::Never(why) => {
                        return Err(Failure::new(Exit::Refused, "red", why)
                            .at(client.place())
                            .help(format!("greenroom why {}", typed.again()))
                            .into());
                    }
                    Verdict::NotYet => {
                        let now = card
                            .waiting_on
                            .first()
                            .map_or("", |wait| wait.sentence.as_str());
                        if now != said {
                            let spoken = time::said(&clean(now), time::now());
                            output.say(format_args!("{}: {spoken}", typed.again()));
                            now.clone_into(&mut said);
                        }
                    }
                }
            }
            // A server that is being restarted is waited for, too.
            Err(Stop::Failed(failure)) if failure.retryable => {
                if !away {
                    output.warn(format_args!("{}; trying again", failure.what));
                }
                away = true;
            }
            Err(stop) => return Err(stop),
        }
        if Instant::now() >= deadline {
            return Err(Failure::new(
                Exit::TimedOut,
                "timed_out",
                format!("{} did not get there in time", typed.again()),
            )
            .at(client.place())
            .why(if said.is_empty() {
                "the server was away".to_owned()
            } else {
                time::said(&clean(&said), time::now())
            })
            .help(format!("greenroom why {}", typed.again()))
            .retryable()
            .into());
        }
        tokio::time::sleep(POLL).await;
    }
}

fn wanted(args: &WaitArgs) -> Result<Option<&str>, Stop> {
    match (args.goal, &args.revision) {
        (Goal::Revision, None) => Err(Failure::usage("it is not said which revision to wait for")
            .help("greenroom wait STAGE SHA --for revision")
            .into()),
        (Goal::Green | Goal::Idle, Some(_)) => Err(Failure::usage(
            "a revision is only waited for with --for revision",
        )
        .help("add --for revision, or leave the revision out")
        .into()),
        (_, revision) => Ok(revision.as_deref()),
    }
}

enum Verdict {
    Reached,
    NotYet,
    Never(String),
}

fn judge(goal: Goal, wanted: Option<&str>, card: &StageCard) -> Verdict {
    let moving = card.run.is_some() || card.phase != "idle";
    let coming = card.candidate.is_some() && !card.blocked;
    let idle = !moving && !coming;
    match (goal, wanted) {
        (Goal::Idle, _) if idle => Verdict::Reached,
        (Goal::Green, _) if idle && card.health == Health::Green => Verdict::Reached,
        (Goal::Green, _) if idle && card.health == Health::Red => {
            Verdict::Never(format!("{} is red", clean(&card.stage)))
        }
        (Goal::Revision, Some(wanted)) => judge_revision(wanted, moving, card),
        _ => Verdict::NotYet,
    }
}

/// A newer revision that contains the wanted one is as good.
fn judge_revision(wanted: &str, moving: bool, card: &StageCard) -> Verdict {
    let is = |revision: &str| revision.starts_with(wanted);
    let stands = card.deployed.as_ref().filter(|deployed| deployed.complete);
    let last = card
        .last
        .as_ref()
        .filter(|run| is(&run.revision) || run.contains.iter().any(|one| is(one)));
    let carried = stands.is_some_and(|stands| {
        is(&stands.revision) || last.is_some_and(|run| run.revision == stands.revision)
    });
    if moving {
        return Verdict::NotYet;
    }
    if carried && card.health == Health::Green {
        return Verdict::Reached;
    }
    let waits = card
        .candidate
        .as_ref()
        .is_some_and(|one| is(&one.revision) || one.contains.iter().any(|old| is(old)));
    let outcome = last.and_then(|run| run.outcome.as_deref());
    match outcome {
        Some(outcome) if !waits && (outcome != "succeeded" || card.health == Health::Red) => {
            Verdict::Never(format!(
                "{} on {} {}",
                short(wanted),
                clean(&card.stage),
                clean(outcome).replace('_', " ")
            ))
        }
        _ => Verdict::NotYet,
    }
}

fn reached(
    typed: &Typed<'_>,
    value: &Value,
    card: &StageCard,
    output: &mut Output,
) -> Result<Exit, Stop> {
    if output.is_json() {
        output.json(&json!({ "schema": "stage/v1", "stage": value }))?;
        return Ok(Exit::Ok);
    }
    let stands = card.deployed.as_ref().map_or_else(
        || "nothing deployed".to_owned(),
        |deployed| format!("{} deployed", short(&deployed.revision)),
    );
    output.line(format_args!(
        "{} {} is {}, {}: {stands}",
        mark(card.health).shown(),
        typed.again(),
        word(card.health),
        clean(&card.phase),
    ))?;
    Ok(Exit::Ok)
}
