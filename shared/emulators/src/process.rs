//! A server that lives as long as the test that started it, and no longer.
//!
//! It runs in a process group of its own, and so does everything it starts. The group ends when
//! the [`Process`] is dropped, and also when the test is killed and drops nothing: a watcher in the
//! group reads a pipe whose other end only the test holds, and kills the group at its end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Keeps the pipe open beside the program, which gets no input of its own.
const WATCHED: &str = r#"exec 3<&0
( cat <&3 >/dev/null; kill -KILL 0 ) &
exec "$@" </dev/null 3<&-"#;

/// How long a server may take until it answers; a machine with much to do is slow.
const UNTIL_UP: Duration = Duration::from_secs(90);
/// How long one answer may take until it is asked again.
const ONE_ANSWER: Duration = Duration::from_secs(5);
/// How long a server has to end by itself.
const UNTIL_DOWN: Duration = Duration::from_secs(2);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A person must install it.
    #[error("{what} is not installed ({}): run `make setup`", path.display())]
    Missing { what: &'static str, path: PathBuf },
    /// The machine does not let us.
    #[error("{what} cannot be started")]
    Io {
        what: &'static str,
        #[source]
        source: io::Error,
    },
    /// It ended, or did not answer in time.
    #[error("{what} does not answer: {why}; it said:\n{said}")]
    Silent {
        what: &'static str,
        why: String,
        said: String,
    },
}

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// For messages.
    pub what: &'static str,
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(OsString, OsString)>,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Process {
    what: &'static str,
    child: Child,
    // Closed last of all: its end is what the watcher waits for.
    _pipe: Option<ChildStdin>,
    log: File,
}

impl Process {
    /// Starts `program` in `folder`, where it also leaves what it says.
    pub fn start(program: &Program, folder: &Path) -> Result<Self, StartError> {
        let io = |source| StartError::Io {
            what: program.what,
            source,
        };
        let log = File::options()
            .create(true)
            .append(true)
            .read(true)
            .open(folder.join("said.log"))
            .map_err(io)?;
        let mut child = Command::new("sh")
            .args(["-c", WATCHED, "sh"])
            .arg(&program.program)
            .args(&program.arguments)
            .envs(
                program
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .current_dir(folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(io)?)
            .stderr(log.try_clone().map_err(io)?)
            .spawn()
            .map_err(io)?;
        let pipe = child.stdin.take();
        Ok(Self {
            what: program.what,
            child,
            _pipe: pipe,
            log,
        })
    }

    /// Asks for `path` at `port` until the answer's status is one that `is_up` accepts, as every
    /// HTTP server does once it listens.
    pub async fn answers(
        &mut self,
        port: u16,
        path: &str,
        is_up: fn(u16) -> bool,
    ) -> Result<(), StartError> {
        let until = Instant::now() + UNTIL_UP;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.silent(format!("it ended with {status}")));
            }
            let last = match tokio::time::timeout(ONE_ANSWER, status(port, path)).await {
                Ok(Ok(status)) if is_up(status) => return Ok(()),
                Ok(Ok(status)) => format!("it answered {status}"),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it takes connections and answers nothing".to_owned(),
            };
            if Instant::now() >= until {
                return Err(self.silent(last));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Process id of the server, which is also that of its group.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the whole group, as a machine that loses its power does.
    pub fn kill(&mut self) {
        if let Some(group) = self.pid() {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }

    /// All it said so far.
    pub fn said(&self) -> String {
        let mut said = Vec::new();
        let read = self.log.try_clone().and_then(|mut log| {
            log.seek(SeekFrom::Start(0))?;
            log.read_to_end(&mut said)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&said).into_owned(),
            Err(error) => format!("(cannot be read: {error})"),
        }
    }

    fn silent(&self, why: String) -> StartError {
        StartError::Silent {
            what: self.what,
            why,
            said: self.said(),
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let asked = self
            .pid()
            .is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        let until = Instant::now() + UNTIL_DOWN;
        while asked && Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(LOOK);
        }
        self.kill();
    }
}

/// The status of one GET; 0 when what came is no HTTP.
async fn status(port: u16, path: &str) -> io::Result<u16> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = Vec::new();
    // "HTTP/1.1 200"
    (&mut stream).take(12).read_to_end(&mut line).await?;
    let code = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let code = std::str::from_utf8(code)
        .ok()
        .and_then(|code| code.parse().ok());
    Ok(code.unwrap_or(0))
}

/// A port of 127.0.0.1 that nobody listened at a moment ago.
pub(crate) fn free_port(what: &'static str) -> Result<u16, StartError> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
    bound
        .map(|address| address.port())
        .map_err(|source| StartError::Io { what, source })
}

/// `.tools` of the project, where `make setup` installs; `GREENROOM_TOOLS` names another.
pub(crate) fn tools() -> PathBuf {
    match std::env::var_os("GREENROOM_TOOLS") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools"),
    }
}
