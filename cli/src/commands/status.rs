//! `greenroom status`: the board in the terminal.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::group;
use super::stage::{Typed, card};
use crate::args::StatusArgs;
use crate::client::shape::{AppCard, Board, ConfigFrom, Health, StageCard};
use crate::client::{Client, shaped};
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::card::{HEADER, row};
use crate::output::style::{BOLD, DIM, Mark};
use crate::output::table::{Cell, block, render};
use crate::output::text::{clean, short};
use crate::output::time::{now, relative, server_moved};

/// How often `--watch` looks.
const WATCH: Duration = Duration::from_secs(1);

pub async fn run(args: &StatusArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    if args.watch {
        return watch(args, &client, output).await;
    }
    let seen = look(args, &client).await?;
    if output.is_json() {
        output.json(&seen.value)?;
    } else {
        for line in seen.lines(output.width()) {
            output.line(line)?;
        }
        seen.suggest(output);
    }
    Ok(if args.exit_code {
        seen.exit()
    } else {
        Exit::Ok
    })
}

/// Shows it whenever it changed. A server that is away for a moment is waited for.
async fn watch(args: &StatusArgs, client: &Client, output: &mut Output) -> Result<Exit, Stop> {
    let mut shown: Option<Vec<String>> = None;
    let mut away = false;
    loop {
        match look(args, client).await {
            Ok(seen) => {
                away = false;
                let lines = if output.is_json() {
                    vec![seen.settled().to_string()]
                } else {
                    seen.lines(output.width())
                };
                if shown.as_ref() != Some(&lines) {
                    if output.is_json() {
                        output.json_line(&seen.value)?;
                    } else {
                        output.clear()?;
                        for line in &lines {
                            output.line(line)?;
                        }
                    }
                    shown = Some(lines);
                }
            }
            Err(Stop::Failed(failure)) if failure.retryable && shown.is_some() => {
                if !away {
                    output.warn(format_args!("{}; trying again", failure.what));
                }
                away = true;
            }
            Err(stop) => return Err(stop),
        }
        tokio::time::sleep(WATCH).await;
    }
}

/// What was seen: the whole board, or one stage.
struct Seen {
    value: Value,
    what: What,
}

enum What {
    Board(Board),
    Stage(Box<StageCard>),
}

async fn look(args: &StatusArgs, client: &Client) -> Result<Seen, Stop> {
    if let Some(typed) = &args.stage {
        let mut typed = Typed::new(typed);
        typed.app = typed.app.or(args.app.as_deref());
        if typed.group().is_some() {
            let (value, board) = group::board(client, &typed).await?;
            return Ok(Seen {
                value,
                what: What::Board(board),
            });
        }
        let (value, card) = card(client, &typed).await?;
        return Ok(Seen {
            value: json!({ "schema": "stage/v1", "stage": value }),
            what: What::Stage(Box::new(card)),
        });
    }
    let query: Vec<(&str, &str)> = args.app.iter().map(|app| ("app", app.as_str())).collect();
    let value = client.get(&["api", "v1", "board"], &query).await?;
    let board = shaped(client, &value)?;
    Ok(Seen {
        value,
        what: What::Board(board),
    })
}

impl Seen {
    /// The value without the clock, which is no change.
    fn settled(&self) -> Value {
        let mut value = self.value.clone();
        if let Some(object) = value.as_object_mut() {
            object.remove("now");
        }
        value
    }

    fn lines(&self, columns: usize) -> Vec<String> {
        match &self.what {
            What::Board(board) => board_lines(board, columns),
            What::Stage(card) => {
                let now = now();
                let mut lines = render(&HEADER, &[row(card, now)], columns);
                if let Some(url) = &card.url {
                    lines.push(format!("  {}", clean(url)));
                }
                lines
            }
        }
    }

    fn suggest(&self, output: &mut Output) {
        match &self.what {
            What::Board(board) if board.apps.is_empty() => {
                output.say("no app is under control yet");
                output.next(&["greenroom app add OWNER/REPO"]);
            }
            What::Board(board) => {
                let mut stages = board.apps.iter().flat_map(|app| &app.stages);
                let look = stages.find(|card| card.health == Health::Red || card.blocked);
                if let Some(card) = look {
                    output.next(&[&format!("greenroom why {}", clean(&card.stage))]);
                }
            }
            What::Stage(card) => output.next(&[&format!("greenroom why {}", clean(&card.stage))]),
        }
    }

