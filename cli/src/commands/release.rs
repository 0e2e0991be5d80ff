//! `greenroom release`: where a commit went.

use serde_json::json;

use super::app::names;
use crate::args::ReleaseArgs;
use crate::client::shape::Whereabouts;
use crate::client::{Client, shaped};
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::style::BOLD;
use crate::output::table::{Cell, render};
use crate::output::text::{clean, short};
use crate::output::time::{age, now};

pub async fn run(args: &ReleaseArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let value = client
        .get(&["api", "v1", "releases", &args.revision], &[])
        .await?;
    let found: Vec<Whereabouts> = shaped(&client, &value)?;
    if found.is_empty() {
        return Err(Failure::new(
            Exit::NotFound,
            "not_found",
            format!("{} went to no stage", args.revision),
        )
        .at(client.place())
        .why("no stage ever had it, neither by itself nor inside a newer commit")
        .help("`greenroom resolve --ref REF` says where a branch leads")
        .into());
    }
    if output.is_json() {
        output.json(&json!({ "schema": "release/v1", "releases": value }))?;
        return Ok(Exit::Ok);
    }
    let names = names(&client).await?;
    let now = now();
    for (index, one) in found.iter().enumerate() {
        if index > 0 {
            output.line("")?;
        }
        let app = names
            .get(&one.app)
            .map_or_else(|| one.app.to_string(), |name| clean(name));
        output.line(format_args!(
            "{BOLD}{}{BOLD:#} of {app}",
            clean(&one.revision)
        ))?;
        let rows: Vec<Vec<Cell>> = one
            .stages
            .iter()
            .map(|journey| {
                let how = journey.contained_in.as_ref().map_or_else(
                    || "by itself".to_owned(),
                    |newer| format!("contained in {}", short(newer)),
                );
                vec![
                    Cell::from(clean(&journey.stage)),
                    Cell::from(journey.generation.to_string()),
                    Cell::from(age(journey.at, now)),
                    Cell::from(how),
                ]
            })
            .collect();
        for line in render(&["STAGE", "RUN", "AGE", "HOW"], &rows, output.width()) {
            output.line(line)?;
        }
    }
    Ok(Exit::Ok)
}
