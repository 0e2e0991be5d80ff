//! Runs `git` so that nothing but its arguments decides what it does.
//!
//! No configuration but ours, no prompt, no hook, only transports that fetch and nothing that
//! runs a program of the address's choosing, a limit on time and on output. When the time is up,
//! or nobody waits any more, git dies with everything it started.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::process::Group;

/// Error texts longer than this are cut; git's reasons are in the first lines or the last.
const ERROR_TEXT_MAX: usize = 16 * 1024;

/// What git needs of the server's environment to reach other machines.
const PASSED_ON: [&str; 14] = [
    "PATH",
    "SSH_AUTH_SOCK",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "TMPDIR",
];

/// Ours is the only configuration. It is a file and not arguments because git hides arguments
/// (`-c`) from the git it starts at the other end of a local path, and that one, too, must
/// accept a repository whose owner is somebody else: the operator named the path. What is fetched
/// is synced, as one pack a fetch: a mirror must survive a power failure.
const CONFIGURATION: &str = "\
[safe]
	directory = *
[core]
	hooksPath = /dev/null
	fsmonitor = false
	fsync = all
[fetch]
	unpackLimit = 1
[advice]
	detachedHead = false
[gc]
	autoDetach = false
	pruneExpire = never
[maintenance]
	autoDetach = false
[credential]
	interactive = false
";

/// How `git` is run.
#[derive(Debug)]
pub(super) struct GitProgram {
    environment: Vec<(OsString, OsString)>,
}

/// Why there is no output.
#[derive(Debug)]
pub(super) enum Failure {
    /// git could not be started or spoken to.
    Broken(std::io::Error),
    TimedOut(Duration),
    /// It said more than we are willing to read.
    TooMuch {
        limit: usize,
    },
    /// It ended with an error; `said` is its standard error.
    Said {
        said: String,
    },
}

/// One run of git.
#[derive(Debug)]
pub(super) struct Run<'a> {
    /// The repository it works on (`--git-dir`).
    pub repository: Option<&'a Path>,
    pub input: &'a [u8],
    pub limit: usize,
    pub timeout: Duration,
}

impl GitProgram {
    pub(super) fn new(
        folder: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> std::io::Result<Self> {
        let configuration = folder.join("config");
        std::fs::write(&configuration, CONFIGURATION)?;
        let mut variables: Vec<(OsString, OsString)> = environment
            .into_iter()
            .filter(|(name, _)| PASSED_ON.contains(&name.as_str()))
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let ours: [(&str, PathBuf); 12] = [
            ("HOME", folder.to_owned()),
            ("XDG_CONFIG_HOME", folder.to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_GLOBAL", configuration),
            ("GIT_ATTR_NOSYSTEM", "1".into()),
            ("GIT_TERMINAL_PROMPT", "0".into()),
            ("GIT_ALLOW_PROTOCOL", "file:https:ssh:git".into()),
            ("GIT_SSH_COMMAND", "ssh -o BatchMode=yes".into()),
            ("GIT_LITERAL_PATHSPECS", "1".into()),
            ("GIT_NO_REPLACE_OBJECTS", "1".into()),
            ("GIT_OPTIONAL_LOCKS", "0".into()),
            ("LC_ALL", "C".into()),
        ];
        variables.extend(ours.map(|(name, value)| (name.into(), value.into_os_string())));
        Ok(Self {
            environment: variables,
        })
    }

    /// Standard output of `git <arguments>`, when it ends well.
    pub(super) async fn run<A: AsRef<OsStr>>(
        &self,
        run: Run<'_>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Vec<u8>, Failure> {
        let mut command = Command::new("git");
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/");
        if let Some(repository) = run.repository {
            command.arg("--git-dir").arg(repository);
        }
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn().map_err(Failure::Broken)?;
        let group = Group::new(child.id().map_or(0, u32::cast_signed));
        let (input, output, error) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let work = async {
            let feed = async {
                if let Some(mut input) = input {
                    // git may well end without reading; its exit status tells.
                    let _ = input.write_all(run.input).await;
                }
            };
            let (output, error, ()) = tokio::join!(
                read_up_to(output, run.limit),
                read_up_to(error, ERROR_TEXT_MAX),
                feed
            );
            Ok::<_, std::io::Error>((output?, error?, child.wait().await?))
        };
        let done = tokio::time::timeout(run.timeout, work).await;
        let Ok(done) = done else {
            return Err(Failure::TimedOut(run.timeout));
        };
        let ((output, too_much), (error, _), status) = done.map_err(Failure::Broken)?;
        group.leave();
        if status.success() && too_much {
            return Err(Failure::TooMuch { limit: run.limit });
        }
        if !status.success() {
            let said = String::from_utf8_lossy(&error).trim().to_owned();
            let said = if said.is_empty() {
                format!("git ended with {status}")
            } else {
                said
            };
            return Err(Failure::Said { said });
        }
        Ok(output)
    }
}

/// Reads to the end, keeps at most `limit` bytes, and says whether there were more. Reading on
/// lets git end by itself instead of dying of a closed pipe, which would look like a failure.
async fn read_up_to(
    from: Option<impl AsyncRead + Unpin>,
    limit: usize,
) -> std::io::Result<(Vec<u8>, bool)> {
    let mut kept = Vec::new();
    let Some(mut from) = from else {
        return Ok((kept, false));
    };
    (&mut from)
        .take(limit as u64)
        .read_to_end(&mut kept)
        .await?;
    let more = tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    Ok((kept, more > 0))
}
