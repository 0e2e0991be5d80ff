//! `greenroom journey`: where a commit is, stage by stage.

use jiff::Timestamp;
use serde_json::json;

use crate::args::JourneyArgs;
use crate::client::shape::{Health, Leg, Way};
use crate::client::{Client, shaped};
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::card;
use crate::output::style::{BOLD, Mark};
use crate::output::table::{Cell, render};
use crate::output::text::{clean, short};
use crate::output::time::{age, now, relative, said};

pub async fn run(args: &JourneyArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let mut query = vec![("release", args.release.as_str())];
    query.extend(args.app.as_deref().map(|app| ("app", app)));
    let value = client.get(&["api", "v1", "journey"], &query).await?;
    let ways: Vec<Way> = shaped(&client, &value)?;
    if output.is_json() {
        output.json(&json!({ "schema": "journey/v1", "journeys": value }))?;
        return Ok(Exit::Ok);
    }
    if ways.is_empty() {
        output.say("no app is under control");
        output.next(&["greenroom app add OWNER/REPO"]);
    }
    for (index, way) in ways.iter().enumerate() {
        if index > 0 {
            output.line("")?;
        }
        shown(way, output)?;
    }
    if let Some(next) = ways.iter().find_map(next) {
        output.next(&[&next]);
    }
    Ok(Exit::Ok)
}

fn shown(way: &Way, output: &mut Output) -> Result<(), Stop> {
    let now = now();
    let mut heading = format!(
        "{BOLD}{}{BOLD:#} of {}",
        short(&way.revision),
        clean(&way.name)
    );
    if let (Some(author), Some(at)) = (&way.author, way.at) {
        heading += &format!(", by {} {}", clean(author), relative(at, now));
    }
    if let Some(subject) = &way.subject {
        heading += &format!(": {}", clean(subject));
    }
    output.line(heading)?;
    let rows: Vec<Vec<Cell>> = way
        .stages
        .iter()
        .map(|leg| {
            let mark = mark(leg);
            vec![
                Cell::new(mark.symbol(), mark.style()),
                Cell::from(clean(&leg.stage)),
                Cell::from(leg.since.map_or_else(|| "-".to_owned(), |at| age(at, now))),
                Cell::from(words(leg, &way.revision, now)),
            ]
        })
        .collect();
    for line in render(&["", "STAGE", "SINCE", "WHERE"], &rows, output.width()) {
        output.line(line)?;
    }
    Ok(())
}

fn mark(leg: &Leg) -> Mark {
    match (leg.state.as_str(), leg.health) {
        ("here", Some(health)) => card::mark(health),
        ("waiting" | "kept_out" | "unknown", _) => Mark::Care,
        _ => Mark::Empty,
    }
}

fn words(leg: &Leg, revision: &str, now: Timestamp) -> String {
    let other = leg.revision.as_deref().filter(|other| *other != revision);
    let inside = other.map_or_else(String::new, |other| format!(" inside {}", short(other)));
    let why = leg.why.as_ref();
    let why = why.map_or_else(String::new, |why| {
        format!(": {}", said(&clean(&why.sentence), now))
    });
    let run = leg.generation.unwrap_or_default();
    match leg.state.as_str() {
        "here" => {
            let health = match leg.health {
                Some(Health::Green) => ", green",
                Some(Health::Red) => ", red",
                Some(Health::Unverified) => ", unverified",
                Some(Health::Unknown) | None => "",
            };
            let live = match leg.live {
                Some(true) => ", live",
                Some(false) => ", not live",
                None => "",
            };
            format!("here{inside} since run {run}{health}{live}")
        }
        "under_way" => format!("run {run} deploys or tests it{inside}"),
        "waiting" => format!("waits{inside}{why}"),
        "kept_out" => format!("kept out{inside}{why}"),
        "comes" => match (&leg.after, leg.until) {
            (Some(after), _) => format!("comes{inside} after {}{why}", clean(after)),
            (None, Some(at)) => {
                format!("comes{inside} with the refresh {}{why}", relative(at, now))
            }
            (None, None) => format!("comes{inside}{why}"),
        },
        "selectable" => "built; comes here if somebody selects it".to_owned(),
        "gone" => format!("came with run {run}{inside}, and is not here any more"),
        "passed_by" => {
            format!("changes nothing here{inside}; comes with the next commit that does")
        }
        "not_on_the_way" => "not on its way here".to_owned(),
        "unknown" => {
            let why = leg.unknown.as_deref().unwrap_or("it is not said why");
            format!("nobody can tell: {}", clean(why))
        }
        other => clean(other).replace('_', " "),
    }
}

/// What helps it on its way, at the first stage where something would.
fn next(way: &Way) -> Option<String> {
    way.stages.iter().find_map(|leg| {
        let stage = clean(&leg.stage);
        match leg.state.as_str() {
            "waiting" | "kept_out" => Some(format!("greenroom why {stage}")),
            "selectable" => Some(format!(
                "greenroom deploy {stage} --release {}",
                short(&way.revision)
            )),
            _ => None,
        }
    })
}
