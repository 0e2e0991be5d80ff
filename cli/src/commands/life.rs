//! Keeping a stage that expires, and ending it.

use std::io::{self, IsTerminal};

use greenroom_core::command::Command;
use jiff::Timestamp;

use super::act::ask;
use crate::args::{ActArgs, DestroyArgs, ExtendArgs, ParkArgs, PinArgs, Until};
use crate::client::Client;
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::time::{instant, now};

pub async fn extend(args: &ExtendArgs, output: &mut Output) -> Result<Exit, Stop> {
    let until = by_the_server(args.until, &args.act).await?;
    let done = match until {
        Some(until) => format!("kept until {}", instant(until)),
        None => "in use: idle time counts from now".to_owned(),
    };
    ask(&args.act, &Command::Extend { until }, &done, output).await
}

pub async fn park(args: &ParkArgs, output: &mut Output) -> Result<Exit, Stop> {
    let until = by_the_server(args.until, &args.act).await?;
    let command = Command::Park {
        reason: args.reason.clone(),
        until,
    };
    let done = "parked: it stays as it is, and nothing is deployed to it";
    ask(&args.act, &command, done, output).await
}

pub async fn unpark(args: &ActArgs, output: &mut Output) -> Result<Exit, Stop> {
    ask(args, &Command::Unpark, "not parked any more", output).await
}

pub async fn pin(args: &PinArgs, output: &mut Output) -> Result<Exit, Stop> {
    let command = Command::Pin {
        reason: args.reason.clone(),
    };
    ask(&args.act, &command, "pinned: it never expires", output).await
}

pub async fn unpin(args: &ActArgs, output: &mut Output) -> Result<Exit, Stop> {
    ask(args, &Command::Unpin, "not pinned any more", output).await
}

/// Whoever ends a stage types its name, or has said that it is meant.
pub async fn destroy(args: &DestroyArgs, output: &mut Output) -> Result<Exit, Stop> {
    if !args.yes {
        meant(&args.act.stage.stage, output)?;
    }
    let command = Command::Destroy {
        reason: args.reason.clone(),
    };
    ask(&args.act, &command, "it is to be torn down", output).await
}

fn meant(stage: &str, output: &mut Output) -> Result<(), Stop> {
    if !io::stdin().is_terminal() {
        let failure = Failure::usage(format!(
            "{stage} would be torn down, and nobody can be asked"
        ));
        return Err(failure.help("say that it is meant with `--yes`").into());
    }
    output.say(format_args!(
        "what stands on {stage} is taken away; type its name if that is meant:"
    ));
    let mut typed = String::new();
    io::stdin().read_line(&mut typed)?;
    if typed.trim() == stage {
        return Ok(());
    }
    let failure = Failure::usage(format!("{stage} was not typed, so nothing was done"));
    Err(failure.into())
}

/// "14d" is meant by the server's clock; a rehearsal's is known once it has answered.
async fn by_the_server(until: Option<Until>, act: &ActArgs) -> Result<Option<Timestamp>, Stop> {
    let Some(until) = until else {
        return Ok(None);
    };
    Client::find(&act.server)?.healthy().await?;
    Ok(Some(until.instant(now())))
}
