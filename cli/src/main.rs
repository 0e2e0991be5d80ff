//! The `greenroom` command. Data goes to stdout, talk to stderr; see `greenroom help exit-codes`.

mod args;
mod client;
mod commands;
mod environment;
mod exit;
mod nearest;
mod output;
mod secret;
mod serve;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::args::Cli;
use crate::output::Output;

fn main() -> ExitCode {
    let matches = match args::command(Cli::command()).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return exit::of_clap(&error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return exit::of_clap(&error),
    };
    let mut output = Output::new(cli.global.color, cli.global.wants_json());
    let result = commands::run(cli.command, &mut output);
    output.finish(result)
}
