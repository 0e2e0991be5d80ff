//! One command of a build: a shell of its own that begins where the last one ended, with the same
//! variables and in the same folder. What it leaves running ends with the build.
//!
//! A command that ends its shell with `exit` keeps nothing of what it exported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

/// The variable by which a build's processes are known.
pub(super) const BUILD: &str = "CODEBUILD_BUILD_ID";

/// Runs the command in `$1` after the state in `$2` (variables) and `$3` (folder), and keeps both.
/// `$4` says whether all went well so far.
const SCRIPT: &str = r#"cd "$(cat "$3")" && set -a && . "$2" && CODEBUILD_BUILD_SUCCEEDING="$4" && . "$1"
GREENROOM_STAND_IN_STATUS=$?
export -p > "$2.next" && mv "$2.next" "$2"
pwd > "$3"
exit $GREENROOM_STAND_IN_STATUS"#;

/// What the commands of a build have in common.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    pub program: String,
    /// Holds the state files and the log.
    pub folder: PathBuf,
    pub environment: BTreeMap<String, String>,
}

impl Shell {
    /// Begins in `checkout`.
    pub fn begin(&self, checkout: &Path) -> std::io::Result<()> {
        std::fs::write(self.folder.join("env.sh"), b"")?;
        std::fs::write(
            self.folder.join("dir.txt"),
            checkout.as_os_str().as_encoded_bytes(),
        )?;
        std::fs::write(self.folder.join("log"), b"")
    }

    /// Runs one command to its end. What it left running is the [`Container`]'s to end.
    pub async fn run(&self, command: &str, succeeding: bool) -> std::io::Result<ExitStatus> {
        let script = self.folder.join("command.sh");
        std::fs::write(&script, command)?;
        let log = std::fs::OpenOptions::new()
            .append(true)
            .open(self.folder.join("log"))?;
        let mut child = Command::new(&self.program)
            .arg("-c")
            .arg(SCRIPT)
            .arg("build")
            .arg(&script)
            .arg(self.folder.join("env.sh"))
            .arg(self.folder.join("dir.txt"))
            .arg(if succeeding { "1" } else { "0" })
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        child.wait().await
    }

    /// The values the variables have now.
    pub async fn exported(&self, names: &[String]) -> Vec<(String, String)> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let names = names
            .iter()
            .filter(|name| !name.is_empty() && name.chars().all(legal));
        let mut asked = r#". "$1""#.to_owned();
        for name in names.clone() {
            asked.push_str(&format!(r#" && printf '%s\0' "${{{name}-}}""#));
        }
        let said = Command::new(&self.program)
            .arg("-c")
            .arg(asked)
            .arg("build")
            .arg(self.folder.join("env.sh"))
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await;
        let said = said.map_or_else(|_| Vec::new(), |said| said.stdout);
        let values = said.split(|byte| *byte == 0);
        names
            .zip(values)
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
            .collect()
    }
}

/// Everything a build started, wherever it went; dies with this, as a build's container does.
#[derive(Debug)]
pub(super) struct Container {
    /// As it stands in the environment of each of its processes.
    mark: Vec<u8>,
}

/// Looks for processes that are being born while others are killed.
const ROUNDS_MAX: usize = 100;

impl Container {
    /// Of the build with this id.
    pub fn of(build: &str) -> Self {
        Self {
            mark: format!("{BUILD}={build}").into_bytes(),
        }
    }

    fn processes(&self) -> Vec<Pid> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let ours = pids.filter(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|one| one == self.mark)
        });
        ours.filter_map(Pid::from_raw).collect()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let processes = self.processes();
            if processes.is_empty() {
                return;
            }
            for pid in processes {
                // Gone already is as good.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}
