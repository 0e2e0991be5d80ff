//! Commands to one stage. Each says what changed, and what the stage waits for now.

use greenroom_core::command::Command;
use greenroom_core::name::Revision;
use serde_json::{Value, json};

use super::group;
use super::stage::Typed;
use crate::args::{
    AbortArgs, AckArgs, ActArgs, ApproveArgs, DeployArgs, LockArgs, OverrideArgs, RejectArgs,
    RollbackArgs,
};
use crate::client::shape::{StageCard, Wait};
use crate::client::{Client, shaped};
use crate::environment;
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::card::mark;
use crate::output::text::clean;
use crate::output::time::{instant, now, said};

pub async fn promote(args: &ActArgs, output: &mut Output) -> Result<Exit, Stop> {
    ask(args, &Command::Promote, "promotion asked for", output).await
}

pub async fn approve(args: &ApproveArgs, output: &mut Output) -> Result<Exit, Stop> {
    let revision = args.revision.as_deref().map(Revision::new);
    ask(
        &args.act,
        &Command::Approve { revision },
        "approved",
        output,
    )
    .await
}

pub async fn reject(args: &RejectArgs, output: &mut Output) -> Result<Exit, Stop> {
    let command = Command::Reject {
        revision: args.revision.as_deref().map(Revision::new),
        reason: args.reason.clone(),
    };
    ask(&args.act, &command, "rejected", output).await
}

pub async fn rollback(args: &RollbackArgs, output: &mut Output) -> Result<Exit, Stop> {
    let command = Command::Rollback {
        to: args.to.as_deref().map(Revision::new),
        reason: args.reason.clone(),
    };
    let done = "rollback asked for, automation is on hold";
    ask(&args.act, &command, done, output).await
}

pub async fn retry(args: &ActArgs, output: &mut Output) -> Result<Exit, Stop> {
    ask(args, &Command::Retry, "another try asked for", output).await
}

pub async fn abort(args: &AbortArgs, output: &mut Output) -> Result<Exit, Stop> {
    let reason = args.reason.clone();
    ask(
        &args.act,
        &Command::Abort { reason },
        "the run is being stopped",
        output,
    )
    .await
}

pub async fn lock(args: &LockArgs, output: &mut Output) -> Result<Exit, Stop> {
    if args.until.is_some() {
        // "2h" is meant by the server's clock; a rehearsal's is known once it has answered.
        Client::find(&args.act.server)?.healthy().await?;
    }
    let until = args.until.map(|until| until.instant(now()));
    let command = Command::Lock {
        reason: args.reason.clone(),
        until,
    };
    let done = match until {
        Some(until) => format!("locked until {}", instant(until)),
        None => "locked until somebody unlocks it".to_owned(),
    };
    ask(&args.act, &command, &done, output).await
}

pub async fn unlock(args: &ActArgs, output: &mut Output) -> Result<Exit, Stop> {
    ask(args, &Command::Unlock, "unlocked", output).await
}

pub async fn refresh(args: &ActArgs, output: &mut Output) -> Result<Exit, Stop> {
    ask(args, &Command::Refresh, "refresh asked for", output).await
}

pub async fn acknowledge(args: &AckArgs, output: &mut Output) -> Result<Exit, Stop> {
    let note = args.note.clone();
    ask(
        &args.act,
        &Command::Acknowledge { note },
        "others see that you look after it",
        output,
    )
    .await
}

pub async fn overriding(args: &OverrideArgs, output: &mut Output) -> Result<Exit, Stop> {
    let command = Command::Override {
        reason: args.reason.clone(),
        revision: args.revision.as_deref().map(Revision::new),
    };
    let done = "what waits may pass the windows that are closed now, once";
    ask(&args.act, &command, done, output).await
}

pub async fn deploy(args: &DeployArgs, output: &mut Output) -> Result<Exit, Stop> {
    let command = Command::Deploy {
        revision: Revision::new(args.of.release.as_str()),
        reference: None,
    };
    ask(&args.act, &command, "selected", output).await
}

