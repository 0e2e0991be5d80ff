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

/// Prints the manual page: the whole, each command, and what is about all of them.
pub fn man(output: &mut Output) -> Result<Exit, Stop> {
    let mut page = Vec::new();
    let mut command = args::command(Cli::command());
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let man = clap_mangen::Man::new(sub.clone());
        let title = format!(".SH \"GREENROOM {}\"\n", sub.get_name().to_uppercase());
        page.extend_from_slice(title.as_bytes());
        man.render_description_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_options_section(&mut page)?;
        man.render_extra_section(&mut page)?;
    }
    for topic in [args::EXIT_CODES, args::ENVIRONMENT] {
        page.extend_from_slice(section(topic).as_bytes());
    }
    output.raw(&page)?;
    Ok(Exit::Ok)
}

/// A page whose first line is its title, laid out as it stands.
fn section(topic: &str) -> String {
    let (title, text) = topic.split_once("\n\n").unwrap_or(("", topic));
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    format!(".SH \"{}\"\n.nf\n{text}\n.fi\n", title.to_uppercase())
}

/// Prints a page that is about all commands.
pub fn topic(text: &str, output: &mut Output) -> Result<Exit, Stop> {
    output.line(text)?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::section;
    use crate::args::EXIT_CODES;

    #[test]
    fn a_page_becomes_a_section_of_the_manual() {
        let section = section(EXIT_CODES);
        assert!(section.starts_with(".SH \"EXIT CODES\"\n.nf\n  0    it worked\n"));
        // A line that begins with a dot would be an order to the typesetter.
        assert!(
            section
                .lines()
                .skip(2)
                .all(|line| line == ".fi" || !line.starts_with('.'))
        );
    }
}
