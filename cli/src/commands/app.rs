//! `greenroom app`: what is under control.

use serde_json::json;

use crate::args::{AppAddArgs, ServerArgs};
use crate::client::shape::{Access, App, ConfigFrom};
use crate::client::{Client, shaped};
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::style::Mark;
use crate::output::table::{Cell, render};
use crate::output::text::{clean, short};
use crate::output::time::{now, relative};

pub async fn add(args: &AppAddArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let body = json!({ "name": args.name, "git": args.git, "id": args.id });
    let value = client.post(&["api", "v1", "apps"], &[], &body).await?;
    if output.is_json() {
        output.json(&json!({ "schema": "app/v1", "app": value }))?;
        return Ok(Exit::Ok);
    }
    let app: App = shaped(&client, &value)?;
    let (mark, state) = stage_file(&app);
    output.line(format_args!(
        "{} {} is under control: {}",
        mark.shown(),
        clean(&app.name),
        state
    ))?;
    credential(&client, &app.name, output).await?;
    if app.config.is_some() {
        output.next(&["greenroom status"]);
    } else {
        output.next(&["greenroom init", "greenroom validate"]);
    }
    Ok(Exit::Ok)
}

/// What the credential lacks: the app is there, and something will not work.
async fn credential(client: &Client, name: &str, output: &mut Output) -> Result<(), Stop> {
    let value = match client.get(&["api", "v1", "access"], &[("app", name)]).await {
        Ok(value) => value,
        // An older server does not try it.
        Err(Stop::Failed(failure)) if failure.exit == Exit::NotFound => return Ok(()),
        Err(stop) => return Err(stop),
    };
    let all: Vec<Access> = shaped(client, &value)?;
    for app in &all {
        let mend = app.problems.iter().chain(&app.warnings);
        for mend in mend {
            output.line(format_args!("{} {}", Mark::Care.shown(), clean(&mend.what)))?;
            output.line(format_args!("  fix: {}", clean(&mend.fix)))?;
        }
    }
    Ok(())
}

pub async fn list(server: &ServerArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(server)?;
    let value = client.get(&["api", "v1", "apps"], &[]).await?;
    if output.is_json() {
        output.json(&json!({ "schema": "apps/v1", "apps": value }))?;
        return Ok(Exit::Ok);
    }
    let apps: Vec<App> = shaped(&client, &value)?;
    if apps.is_empty() {
        output.say("no app is under control yet");
        output.next(&["greenroom app add OWNER/REPO"]);
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<Cell>> = apps
        .iter()
        .map(|app| {
            let (mark, state) = stage_file(app);
            let branch = app
                .default_branch
                .strip_prefix("refs/heads/")
                .unwrap_or(&app.default_branch);
            vec![
                Cell::new(mark.symbol(), mark.style()),
                Cell::from(clean(&app.name)),
                Cell::from(clean(branch)),
                Cell::from(state),
            ]
        })
        .collect();
    for line in render(&["", "APP", "BRANCH", "STAGE FILE"], &rows, output.width()) {
        output.line(line)?;
    }
    Ok(Exit::Ok)
}

/// Which stage file is in force, in words.
pub fn stage_file(app: &App) -> (Mark, String) {
    let force = match &app.config_from {
        ConfigFrom::Nowhere => "no stage file is in force".to_owned(),
        ConfigFrom::Bootstrap { file } => {
            format!(
                "{} given at start; the default branch has none yet",
                clean(file)
            )
        }
        ConfigFrom::Commit { revision } => {
            format!("the stage file of {} is in force", short(revision))
        }
    };
    if let Some(invalid) = &app.invalid {
        let first = invalid
            .problems
            .first()
            .map_or_else(String::new, |one| format!(": {}", clean(one)));
        let said = relative(invalid.at, now());
        let text = format!(
            "{force}; that of {} is not valid, since {said}{first}",
            short(&invalid.revision)
        );
        return (Mark::Bad, text);
    }
    let mark = match app.config_from {
        ConfigFrom::Commit { .. } => Mark::Good,
        ConfigFrom::Bootstrap { .. } | ConfigFrom::Nowhere => Mark::Care,
    };
    (mark, force)
}
