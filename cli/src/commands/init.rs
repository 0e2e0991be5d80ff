//! `greenroom init`: a stage file for the repository one is in, written so that it holds.

mod repository;
mod template;

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use greenroom_core::stage_file::StageFile;
use serde_json::json;

use crate::args::{InitArgs, Template};
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;
use crate::output::style::Mark;
use crate::output::text::clean;
use repository::Repository;

pub fn run(args: &InitArgs, output: &mut Output) -> Result<Exit, Stop> {
    let repository = Repository::here()?;
    let path = match &args.file {
        Some(path) => path.clone(),
        None => repository.top.join("greenroom.yaml"),
    };
    let text = match args.template {
        Template::Starter => template::starter(&repository),
        Template::Gitflow => template::of_example(template::GITFLOW, &repository),
        Template::Cmamp => template::of_example(template::CMAMP, &repository),
        Template::Maas => template::of_example(template::MAAS, &repository),
        Template::PathToProduction => {
            template::of_example(template::PATH_TO_PRODUCTION, &repository)
        }
        Template::LambdaForge => template::of_example(template::LAMBDA_FORGE, &repository),
    };
    let shown = path.display().to_string();
    // What we write holds by construction; a name that git takes and we do not is told here.
    StageFile::parse(&shown, text.as_bytes()).map_err(|found| {
        let first = found.errors().next().map(|problem| clean(&problem.message));
        let mut failure = Failure::usage("no valid stage file can be written for this repository")
            .at(shown.as_str())
            .help("set the remote `origin` to OWNER/REPO on GitHub, then try again");
        failure.why = first;
        failure
    })?;
    write(&path, &text, args.force)?;
    if output.is_json() {
        output.json(&json!({
            "schema": "init/v1", "file": shown, "app": repository.app, "main": repository.main,
        }))?;
        return Ok(Exit::Ok);
    }
    output.line(format_args!(
        "{} wrote {shown} for {}",
        Mark::Check.shown(),
        clean(&repository.app)
    ))?;
    for note in &repository.notes {
        output.warn(note);
    }
    output.next(&["greenroom validate", "greenroom serve -f greenroom.yaml"]);
    Ok(Exit::Ok)
}

/// Writes the file; one that is there stays, unless `force`.
fn write(path: &Path, text: &str, force: bool) -> Result<(), Stop> {
    let opened = if force {
        File::create(path)
    } else {
        OpenOptions::new().write(true).create_new(true).open(path)
    };
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
            let place = path.display().to_string();
            if error.kind() == ErrorKind::AlreadyExists {
                return Failure::new(Exit::Conflict, "exists", "there is a stage file already")
                    .at(place)
                    .help("`greenroom validate` checks it; --force writes over it")
                    .into();
            }
            Stop::from(
                Failure::new(Exit::Failed, "write", "the stage file cannot be written")
                    .at(place)
                    .why(error.to_string()),
            )
        })
}
