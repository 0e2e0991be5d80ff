//! `greenroom pause` and `greenroom resume`: everything of an app, at once.

use greenroom_core::pause::PauseCommand;
use serde_json::json;

use crate::args::{PauseArgs, ResumeArgs, WhichArgs};
use crate::client::shape::PausedApp;
use crate::client::{Client, shaped};
use crate::environment;
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::style::Mark;
use crate::output::text::clean;
use crate::output::time::{instant, now};

pub async fn pause(args: &PauseArgs, output: &mut Output) -> Result<Exit, Stop> {
    if args.until.is_some() {
        // What people say of time is meant by the server's clock: this finds out what that is.
        Client::find(&args.which.server)?.healthy().await?;
    }
    let command = PauseCommand::Pause {
        reason: args.reason.clone(),
        until: args.until.map(|until| until.instant(now())),
    };
    ask(&args.which, &command, output).await
}

pub async fn resume(args: &ResumeArgs, output: &mut Output) -> Result<Exit, Stop> {
    ask(&args.which, &PauseCommand::Resume, output).await
}

async fn ask(which: &WhichArgs, command: &PauseCommand, output: &mut Output) -> Result<Exit, Stop> {
    let by = environment::person(which.person.name.as_deref())?;
    let client = Client::find(&which.server)?;
    let body = json!({ "by": by, "app": which.app, "all": which.all, "command": command });
    let value = client.post(&["api", "v1", "pause"], &[], &body).await?;
    if output.is_json() {
        let apps = value.get("apps").cloned().unwrap_or_default();
        output.json(&json!({ "schema": "pause/v1", "apps": apps }))?;
        return Ok(Exit::Ok);
    }
    let apps = value.get("apps").cloned().unwrap_or_default();
    let apps: Vec<PausedApp> = shaped(&client, &apps)?;
    for app in &apps {
        let (mark, state) = state(app);
        output.line(format_args!(
            "{} {} {state}",
            mark.shown(),
            clean(&app.name)
        ))?;
    }
    if apps.is_empty() {
        output.say("no app is under control yet");
    }
    let next = match (command, which.all, apps.as_slice()) {
        (PauseCommand::Resume, ..) | (_, _, []) => "greenroom status".to_owned(),
        (_, true, _) => "greenroom resume --all".to_owned(),
        (_, false, [app, ..]) => format!("greenroom resume --app {}", clean(&app.name)),
    };
    output.next(&[&next]);
    Ok(Exit::Ok)
}

fn state(app: &PausedApp) -> (Mark, String) {
    let Some(pause) = &app.pause else {
        return (Mark::Good, "goes on".to_owned());
    };
    let until = match pause.until {
        Some(until) => format!("until {}", instant(until)),
        None => "until somebody resumes".to_owned(),
    };
    let (by, reason) = (clean(&pause.by), clean(&pause.reason));
    (Mark::Care, format!("is paused {until} by {by}: {reason}"))
}