    /// Red counts before anything else; then what is not settled.
    fn exit(&self) -> Exit {
        let (stages, named): (Vec<&StageCard>, bool) = match &self.what {
            What::Board(board) => (
                board.apps.iter().flat_map(|app| &app.stages).collect(),
                false,
            ),
            What::Stage(card) => (vec![card.as_ref()], true),
        };
        let open = |card: &&StageCard| {
            card.run.is_some()
                || card.health == Health::Unverified
                || (named && card.health == Health::Unknown)
        };
        if stages.iter().any(|card| card.health == Health::Red) {
            Exit::Refused
        } else if stages.iter().any(open) {
            Exit::Pending
        } else {
            Exit::Ok
        }
    }
}

fn board_lines(board: &Board, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(moved) = server_moved() {
        let text = format!("THIS IS A REHEARSAL: the server's clock is moved by {moved:#}");
        lines.extend(noted(&text, columns));
    }
    for app in &board.apps {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("{BOLD}{}{BOLD:#}", clean(&app.name)));
        lines.extend(stage_file_lines(app, columns));
        lines.extend(pause_lines(app, board.now, columns));
        if app.stages.is_empty() {
            lines.push(format!("  {DIM}no stages yet{DIM:#}"));
        } else {
            let rows: Vec<_> = app.stages.iter().map(|card| row(card, board.now)).collect();
            lines.extend(render(&HEADER, &rows, columns));
        }
        lines.extend(attention_lines(app, board.now, columns));
    }
    lines
}

/// Which stage file is in force, where that is not what everybody would think.
fn stage_file_lines(app: &AppCard, columns: usize) -> Vec<String> {
    let mut notes = Vec::new();
    match &app.config_from {
        ConfigFrom::Bootstrap { file } => notes.push(format!(
            "the stage file in force is {}, given at start; the default branch has none yet",
            clean(file)
        )),
        ConfigFrom::Nowhere => {
            notes.push(
                "no stage file is in force: push a greenroom.yaml to the default branch".to_owned(),
            );
        }
        ConfigFrom::Commit { .. } => {}
    }
    if let Some(invalid) = &app.config_invalid {
        let kept = if app.config.is_some() {
            "the older one stays"
        } else {
            "none is in force"
        };
        let first = invalid
            .problems
            .first()
            .map_or_else(String::new, |one| format!(": {}", clean(one)));
        notes.push(format!(
            "the stage file of {} is not valid, {kept}{first}",
            short(&invalid.revision)
        ));
    }
    notes.iter().flat_map(|note| noted(note, columns)).collect()
}

/// That nothing moves, before anything else about the stages.
fn pause_lines(app: &AppCard, now: Timestamp, columns: usize) -> Vec<String> {
    let Some(pause) = &app.pause else {
        return Vec::new();
    };
    let (by, reason) = (clean(&pause.by), clean(&pause.reason));
    let until = match pause.until {
        Some(until) => format!(", ends {}", relative(until, now)),
        None => String::new(),
    };
    let since = relative(pause.since, now);
    let mut lines = noted(
        &format!("{by} paused everything {since}{until}: {reason}"),
        columns,
    );
    lines.push(format!(
        "  {DIM}->{DIM:#} greenroom resume --app {}",
        clean(&app.name)
    ));
    lines
}

fn attention_lines(app: &AppCard, now: Timestamp, columns: usize) -> Vec<String> {
    if app.attention.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), format!("{DIM}ATTENTION{DIM:#}")];
    for item in &app.attention {
        let text = format!("{} ({})", clean(&item.text), relative(item.at, now));
        lines.extend(noted(&text, columns));
        if let Some(command) = &item.command {
            lines.push(format!("  {DIM}->{DIM:#} {}", clean(command)));
        }
    }
    lines
}

fn noted(text: &str, columns: usize) -> Vec<String> {
    let mut lines = block(&Cell::from(text), 2, columns);
    if let Some(first) = lines.first_mut() {
        *first = format!("{} {}", Mark::Care.shown(), first.trim_start());
    }
    lines
}
