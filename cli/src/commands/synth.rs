//! `greenroom synth`: the pipelines of a stage file, as a template for CloudFormation. Nothing is
//! asked of anybody, so the same file always gives the same text.

use std::path::Path;

use greenroom_synth::{Options, Problem, synth};
use serde_json::json;

use super::validate;
use crate::args::SynthArgs;
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::text::clean;

pub fn run(args: &SynthArgs, output: &mut Output) -> Result<Exit, Stop> {
    let file = validate::valid(&args.file, output)?;
    let mut options = Options::of(&file);
    options.branch.clone_from(&args.branch);
    options.secret_prefix.clone_from(&args.secret_prefix);
    let rendered =
        synth(&file, &options).map_err(|problems| failure(&args.file, &problems, output))?;
    if output.is_json() {
        output.json(&json!({
            "schema": "synth/v1",
            "template": rendered.template,
            "definitions": rendered.definitions,
            "notes": rendered.notes,
        }))?;
        return Ok(Exit::Ok);
    }
    output.json(&rendered.template)?;
    for note in &rendered.notes {
        output.warn(clean(&format!("{}: {}", note.what, note.why)));
    }
    Ok(Exit::Ok)
}

/// All of them are said, the first in full.
pub fn failure(path: &Path, problems: &[Problem], output: &mut Output) -> Failure {
    if !output.is_json() {
        for problem in problems {
            output.say(clean(&problem.to_string()));
        }
    }
    let mut failure = Failure::new(
        Exit::Usage,
        "not_renderable",
        "the pipelines cannot be rendered for AWS",
    )
    .at(validate::name(path));
    if let Some(first) = problems.first() {
        failure = failure
            .why(clean(&first.to_string()))
            .help(first.help.as_str());
    }
    failure
}
