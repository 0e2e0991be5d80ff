//! What the program knows of itself.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::{self, Cli};
use crate::exit::{Exit, Stop};
use crate::output::Output;

/// Prints the JSON Schema of stage files.
pub fn schema(output: &mut Output) -> Result<Exit, Stop> {
    output.json(&greenroom_core::stage_file::schema())?;
    Ok(Exit::Ok)
}

/// Prints completions for `shell`.
pub fn completions(shell: Shell, output: &mut Output) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "greenroom", &mut script);
    output.raw(&script)?;
    Ok(Exit::Ok)
}

/// Prints the manual page, one section for each command.
pub fn man(output: &mut Output) -> Result<Exit, Stop> {
    let mut page = Vec::new();
    let mut command = args::command(Cli::command());
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let man = clap_mangen::Man::new(sub.clone());
        page.extend_from_slice(
            format!(".SH \"GREENROOM {}\"\n", sub.get_name().to_uppercase()).as_bytes(),
        );
        man.render_description_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    output.raw(&page)?;
    Ok(Exit::Ok)
}

/// Prints a page that is about all commands.
pub fn topic(text: &str, output: &mut Output) -> Result<Exit, Stop> {
    output.line(text)?;
    Ok(Exit::Ok)
}
