//! The real `greenroom serve`, as a child process.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, Command};

use super::http::Http;
use super::until;

pub const GREENROOM: &str = env!("CARGO_BIN_EXE_greenroom");

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Start {
    pub data: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(String, String)>,
    pub listen: String,
    pub poll: String,
    /// Whether there is a webhook secret.
    pub secret: bool,
    /// Blocks of 512 bytes that any file may have, if there is a limit.
    pub file_blocks: Option<u64>,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub http: Http,
}

impl Start {
    pub fn on(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            listen: "127.0.0.1:0".to_owned(),
            poll: "never".to_owned(),
            secret: true,
            file_blocks: None,
        }
    }

    pub fn log(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    fn command(&self) -> Command {
        let mut command = match self.file_blocks {
            // A write beyond the limit then fails, as on a full disk, instead of killing.
            Some(blocks) => {
                let mut shell = Command::new("sh");
                shell.args([
                    "-c",
                    "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"",
                    "sh",
                    &blocks.to_string(),
                    GREENROOM,
                ]);
                shell
            }
            None => Command::new(GREENROOM),
        };
        command
            .args([
                "serve",
                "--listen",
                &self.listen,
                "--sweep",
                "200ms",
                "--poll",
                &self.poll,
                "--data",
            ])
            .arg(&self.data);
        command.args(&self.arguments);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        if self.secret {
            command.env("GREENROOM_WEBHOOK_SECRET", super::hook::SECRET);
        }
        command.envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Starts it and waits until it accepts work.
    pub async fn up(&self) -> Server {
        let address = self.data.join("address");
        // A killed server leaves its address behind.
        drop(std::fs::remove_file(&address));
        std::fs::create_dir_all(self.log().parent().expect("a folder")).expect("a folder");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("a log");
        let mut child = self
            .command()
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("it can be started");
        let listening = until("the server listens", async || {
            let text = std::fs::read_to_string(&address).ok()?;
            text.ends_with('\n')
                .then(|| text.trim().trim_start_matches("http://").to_owned())
        });
        let listening = tokio::select! {
            listening = listening => listening,
            ended = child.wait() => panic!("the server ended at once: {ended:?}\n{}", std::fs::read_to_string(self.log()).unwrap_or_default()),
        };
        let token = std::fs::read_to_string(self.data.join("token")).expect("a token");
        Server {
            child,
            http: Http::new(&listening, token.trim()),
        }
    }

    /// Starts one that must not come up; answers its exit code and what it said.
    pub async fn refused(&self) -> (i32, String) {
        let output = tokio::time::timeout(super::PATIENCE, self.command().output()).await;
        let output = output
            .expect("a server that cannot start ends")
            .expect("it can be started");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), text)
    }
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it could be killed");
    }

    /// SIGTERM; answers how it ended.
    pub async fn stop(mut self) -> ExitStatus {
        self.terminate().await;
        let ended = tokio::time::timeout(super::PATIENCE, self.child.wait()).await;
        ended
            .expect("the server ends when it is told to")
            .expect("it was started by us")
    }

    /// SIGTERM, and nothing else.
    pub async fn terminate(&self) {
        let told = Command::new("kill")
            .arg("-TERM")
            .arg(self.pid().to_string())
            .status()
            .await;
        assert!(
            told.is_ok_and(|status| status.success()),
            "the server could be told to stop"
        );
    }
}
