//! The server under measurement, as a child process.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::{Child, Command};

use super::Result;
use super::load::Connection;
use super::site::{SECRET, Site};

/// The longest we wait for anything.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running `greenroom serve`.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    token: String,
    /// From the start of the process to its first answer.
    pub listening_after: Duration,
}

impl Server {
    /// Starts it on `data`. `site` is given with `-f` if the app is not known yet.
    pub async fn start(greenroom: &Path, data: &Path, site: Option<&Site>) -> Result<Self> {
        std::fs::create_dir_all(data)?;
        let address = data.join("address");
        // A killed server leaves its address behind.
        drop(std::fs::remove_file(&address));
        let log = File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))?;
        let mut command = Command::new(greenroom);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--poll", "never"])
            .arg("--data")
            .arg(data)
            .env("GREENROOM_WEBHOOK_SECRET", SECRET)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        if let Some(site) = site {
            command.arg("-f").arg(site.stage_file());
            command.arg("--git").arg(site.origin());
        }
        let began = Instant::now();
        let mut child = command
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", greenroom.display()))?;
        let address = loop {
            if let Ok(text) = std::fs::read_to_string(&address)
                && let Some(found) = text.trim().strip_prefix("http://")
                && text.ends_with('\n')
            {
                break found.parse()?;
            }
            if let Some(status) = child.try_wait()? {
                return Err(format!("the server ended at once: {status}").into());
            }
            if began.elapsed() > PATIENCE {
                return Err("the server does not listen".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let mut connection = Connection::open(address).await?;
        let health = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        connection.exchange(health).await?;
        Ok(Self {
            child,
            address,
            listening_after: began.elapsed(),
            token: std::fs::read_to_string(data.join("token"))?
                .trim()
                .to_owned(),
        })
    }

    /// An authenticated GET of the API, as bytes.
    pub fn get(&self, path: &str) -> Vec<u8> {
        let token = &self.token;
        format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
        .into_bytes()
    }

    /// Asks the API once.
    pub async fn ask(&self, path: &str) -> Result<Value> {
        let mut connection = Connection::open(self.address).await?;
        let reply = connection.exchange(&self.get(path)).await?;
        if reply.status != 200 {
            let said = String::from_utf8_lossy(&reply.body).into_owned();
            return Err(format!("{path} answers {}: {said}", reply.status).into());
        }
        Ok(serde_json::from_slice(&reply.body)?)
    }

    /// Gives a command for a stage.
    pub async fn command(&self, stage: &str, command: &Value) -> Result<()> {
        let body = serde_json::json!({ "by": "olga", "command": command }).to_string();
        let request = format!(
            "POST /api/v1/stages/{stage}/commands HTTP/1.1\r\nHost: localhost\r\n\
             Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        let mut connection = Connection::open(self.address).await?;
        let reply = connection.exchange(request.as_bytes()).await?;
        match reply.status {
            200 => Ok(()),
            status => Err(format!("{status}: {}", String::from_utf8_lossy(&reply.body)).into()),
        }
    }

    /// What its store has counted: commits, and fsyncs.
    pub async fn counters(&self) -> Result<(u64, u64)> {
        let counters = self.ask("/counters").await?;
        let count = |name: &str| counters["store"][name].as_u64().unwrap_or(0);
        Ok((count("commits"), count("fsyncs")))
    }

    /// Waits until no delivery is undecided and no run is under way.
    pub async fn settled(&self) -> Result<()> {
        let began = Instant::now();
        loop {
            let backlog = self.ask("/backlog").await?;
            let kinds = backlog.as_array().map_or(&[][..], Vec::as_slice);
            // A stage keeps a marker for whatever it waits for; that is not work.
            if kinds
                .iter()
                .all(|kind| kind["kind"] == "stage" && kind["overdue"] == 0)
            {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("the server does not come to rest: {backlog}").into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until `stages` stages have had a run and none is under way.
    pub async fn deployed(&self, stages: usize) -> Result<()> {
        let began = Instant::now();
        loop {
            let board = self.ask("/board").await?;
            let cards = board["apps"][0]["stages"].as_array();
            let idle = cards.map_or(0, |cards| {
                let idle = cards
                    .iter()
                    .filter(|card| card["run"].is_null() && !card["last"].is_null());
                idle.count()
            });
            if idle >= stages {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("only {idle} of {stages} stages have had a run").into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> Result<u64> {
        let pid = self.child.id().ok_or("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .ok_or("the system does not tell a process's memory")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024)
    }

    /// `kill -9`.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// SIGTERM, and waits for its end.
    pub async fn stop(mut self) -> Result<()> {
        let pid = self.child.id().ok_or("the server has ended")?;
        Command::new("kill").arg(pid.to_string()).status().await?;
        tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .map_err(|_| "the server does not stop")??;
        Ok(())
    }
}
