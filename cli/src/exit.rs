//! How a command ends: exit codes, and failures that say what, where, why and how to fix it.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::environment;

/// What the process tells its caller. Documented in `docs/cli.md`; changing one breaks scripts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    Ok = 0,
    /// It did not work.
    Failed = 1,
    /// The call, the stage file or the environment is wrong.
    Usage = 2,
    /// The stage is red, or a gate is closed.
    Refused = 3,
    /// No valid token, or they may not.
    Auth = 4,
    NotFound = 5,
    /// Somebody or something else is in the way right now.
    Conflict = 6,
    TimedOut = 7,
    /// It is under way and not decided yet.
    Pending = 8,
    /// As a shell says it of a program that was stopped by Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub enum Stop {
    /// Whoever read stdout has gone; nobody is left to tell, and it is no error.
    Closed,
    /// The person does not want to wait any longer.
    Interrupted,
    Failed(Box<Failure>),
}

/// Something a person must hear about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub exit: Exit,
    /// Stable name for machines, `snake_case`.
    pub code: String,
    /// What did not work, one sentence without a full stop.
    pub what: String,
    /// File or address.
    pub place: Option<String>,
    pub why: Option<String>,
    /// A command or a sentence.
    pub help: Option<String>,
    /// True when the same call may work later.
    pub retryable: bool,
}

impl Failure {
    pub fn new(exit: Exit, code: &str, what: impl Into<String>) -> Self {
        Self {
            exit,
            code: code.to_owned(),
            what: what.into(),
            place: None,
            why: None,
            help: None,
            retryable: false,
        }
    }

    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", what)
    }

    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// `{"error": {...}}`, what `--json` writes to stderr.
    pub fn to_json(&self) -> Value {
        let mut error = json!({
            "code": self.code,
            "message": self.what,
            "retryable": self.retryable,
        });
        for (key, text) in [
            ("at", &self.place),
            ("why", &self.why),
            ("help", &self.help),
        ] {
            if let Some(text) = text {
                error[key] = json!(text);
            }
        }
        json!({ "error": error })
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<io::Error> for Stop {
    /// Of writing to stdout; everything else is told with its own words.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Closed;
        }
        Failure::new(Exit::Failed, "stdout", "the output could not be written")
            .why(error.to_string())
            .into()
    }
}

/// Help and version are no errors; every other word of clap is about usage.
pub fn of_clap(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && wants_json() {
        let text = error.render().to_string();
        // Everything up to the first empty line says what is wrong; the rest is usage.
        let said = text.lines().take_while(|line| !line.trim().is_empty());
        let said = said.map(str::trim).collect::<Vec<_>>().join(" ");
        let failure = Failure::usage(said.strip_prefix("error: ").unwrap_or(&said))
            .help("`greenroom help` shows every command, `greenroom help COMMAND` one");
        // Nobody can be told that stderr is gone.
        let _ = writeln!(io::stderr(), "{:#}", failure.to_json());
        return Exit::Usage.into();
    }
    let written = error.print().map_err(Stop::from);
    if error.use_stderr() {
        return Exit::Usage.into();
    }
    match written {
        Err(Stop::Failed(failure)) => failure.exit.into(),
        _ => Exit::Ok.into(),
    }
}

/// Whether JSON was asked for, in a call that could not be understood.
fn wants_json() -> bool {
    env::args_os().any(|word| word == "--json")
        || environment::set(environment::FORMAT).is_some_and(|format| format == "json")
}
