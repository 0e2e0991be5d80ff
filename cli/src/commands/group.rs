//! A group of stages, `@europe`: a command to it is one to each of its stages, in the order the stage
//! file lists them. What one of them refuses keeps the others from nothing.

use greenroom_core::command::Command;
use serde_json::{Value, json};

use super::act;
use super::stage::Typed;
use crate::client::shape::Board;
use crate::client::{Client, shaped};
use crate::exit::{Exit, Failure, Stop};
use crate::nearest::nearest;
use crate::output::Output;
use crate::output::style::Mark;
use crate::output::text::clean;

/// Of several ends the worst is told: the first of these.
const WORST_FIRST: [Exit; 8] = [
    Exit::Failed,
    Exit::Usage,
    Exit::Auth,
    Exit::NotFound,
    Exit::Conflict,
    Exit::Refused,
    Exit::TimedOut,
    Exit::Pending,
];

/// The stages of a group, as they would be typed one by one.
struct Group {
    /// The app's full name.
    app: String,
    /// Names of stages, in the order of the stage file.
    stages: Vec<String>,
    /// Whether the app has to be said.
    named: bool,
}

impl Group {
    /// Finds the group that was typed, and the board it is on.
    async fn find(client: &Client, typed: &Typed<'_>) -> Result<(Self, Value), Stop> {
        let name = typed.group().unwrap_or_default();
        let value = client.get(&["api", "v1", "board"], &typed.query()).await?;
        let board: Board = shaped(client, &value)?;
        let mut known: Vec<&str> = Vec::new();
        let mut found: Vec<Self> = Vec::new();
        for app in &board.apps {
            known.extend(app.groups.keys().map(String::as_str));
            found.extend(app.groups.get(name).map(|stages| Self {
                app: app.name.clone(),
                stages: stages.clone(),
                named: typed.app.is_some() || board.apps.len() > 1,
            }));
        }
        match (found.pop(), found.pop()) {
            (Some(group), None) => Ok((group, value)),
            (Some(one), Some(other)) => {
                let what = format!("several apps have a group {}", clean(name));
                let help = format!("say which: `{}:@{}`", clean(&one.app), clean(name));
                let why = format!("{} and {}", clean(&other.app), clean(&one.app));
                Err(Failure::usage(what).why(why).help(help).into())
            }
            (None, _) => Err(unknown(name, &known)),
        }
    }

    /// How each is typed by itself.
    fn typed(&self) -> impl Iterator<Item = (String, String)> {
        self.stages.iter().map(|stage| {
            let full = format!("{}:{stage}", self.app);
            let shown = if self.named { &full } else { stage };
            (clean(shown), full)
        })
    }
}

fn unknown(name: &str, known: &[&str]) -> Stop {
    let what = format!("there is no group {}", clean(name));
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `@{}`?", clean(near)),
        None if known.is_empty() => "the stage file in force has no `groups`".to_owned(),
        None => format!("there are @{}", clean(&known.join(", @"))),
    };
    let failure = Failure::new(Exit::NotFound, "not_found", what);
    failure.help(help).into()
}

/// Gives the command to each stage, and says what came of it.
pub(super) async fn ask(
    client: &Client,
    typed: &Typed<'_>,
    by: &str,
    command: &Command,
    done: &str,
    output: &mut Output,
) -> Result<Exit, Stop> {
    if is_about_one(command) {
        let what = format!(
            "`{}` is about one stage, and not about a group",
            command.verb()
        );
        let help = "what it decides is decided for each stage by itself";
        return Err(Failure::usage(what).help(help).into());
    }
    let (group, _) = Group::find(client, typed).await?;
    let mut all = Vec::new();
    let mut told = Vec::new();
    for (shown, full) in group.typed() {
        match act::one(client, &Typed::new(&full), by, command).await {
            Ok(asked) => {
                all.push(asked.exit);
                if !output.is_json() {
                    asked.tell(&shown, done, output)?;
                }
                told.push(json!({ "name": shown, "stage": asked.value }));
            }
            Err(Stop::Failed(failure)) => {
                all.push(failure.exit);
                if !output.is_json() {
                    refused(&shown, &failure, output)?;
                }
                let error = failure.to_json()["error"].clone();
                told.push(json!({ "name": shown, "error": error }));
            }
            Err(stop) => return Err(stop),
        }
    }
    if output.is_json() {
        output.json(&json!({ "schema": "stages/v1", "stages": told }))?;
    }
    output.next(&[&format!("greenroom status {}", typed.again())]);
    Ok(worst(&all))
}

fn refused(shown: &str, failure: &Failure, output: &mut Output) -> Result<(), Stop> {
    let bad = Mark::Bad.shown();
    output.line(format_args!("{bad} {shown}: not done: {}", failure.what))?;
    if let Some(help) = &failure.help {
        output.say(format_args!("fix: {help}"));
    }
    Ok(())
}

/// What is decided by it is decided for each stage: which release, or that there is no stage any more.
fn is_about_one(command: &Command) -> bool {
    matches!(
        command,
        Command::Rollback { .. }
            | Command::Override { .. }
            | Command::Deploy { .. }
            | Command::Destroy { .. }
            | Command::Toggle
            | Command::Settle
    )
}

fn worst(all: &[Exit]) -> Exit {
    let mut ranked = WORST_FIRST.into_iter();
    ranked.find(|exit| all.contains(exit)).unwrap_or(Exit::Ok)
}

/// The board with the group's stages only.
pub(super) async fn board(client: &Client, typed: &Typed<'_>) -> Result<(Value, Board), Stop> {
    let (group, mut value) = Group::find(client, typed).await?;
    if let Some(apps) = value["apps"].as_array_mut() {
        apps.retain(|app| app["name"] == group.app.as_str());
    }
    for app in value["apps"].as_array_mut().into_iter().flatten() {
        let Some(stages) = app["stages"].as_array_mut() else {
            continue;
        };
        let place = |card: &Value| {
            let name = card["stage"].as_str().unwrap_or_default();
            group.stages.iter().position(|one| one == name)
        };
        stages.retain(|card| place(card).is_some());
        stages.sort_by_key(place);
    }
    let board = shaped(client, &value)?;
    Ok((value, board))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_ends_the_worst_is_told() {
        assert_eq!(worst(&[Exit::Ok, Exit::Refused, Exit::Ok]), Exit::Refused);
        assert_eq!(worst(&[Exit::Refused, Exit::Failed]), Exit::Failed);
        assert_eq!(worst(&[Exit::Ok]), Exit::Ok);
    }
}
