//! `greenroom diff`: what one stage has that another has not.

use jiff::Timestamp;
use serde_json::json;

use super::stage::Typed;
use crate::args::DiffArgs;
use crate::client::shape::{Differing, Side, TwoStages, Value};
use crate::client::{Client, shaped};
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::card;
use crate::output::style::BOLD;
use crate::output::table::{Cell, render};
use crate::output::text::{clean, short};
use crate::output::time::{age, now};

pub async fn run(args: &DiffArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let (from, to) = (Typed::new(&args.from), Typed::new(&args.to));
    let mut query = vec![("from", from.stage), ("to", to.stage)];
    match (from.app, to.app) {
        (Some(one), Some(other)) if one != other => {
            return Err(Failure::usage("the stages are of different apps").into());
        }
        (one, other) => query.extend(one.or(other).map(|app| ("app", app))),
    }
    let value = client.get(&["api", "v1", "diff"], &query).await?;
    let two: TwoStages = shaped(&client, &value)?;
    if output.is_json() {
        output.json(&json!({ "schema": "diff/v1", "diff": value }))?;
        return Ok(Exit::Ok);
    }
    let now = now();
    for side in [&two.from, &two.to] {
        stands(side, now, output)?;
    }
    match &two.unknown {
        Some(why) => output.line(format_args!("commits: {}", clean(why)))?,
        None => {
            commits(&two.from, &two.to, now, output)?;
            commits(&two.to, &two.from, now, output)?;
        }
    }
    match two.same_artifact {
        Some(true) => output.line("the artifact is the same")?,
        Some(false) => output.line("the artifacts are different")?,
        None => {}
    }
    variables(&two, output)?;
    Ok(Exit::Ok)
}

/// `● qa: 3f2a91c0 for 2h, artifact 0123456789ab`
fn stands(side: &Side, now: Timestamp, output: &mut Output) -> Result<(), Stop> {
    let what = match (&side.revision, side.since) {
        (Some(revision), Some(since)) => format!("{} for {}", short(revision), age(since, now)),
        _ => "nothing".to_owned(),
    };
    let artifact = side.artifact.as_deref().map_or_else(String::new, |digest| {
        let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
        format!(", artifact {}", clean(hex.get(..12).unwrap_or(hex)))
    });
    let live = match side.live {
        Some(true) => ", live",
        Some(false) => ", not live",
        None => "",
    };
    output.line(format_args!(
        "{} {BOLD}{}{BOLD:#}: {what}{artifact}{live}",
        card::mark(side.health).shown(),
        clean(&side.stage)
    ))
}

fn commits(side: &Side, other: &Side, now: Timestamp, output: &mut Output) -> Result<(), Stop> {
    let (has, lacks) = (clean(&side.stage), clean(&other.stage));
    let many = match side.commits.len() {
        0 => return output.line(format_args!("{has} has no commit that {lacks} has not")),
        1 => "1 commit".to_owned(),
        n if side.truncated => format!("more than {n} commits"),
        n => format!("{n} commits"),
    };
    output.line(format_args!("{has} has {many} that {lacks} has not:"))?;
    let rows: Vec<Vec<Cell>> = side
        .commits
        .iter()
        .map(|commit| {
            vec![
                Cell::from(format!("  {}", short(&commit.revision))),
                Cell::from(age(commit.at, now)),
                Cell::from(clean(&commit.author)),
                Cell::from(clean(&commit.subject)),
            ]
        })
        .collect();
    for line in render(
        &["  COMMIT", "AGE", "AUTHOR", "SUBJECT"],
        &rows,
        output.width(),
    ) {
        output.line(line)?;
    }
    Ok(())
}

fn variables(two: &TwoStages, output: &mut Output) -> Result<(), Stop> {
    if two.variables.is_empty() {
        return output.line("the stage file gives both the same variables");
    }
    let rows: Vec<Vec<Cell>> = two.variables.iter().map(row).collect();
    let (from, to) = (
        clean(&two.from.stage).to_uppercase(),
        clean(&two.to.stage).to_uppercase(),
    );
    for line in render(&["VARIABLE", &from, &to], &rows, output.width()) {
        output.line(line)?;
    }
    Ok(())
}

fn row(variable: &Differing) -> Vec<Cell> {
    vec![
        Cell::from(clean(&variable.name)),
        Cell::from(value(variable.from.as_ref())),
        Cell::from(value(variable.to.as_ref())),
    ]
}

/// Of a secret only its name is known here.
fn value(value: Option<&Value>) -> String {
    match value {
        None => "-".to_owned(),
        Some(Value::Text(text)) => clean(text),
        Some(Value::Secret(name)) => format!("secret {}", clean(name)),
    }
}
