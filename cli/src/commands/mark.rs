//! `greenroom mark`, `unmark` and `releases`: what people say of releases, and which there are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::args::{MarkArgs, ReleasesArgs, UnmarkArgs};
use crate::client::shape::{Given, Marked, Selectable};
use crate::client::{Client, shaped};
use crate::environment;
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::style::Mark;
use crate::output::table::{Cell, render};
use crate::output::text::{clean, short};
use crate::output::time::{age, now};

pub async fn mark(args: &MarkArgs, output: &mut Output) -> Result<Exit, Stop> {
    let body = json!({
        "by": environment::person(args.person.name.as_deref())?,
        "app": args.app,
        "release": args.of.release,
        "mark": args.mark,
        "note": args.note,
    });
    let client = Client::find(&args.server)?;
    let value = client.post(&["api", "v1", "marks"], &[], &body).await?;
    done(&client, &value, output)
}

pub async fn unmark(args: &UnmarkArgs, output: &mut Output) -> Result<Exit, Stop> {
    let body = json!({
        "by": environment::person(args.person.name.as_deref())?,
        "app": args.app,
        "release": args.of.release,
        "mark": args.mark,
    });
    let client = Client::find(&args.server)?;
    let path = ["api", "v1", "marks", "remove"];
    let value = client.post(&path, &[], &body).await?;
    done(&client, &value, output)
}

fn done(client: &Client, value: &Value, output: &mut Output) -> Result<Exit, Stop> {
    if output.is_json() {
        output.json(&json!({ "schema": "marks/v1", "release": value }))?;
        return Ok(Exit::Ok);
    }
    let marked: Marked = shaped(client, value)?;
    let said = match marked.marks.len() {
        0 => "no marks".to_owned(),
        _ => words(&marked.marks),
    };
    let symbol = if marked.marks.contains_key("bad") {
        Mark::Bad
    } else {
        Mark::Check
    };
    output.line(format_args!(
        "{} {} has {said}",
        symbol.shown(),
        short(&marked.revision)
    ))?;
    output.next(&["greenroom status"]);
    Ok(Exit::Ok)
}

/// `accepted by carol, bad by dana: it loses orders`.
fn words(marks: &BTreeMap<String, Given>) -> String {
    let word = |(mark, given): (&String, &Given)| {
        let note = given.note.as_ref();
        let note = note.map_or_else(String::new, |note| format!(": {}", clean(note)));
        format!("{} by {}{note}", clean(mark), clean(&given.by))
    };
    marks.iter().map(word).collect::<Vec<_>>().join(", ")
}

pub async fn releases(args: &ReleasesArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let given = [("app", &args.app), ("branch", &args.branch)];
    let query: Vec<(&str, &str)> = given
        .iter()
        .filter_map(|(key, value)| Some((*key, value.as_deref()?)))
        .collect();
    let value = client.get(&["api", "v1", "releases"], &query).await?;
    if output.is_json() {
        output.json(&json!({ "schema": "releases/v1", "releases": value }))?;
        return Ok(Exit::Ok);
    }
    let all: Vec<Selectable> = shaped(&client, &value)?;
    if all.is_empty() {
        output.say("nothing was built for people to select");
        output.next(&["greenroom resolve --ref BRANCH"]);
        return Ok(Exit::Ok);
    }
    let now = now();
    let rows: Vec<Vec<Cell>> = all.iter().map(|one| row(one, now)).collect();
    let header = [
        "BRANCH", "COMMIT", "STAGE", "STATE", "AGE", "ARTIFACT", "MARKS",
    ];
    for line in render(&header, &rows, output.width()) {
        output.line(line)?;
    }
    if let Some(one) = all.iter().find(|one| one.state == "built") {
        output.next(&[&format!(
            "greenroom deploy {} --release {}",
            clean(&one.stage),
            clean(&one.branch)
        )]);
    }
    Ok(Exit::Ok)
}

fn row(one: &Selectable, now: Timestamp) -> Vec<Cell> {
    let digest = one.artifact.as_deref().map(|digest| {
        let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
        clean(hex.get(..12).unwrap_or(hex))
    });
    let state = clean(&one.state).replace('_', " ");
    vec![
        Cell::from(clean(&one.branch)),
        Cell::from(short(&one.revision)),
        Cell::from(clean(&one.stage)),
        Cell::from(state),
        Cell::from(one.at.map_or_else(|| "-".to_owned(), |at| age(at, now))),
        Cell::from(digest.unwrap_or_else(|| "-".to_owned())),
        Cell::from(words(&one.marks)),
    ]
}
