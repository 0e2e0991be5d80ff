//! Keeping a stage from telling anything for a while.

use greenroom_core::command::Command;

use super::act::ask;
use crate::args::{ActArgs, MuteArgs};
use crate::client::Client;
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::time::{instant, now};

pub async fn mute(args: &MuteArgs, output: &mut Output) -> Result<Exit, Stop> {
    // "2h" is meant by the server's clock; a rehearsal's is known once it has answered.
    Client::find(&args.act.server)?.healthy().await?;
    let until = args.until.instant(now());
    let command = Command::Mute {
        reason: args.reason.clone(),
        until,
    };
    let done = format!("muted until {}", instant(until));
    ask(&args.act, &command, &done, output).await
}

pub async fn unmute(args: &ActArgs, output: &mut Output) -> Result<Exit, Stop> {
    let done = "muted no more; what was not told and still is so is told now";
    ask(args, &Command::Unmute, done, output).await
}
