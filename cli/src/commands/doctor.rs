//! `greenroom doctor`: what is set up, what is not, and how to mend it. Checks go on after one has
//! failed, as far as they can.

mod check;
mod machine;
mod server;

use serde_json::json;

use crate::args::DoctorArgs;
use crate::exit::{Exit, Stop};
use crate::output::Output;
use crate::output::style::DIM;
use crate::output::table::{Cell, block};
use check::{Check, State};

pub async fn run(args: &DoctorArgs, output: &mut Output) -> Result<Exit, Stop> {
    let mut checks = machine::check(args);
    checks.extend(server::check(&args.server).await);
    let ok = checks.iter().all(|check| check.state != State::Failed);
    if output.is_json() {
        output.json(&json!({ "schema": "doctor/v1", "ok": ok, "checks": checks }))?;
    } else {
        for check in &checks {
            tell(check, output)?;
        }
    }
    Ok(if ok { Exit::Ok } else { Exit::Failed })
}

fn tell(check: &Check, output: &mut Output) -> Result<(), Stop> {
    let text = format!("{}: {}", check.name, check.text);
    let mut lines = block(&Cell::from(text), 2, output.width()).into_iter();
    let first = lines.next().unwrap_or_default();
    output.line(format_args!(
        "{} {}",
        check.state.mark().shown(),
        first.trim_start()
    ))?;
    for line in lines {
        output.line(line)?;
    }
    if let Some(fix) = &check.fix {
        output.line(format_args!("  {DIM}fix:{DIM:#} {fix}"))?;
    }
    Ok(())
}
