//! Everything around Greenroom that the story needs, in one folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::say::Say;
use super::server::{Serve, Server, Talk};
use super::{Result, server};
use crate::fake_smtp::FakeSmtp;
use crate::fake_telegram::FakeTelegram;
use crate::sample_repo::SampleRepo;

/// The numeric id GitHub would have given the repository.
pub const REPOSITORY_ID: u64 = 795_217_310;

/// A repository with its origin, the far ends, and the server.
#[derive(Debug)]
pub struct World {
    greenroom: PathBuf,
    folder: PathBuf,
    /// The developers' work tree.
    pub repo: SampleRepo,
    far: Option<FarEnds>,
    server: Option<Server>,
    pub deliveries: u32,
}

/// Where messages arrive.
#[derive(Debug)]
pub struct FarEnds {
    pub telegram: FakeTelegram,
    pub smtp: FakeSmtp,
}

impl World {
    /// Makes `folder` anew: the sample repository with its past, its bare origin, the far ends.
    pub async fn prepare(greenroom: &Path, folder: &Path, say: &Say) -> Result<Self> {
        let greenroom = greenroom
            .canonicalize()
            .map_err(|error| format!("{}: {error}; build it first", greenroom.display()))?;
        stop_services(folder)?;
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let far = FarEnds {
            telegram: FakeTelegram::start().await,
            smtp: FakeSmtp::start().await,
        };
        let (home, smtp) = (folder.join("stages"), far.smtp.address().to_owned());
        let repo = SampleRepo::create_with(&folder.join("orders"), |stage_file| {
            stage_file
                .replace("/var/tmp/orders", &home.display().to_string())
                .replace("127.0.0.1:2525", &smtp)
                .replace("-1001234567890", FakeTelegram::CHAT)
        })?;
        let world = Self {
            greenroom,
            folder,
            repo,
            far: Some(far),
            server: None,
            deliveries: 0,
        };
        world.repo.origin(&world.origin())?;
        git(
            &world.origin(),
            &["symbolic-ref", "HEAD", "refs/heads/master"],
        )?;
        say.step("A sample app with a real git history stands ready:");
        say.line(&git(
            &world.origin(),
            &["log", "--all", "--oneline", "--decorate", "-n", "8"],
        )?);
        Ok(world)
    }

    /// A world that another process prepared and serves.
    pub fn reopen(folder: &Path) -> Result<Self> {
        let folder = folder
            .canonicalize()
            .map_err(|_| "nothing is prepared; `make run` does")?;
        let repo = SampleRepo::open(&folder.join("orders"));
        Ok(Self {
            greenroom: PathBuf::new(),
            folder,
            repo,
            far: None,
            server: None,
            deliveries: 0,
        })
    }

    /// Starts the server with this polling interval.
    pub async fn start(&mut self, poll: &str) -> Result<()> {
        let telegram = self.far()?.telegram.base().to_owned();
        let stage_file = self.folder.join("orders/greenroom.yaml");
        let server = Server::start(&Serve {
            greenroom: &self.greenroom,
            data: &self.data(),
            stage_file: &stage_file,
            git: &self.origin(),
            telegram: &telegram,
            token: FakeTelegram::TOKEN,
            sweep: "1s",
            poll,
            clock: None,
        })
        .await?;
        self.server = Some(server);
        Ok(())
    }

    /// `kill -9` of the server.
    pub async fn kill(&mut self) -> Result<()> {
        match self.server.take() {
            Some(server) => server.kill().await,
            None => Err("no server runs".into()),
        }
    }

    /// Stops the server politely.
    pub async fn stop(&mut self) -> Result<()> {
        match self.server.take() {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }

    /// How the server is spoken to.
    pub fn talk(&self) -> Result<Talk> {
        match &self.server {
            Some(server) => Ok(server.talk.clone()),
            None => {
                let base = std::fs::read_to_string(self.data().join("address"))
                    .map_err(|_| "nothing serves; `make run` does")?;
                Talk::new(base.trim().to_owned(), &self.data())
            }
        }
    }

    pub fn far(&self) -> Result<&FarEnds> {
        self.far
            .as_ref()
            .ok_or_else(|| "the far ends are another process's".into())
    }

    pub fn greenroom(&self) -> &Path {
        &self.greenroom
    }
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
    /// The bare repository that stands for GitHub's.
    pub fn origin(&self) -> PathBuf {
        self.folder.join("orders.git")
    }
    /// Where the services of the stages live.
    pub fn stages(&self) -> PathBuf {
        self.folder.join("stages")
    }
    pub fn log_path(&self) -> PathBuf {
        server::log_path(&self.data())
    }

    /// Everything the developers have goes to the origin.
    pub fn publish(&self) -> Result<()> {
        Ok(self.repo.publish(&self.origin())?)
    }

    /// Runs the real CLI; answers what it said and its exit code.
    pub async fn cli(&self, words: &[&str]) -> Result<(String, i32)> {
        let output = tokio::process::Command::new(&self.greenroom)
            .args(words)
            .arg("--data")
            .arg(self.data())
            .env("GREENROOM_USER", "olga")
            .env("NO_COLOR", "1")
            .output()
            .await?;
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok((
            text.trim_end().to_owned(),
            output.status.code().unwrap_or(-1),
        ))
    }

    /// Stops the server and every service; fails if something is left.
    pub async fn end(&mut self) -> Result<()> {
        let stopped = self.stop().await;
        stop_services(&self.folder)?;
        stopped
    }
}

/// Stops the services that a demo in `folder` has left, if there are any.
fn stop_services(folder: &Path) -> Result<()> {
    let script = folder.join("orders/stop.sh");
    if !script.exists() {
        return Ok(());
    }
    let home = folder.canonicalize()?.join("stages");
    let output = Command::new("sh")
        .arg(&script)
        .arg("--all")
        .env("ORDERS_HOME", home)
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!(
            "services are left: {}",
            String::from_utf8_lossy(&output.stderr)
        )
        .into())
    }
}

/// Runs git away from the machine's configuration.
pub fn git(folder: &Path, words: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .current_dir(folder)
        .args(words)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()?;
    if !output.status.success() {
        return Err(format!(
            "git {}: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr)
        )
        .into());
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}
