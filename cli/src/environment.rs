//! What is read from the environment, each name once.

use std::env;
use std::process::Command;

use crate::exit::{Failure, Stop};

/// Address of a running `greenroom serve`.
pub const URL: &str = "GREENROOM_URL";
/// Who commands are recorded as.
pub const USER: &str = "GREENROOM_USER";
/// `json` is the same as `--json`.
pub const FORMAT: &str = "GREENROOM_FORMAT";
/// The installation's own token.
pub const TOKEN: &str = "GREENROOM_TOKEN";

/// A variable that says something.
pub fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Who somebody is: as said, else `GREENROOM_USER`, else the user of the operating system.
pub fn person(said: Option<&str>) -> Result<String, Stop> {
    let known = said
        .map(str::to_owned)
        .or_else(|| {
            [USER, "USER", "LOGNAME", "USERNAME"]
                .into_iter()
                .find_map(set)
        })
        .or_else(system_user);
    known.ok_or_else(|| {
        Failure::usage("it is not known who you are")
            .why("commands are recorded with the name of who gave them")
            .help("say it with --as NAME")
            .into()
    })
}

fn system_user() -> Option<String> {
    let answer = Command::new("id").arg("-un").output().ok()?;
    let name = String::from_utf8(answer.stdout).ok()?.trim().to_owned();
    (answer.status.success() && !name.is_empty()).then_some(name)
}
