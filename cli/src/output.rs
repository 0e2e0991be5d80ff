//! The two streams. Data goes to stdout and may be read by a program; talk goes to stderr. What
//! others wrote reaches either only through [`text`].

pub mod card;
pub mod report;
pub mod side;
pub mod style;
pub mod table;
pub mod text;
pub mod time;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anstream::ColorChoice;
use serde_json::Value;

use crate::args::Color;
use crate::environment;
use crate::exit::{Exit, Failure, Stop};
use style::{BOLD, DIM, RED, YELLOW};

/// Where a command writes.
#[derive(Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(color: Color, json: bool) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        choice.write_global();
        Self { json }
    }

    /// Whether a program reads what is written.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A line of data.
    pub fn line(&mut self, line: impl Display) -> Result<(), Stop> {
        Ok(writeln!(anstream::stdout(), "{line}")?)
    }

    /// Data that brings its own line ends.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    /// Data for programs, indented. Characters that steer a terminal are written as `\u` and four digits.
    pub fn json(&mut self, value: &Value) -> Result<(), Stop> {
        let plain = format!("{value:#}");
        self.raw(format!("{}\n", text::harmless_json(&plain)).as_bytes())
    }

    /// Data for programs that read line by line.
    pub fn json_line(&mut self, value: &Value) -> Result<(), Stop> {
        let plain = value.to_string();
        self.raw(format!("{}\n", text::harmless_json(&plain)).as_bytes())
    }

    /// A word to the person; nobody is to parse it.
    pub fn say(&mut self, text: impl Display) {
        // Nobody can be told that stderr is gone.
        let _ = writeln!(anstream::stderr(), "{text}");
    }

    /// A word of caution.
    pub fn warn(&mut self, text: impl Display) {
        self.say(format_args!("{YELLOW}note:{YELLOW:#} {text}"));
    }

    /// What one would do next.
    pub fn next(&mut self, commands: &[&str]) {
        if self.json {
            return;
        }
        for (index, command) in commands.iter().enumerate() {
            let lead = if index == 0 { "next:" } else { "     " };
            self.say(format_args!("{DIM}{lead}{DIM:#} {command}"));
        }
    }

    /// Clears the screen, where there is one.
    pub fn clear(&mut self) -> Result<(), Stop> {
        if io::stdout().is_terminal() {
            self.raw(b"\x1b[H\x1b[2J")?;
        }
        Ok(())
    }

    /// Columns to fill: `COLUMNS`, else the terminal's; a pipe has no end.
    pub fn width(&self) -> usize {
        let asked = environment::set("COLUMNS").and_then(|columns| columns.trim().parse().ok());
        asked.filter(|columns| *columns > 0).unwrap_or_else(|| {
            terminal_size::terminal_size_of(io::stdout())
                .map_or(usize::MAX, |(width, _)| usize::from(width.0))
        })
    }

    /// Tells how it ended.
    pub fn finish(&mut self, result: Result<Exit, Stop>) -> ExitCode {
        match result {
            Ok(exit) => exit.into(),
            Err(Stop::Closed) => Exit::Ok.into(),
            Err(Stop::Interrupted) => {
                self.say("stopped waiting; what is under way goes on without us");
                Exit::Interrupted.into()
            }
            Err(Stop::Failed(failure)) => {
                self.fail(&failure);
                failure.exit.into()
            }
        }
    }

    fn fail(&mut self, failure: &Failure) {
        if self.json {
            let error = format!("{:#}", failure.to_json());
            self.say(text::harmless_json(&error));
            return;
        }
        self.say(format_args!(
            "{RED}error:{RED:#} {BOLD}{}{BOLD:#}",
            failure.what
        ));
        let parts = [
            ("at", &failure.place),
            ("why", &failure.why),
            ("fix", &failure.help),
        ];
        for (name, part) in parts {
            if let Some(part) = part {
                self.say(format_args!("  {DIM}{name:>4}:{DIM:#} {part}"));
            }
        }
    }
}
