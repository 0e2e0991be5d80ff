//! Leading people to one of two stages that take turns.

use greenroom_core::command::Command;

use super::act::ask;
use crate::args::ActArgs;
use crate::exit::{Exit, Stop};
use crate::output::Output;

pub async fn toggle(args: &ActArgs, output: &mut Output) -> Result<Exit, Stop> {
    ask(args, &Command::Toggle, "people are being led here", output).await
}

pub async fn settle(args: &ActArgs, output: &mut Output) -> Result<Exit, Stop> {
    let done = "nobody goes back here: it may be deployed to";
    ask(args, &Command::Settle, done, output).await
}
