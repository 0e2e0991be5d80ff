//! One command, in a process group of its own.
//!
//! The command waits behind a gate until its process is on record, and does nothing if the
//! server dies before. So there is never a process of ours that a later server knows nothing of.
//!
//! When the command ends well, what it left in the background is left alone: that may be the
//! deployed service. In every other case its whole group goes.

use std::io::PipeReader;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout_at};

use super::environment::Environment;
use super::log::LogWriter;
use super::stop::{Cause, Stop};
use crate::process::{Group, ProcessIdentity};

/// Waits for a line, then becomes the shell that runs the command, which is `$0` here.
pub(super) const GATE: &str = r#"read -r GREENROOM_GO && exec /bin/sh -c -- "$0" </dev/null"#;

/// How long output is waited for after the command has ended. Its own is in the pipe already;
/// this is for the last words of what it started.
const DRAIN: Duration = Duration::from_millis(200);

/// How a command ended.
#[derive(Debug)]
pub(super) enum End {
    Exited(ExitStatus),
    TimedOut,
    Stopped(Cause),
}

/// What to run.
pub(super) struct Run<'a> {
    pub command: &'a str,
    pub folder: &'a Path,
    pub environment: &'a Environment,
    pub timeout: Duration,
    pub grace: Duration,
}

/// Runs the command to its end, whichever that is. `record` makes the leader of its process
/// group known; the command begins only if that succeeds.
///
/// # Errors
/// The process could not be started or recorded; nothing of the command ran.
pub(super) async fn run(
    run: Run<'_>,
    log: &mut LogWriter,
    stop: &mut Stop,
    record: impl FnOnce(ProcessIdentity) -> std::io::Result<()> + Send,
) -> std::io::Result<End> {
    let (mut child, output) = spawn(&run)?;
    let pid = child.id().map_or(0, u32::cast_signed);
    let group = Group::new(pid);
    let mut output = Output::new(output)?;
    let leader = ProcessIdentity::of(pid).unwrap_or(ProcessIdentity {
        boot: String::new(),
        pid,
        started: 0,
    });
    record(leader)?;
    if let Some(mut gate) = child.stdin.take() {
        gate.write_all(b"go\n").await?;
    }
    let end = until_end(&mut child, &mut output, log, stop, run.timeout).await?;
    match &end {
        End::Exited(status) if status.success() => group.leave(),
        End::Exited(_) => finish_group(group, run.grace, &mut child, &mut output, log).await,
        End::TimedOut => {
            log.say(&format!("it took more than {:?} and is ended", run.timeout));
            finish_group(group, run.grace, &mut child, &mut output, log).await;
        }
        End::Stopped(cause) => {
            log.say(&format!("it is ended: {}", cause.reason()));
            finish_group(group, run.grace, &mut child, &mut output, log).await;
        }
    }
    if !output.drain(log).await {
        log.say(
            "something this step left running still holds its output; what it writes from now \
             on is lost and may fail, so let it write to a file",
        );
    }
    Ok(end)
}

fn spawn(run: &Run<'_>) -> std::io::Result<(Child, PipeReader)> {
    let (reader, writer) = std::io::pipe()?;
    let child = Command::new("/bin/sh")
        .arg("-c")
        .arg(GATE)
        .arg(run.command)
        .env_clear()
        .envs(run.environment)
        .current_dir(run.folder)
        .stdin(Stdio::piped())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .spawn()?;
    Ok((child, reader))
}

async fn until_end(
    child: &mut Child,
    output: &mut Output,
    log: &mut LogWriter,
    stop: &mut Stop,
    limit: Duration,
) -> std::io::Result<End> {
    let deadline = tokio::time::sleep(limit);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = output.read_into(log) => {}
            status = child.wait() => return Ok(End::Exited(status?)),
            () = &mut deadline => return Ok(End::TimedOut),
            cause = stop.told() => return Ok(End::Stopped(cause)),
        }
    }
}

/// Ends the group while its output is still read and its leader reaped, so that neither a full
/// pipe nor a zombie stands in the way.
async fn finish_group(
    group: Group,
    grace: Duration,
    child: &mut Child,
    output: &mut Output,
    log: &mut LogWriter,
) {
    let ending = group.end(grace);
    tokio::pin!(ending);
    let mut reaped = false;
    loop {
        tokio::select! {
            () = &mut ending => return,
            () = output.read_into(log) => {}
            _ = child.wait(), if !reaped => reaped = true,
        }
    }
}

/// What the command and those it started write, both streams in the order they wrote.
struct Output {
    /// `None` when all of them have closed it.
    pipe: Option<Receiver>,
    buffer: Vec<u8>,
}

impl Output {
    fn new(reader: PipeReader) -> std::io::Result<Self> {
        Ok(Self {
            pipe: Some(Receiver::from_owned_fd(OwnedFd::from(reader))?),
            buffer: vec![0; 32 * 1024],
        })
    }

    /// Takes the next piece; never ends once there is no more.
    async fn read_into(&mut self, log: &mut LogWriter) {
        let Some(pipe) = &mut self.pipe else {
            return std::future::pending().await;
        };
        match pipe.read(&mut self.buffer).await {
            Ok(0) | Err(_) => self.pipe = None,
            Ok(n) => log.write(&self.buffer[..n]),
        }
    }

    /// Takes what is still to come, for a short while. False when somebody holds on to it.
    async fn drain(&mut self, log: &mut LogWriter) -> bool {
        let deadline = Instant::now() + DRAIN;
        while self.pipe.is_some() {
            if timeout_at(deadline, self.read_into(log)).await.is_err() {
                return false;
            }
        }
        true
    }
}