/// Whether it keeps what waits from being tried; what is read or built comes by itself.
fn keeps(wait: &Wait) -> bool {
    let quiet = [
        "up_to_date",
        "nothing_yet",
        "reading_head",
        "building",
        "watching",
        "watched",
        "muted",
    ];
    !quiet.contains(&wait.code.as_str())
}

pub(super) async fn ask(
    args: &ActArgs,
    command: &Command,
    done: &str,
    output: &mut Output,
) -> Result<Exit, Stop> {
    let by = environment::person(args.person.name.as_deref())?;
    let client = Client::find(&args.server)?;
    let typed = Typed::new(&args.stage.stage);
    if typed.group().is_some() {
        return group::ask(&client, &typed, &by, command, done, output).await;
    }
    let asked = one(&client, &typed, &by, command).await?;
    if output.is_json() {
        output.json(&json!({ "schema": "stage/v1", "stage": asked.value }))?;
        return Ok(asked.exit);
    }
    asked.tell(&typed.again(), done, output)?;
    let next = asked.next(&typed.again(), command);
    output.next(&[&next]);
    Ok(asked.exit)
}

/// What the server answered to one command.
pub(super) struct Asked {
    pub value: Value,
    card: StageCard,
    /// It is a wish so far: something keeps the try that was asked for.
    kept: bool,
    pub exit: Exit,
}

/// Gives the command to one stage.
pub(super) async fn one(
    client: &Client,
    typed: &Typed<'_>,
    by: &str,
    command: &Command,
) -> Result<Asked, Stop> {
    let path = ["api", "v1", "stages", typed.stage, "commands"];
    let body = json!({ "by": by, "command": command });
    let answer = match client.post(&path, &typed.query(), &body).await {
        Ok(answer) => answer,
        Err(stop) => return Err(typed.suggest(client, stop).await),
    };
    let value = answer.get("stage").cloned().unwrap_or_default();
    let card: StageCard = shaped(client, &value)?;
    // A promotion is wished for at once: one that a gate keeps waiting is told as refused so far.
    // So is another try of what has not been tried, because a gate keeps it waiting.
    let idle = value.get("run").is_none_or(Value::is_null);
    let kept = matches!(command, Command::Retry) && idle && card.waiting_on.iter().any(keeps);
    let waits = matches!(command, Command::Promote) && idle;
    let exit = if waits || kept {
        Exit::Refused
    } else {
        Exit::Ok
    };
    Ok(Asked {
        value,
        card,
        kept,
        exit,
    })
}

impl Asked {
    /// Says what changed, and what the stage waits for now.
    pub(super) fn tell(&self, again: &str, done: &str, output: &mut Output) -> Result<(), Stop> {
        let done = if self.kept {
            "nothing is tried now"
        } else {
            done
        };
        output.line(format_args!(
            "{} {again}: {done}",
            mark(self.card.health).shown()
        ))?;
        let mut waits = self.card.waiting_on.iter();
        if let Some(wait) = waits.next().filter(|wait| wait.code != "up_to_date") {
            output.say(format_args!("now: {}", said(&clean(&wait.sentence), now())));
        }
        Ok(())
    }

    /// What one would do next.
    fn next(&self, again: &str, command: &Command) -> String {
        match command {
            Command::Lock { .. } => format!("greenroom unlock {again}"),
            // What lifts the hold.
            Command::Rollback { .. }
                if self.value.get("upstream").is_some_and(Value::is_string) =>
            {
                format!("greenroom promote {again}")
            }
            Command::Rollback { .. } => format!("greenroom refresh {again}"),
            Command::Park { .. } => format!("greenroom unpark {again}"),
            Command::Mute { .. } => format!("greenroom unmute {again}"),
            Command::Pin { .. } => format!("greenroom unpin {again}"),
            Command::Destroy { .. } => format!("greenroom wait {again} --for idle"),
            Command::Reject { .. }
            | Command::Unlock
            | Command::Acknowledge { .. }
            | Command::Extend { .. }
            | Command::Unpark
            | Command::Unpin
            | Command::Unmute
            | Command::Settle => {
                format!("greenroom why {again}")
            }
            _ => format!("greenroom wait {again}"),
        }
    }
}
