//! `greenroom duty`: who is on duty now, and who is next.

use jiff::Timestamp;

use crate::args::DutyArgs;
use crate::client::shape::duty::{Duty, Turn};
use crate::client::{Client, shaped};
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::table::{Cell, render};
use crate::output::text::clean;
use crate::output::time::{instant, now, relative};

const HEADER: [&str; 4] = ["ROTA", "ON DUTY", "NEXT", "CHANNELS"];

pub async fn run(args: &DutyArgs, output: &mut Output) -> Result<Exit, Stop> {
    let client = Client::find(&args.server)?;
    let app = args.app.iter().map(|app| ("app", app.as_str()));
    let query: Vec<(&str, &str)> = app.collect();
    let value = client.get(&["api", "v1", "duty"], &query).await?;
    if output.is_json() {
        output.json(&value)?;
        return Ok(Exit::Ok);
    }
    let rotas = value.get("rotas").cloned().unwrap_or_default();
    let rotas: Vec<Duty> = shaped(&client, &rotas)?;
    if rotas.is_empty() {
        output.say("no stage file in force has `rotas`");
        return Ok(Exit::Ok);
    }
    let several = rotas.windows(2).any(|two| two[0].name != two[1].name);
    let now = now();
    let rows: Vec<Vec<Cell>> = rotas.iter().map(|one| row(one, several, now)).collect();
    for line in render(&HEADER, &rows, output.width()) {
        output.line(line)?;
    }
    Ok(Exit::Ok)
}

fn row(duty: &Duty, several: bool, now: Timestamp) -> Vec<Cell> {
    let name = match several {
        true => format!("{}:{}", clean(&duty.name), clean(&duty.rota)),
        false => clean(&duty.rota),
    };
    let when = |turn: &Turn, at: Timestamp, word: &str| {
        let person = clean(&turn.person);
        format!("{person} {word} {} ({})", instant(at), relative(at, now))
    };
    let on_duty = duty.now.as_ref();
    let on_duty = on_duty.map_or_else(
        || "nobody yet".to_owned(),
        |turn| when(turn, turn.until, "until"),
    );
    let next = duty.next.as_ref();
    let next = next.map_or_else(
        || "nobody".to_owned(),
        |turn| when(turn, turn.since, "from"),
    );
    vec![
        Cell::from(name),
        Cell::from(on_duty),
        Cell::from(next),
        Cell::from(clean(&duty.channels.join(", "))),
    ]
}
