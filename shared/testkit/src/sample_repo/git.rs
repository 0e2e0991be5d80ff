//! Runs `git`, untouched by the configuration and environment of whoever runs us.

use std::io;
use std::path::Path;
use std::process::Command;

use super::Author;

/// Variables that lead git to another repository, as in a hook.
const STRAY: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
];

/// Runs git in `folder` and answers what it printed, without the last line break. `at` is a date
/// in git's form; `None` is now.
pub fn run(
    folder: &Path,
    arguments: &[&str],
    author: Option<&Author>,
    at: Option<&str>,
) -> io::Result<String> {
    let mut command = Command::new("git");
    for name in STRAY {
        command.env_remove(name);
    }
    command
        .args([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "commit.gpgSign=false",
        ])
        .args(["-c", "tag.gpgSign=false", "-c", "core.autocrlf=false"])
        .args(["-c", "core.quotePath=false", "-c", "gc.auto=0"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C");
    if let Some(author) = author {
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), author.name)
                .env(format!("GIT_{role}_EMAIL"), author.email);
            match at {
                Some(at) => command.env(format!("GIT_{role}_DATE"), at),
                None => command.env_remove(format!("GIT_{role}_DATE")),
            };
        }
    }
    let output = command
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("git cannot be run: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!(
            "git {}: {}",
            arguments.join(" "),
            said.trim()
        )));
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.truncate(text.trim_end_matches('\n').len());
    Ok(text)
}
