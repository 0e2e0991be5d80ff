//! Everything around Greenroom that a scenario needs, in one folder.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::act::Act;
use super::script::{Line, Script};
use super::seen::Seen;
use super::site::Sites;
use crate::demo::Result;
use crate::demo::server::{Serve, Server, Talk, until};
use crate::fake_smtp::FakeSmtp;
use crate::fake_telegram::FakeTelegram;
use crate::sample_repo::{Edit, OLGA, SampleRepo};

/// What of an example's folder is not in its repository.
const APART: [&str; 3] = ["scenario.txt", "transcript.txt", CHANGES];
/// In it, a folder for each commit that changes something of its own: named by the commit's subject.
pub const CHANGES: &str = "changes";

/// A repository with its origin, the far ends, the server and its clock.
#[derive(Debug)]
pub struct World {
    greenroom: PathBuf,
    folder: PathBuf,
    example: PathBuf,
    pub sites: Sites,
    pub telegram: FakeTelegram,
    pub smtp: FakeSmtp,
    stage: Option<Stage>,
    pub deliveries: u32,
    pub pulls: Vec<String>,
    pub webhooks_arrive: bool,
    /// Commits made so far; each brings a file of its own.
    pub commits: u32,
    pub seen: Seen,
}

/// What is there once the scenario has begun.
#[derive(Debug)]
struct Stage {
    repo: SampleRepo,
    default_branch: String,
    app: String,
    server: Server,
    moved: SignedDuration,
}

/// `Say goodbye` is `say-goodbye`.
pub fn slug(subject: &str) -> String {
    let lower = subject.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

impl World {
    /// Makes `folder` anew. Nothing is served yet.
    pub async fn prepare(greenroom: &Path, example: &Path, folder: &Path) -> Result<Self> {
        let greenroom = greenroom
            .canonicalize()
            .map_err(|error| format!("{}: {error}; build it first", greenroom.display()))?;
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder.join("sites"))?;
        let folder = folder.canonicalize()?;
        Ok(Self {
            greenroom,
            example: example.to_owned(),
            sites: Sites::serve(&folder.join("sites")).await?,
            folder,
            telegram: FakeTelegram::start().await,
            smtp: FakeSmtp::start().await,
            stage: None,
            deliveries: 0,
            pulls: Vec::new(),
            webhooks_arrive: true,
            commits: 0,
            seen: Seen::default(),
        })
    }

    /// Does everything the script says; answers what came of it.
    pub async fn play(&mut self, script: &Script) -> Result<String> {
        let mut told = String::new();
        for line in &script.lines {
            match line {
                Line::Text(text) => told += &format!("{text}\n"),
                Line::Act { sentence, act } => {
                    told += &format!("{sentence}\n");
                    let lines = self.perform(act).await;
                    let lines = lines.map_err(|error| format!("{sentence}\n  {error}\n{told}"))?;
                    for line in lines {
                        told += format!("    {line}").trim_end();
                        told.push('\n');
                    }
                }
            }
        }
        Ok(told)
    }

    /// Makes the repository and starts the server, on the day and time given.
    pub async fn begin(&mut self, at: Timestamp, branches: &[String]) -> Result<()> {
        let Some((default_branch, others)) = branches.split_first() else {
            return Err("there is no branch".into());
        };
        let files = self.files(&self.example)?;
        let folder = self.folder.join("work");
        // A minute past: whenever somebody looks, what came of a full hour is a whole number of hours ago
        // and a bit, and never a bit less.
        let at = at.saturating_add(SignedDuration::from_mins(1))?;
        let moved = at.duration_since(Timestamp::now());
        let repo = SampleRepo::of_files(&folder, default_branch, &OLGA, "Begin", &files, moved)?;
        for branch in others {
            repo.branch(branch, default_branch)?;
        }
        repo.origin(&self.origin())?;
        let stage_file = std::fs::read_to_string(folder.join("greenroom.yaml"))?;
        self.keep_secrets(&stage_file)?;
        self.write_clock(moved)?;
        let server = Server::start(&Serve {
            greenroom: &self.greenroom,
            data: &self.data(),
            stage_file: &folder.join("greenroom.yaml"),
            git: &self.origin(),
            telegram: self.telegram.base(),
            token: FakeTelegram::TOKEN,
            sweep: "20ms",
            // Only when the clock is moved, so that nothing is found before it is told.
            poll: "never",
            clock: Some(&self.clock()),
        })
        .await?;
        let app = stage_file
            .lines()
            .find_map(|line| line.strip_prefix("app: "));
        self.stage = Some(Stage {
            repo,
            default_branch: default_branch.clone(),
            app: app.unwrap_or_default().trim().to_owned(),
            server,
            moved,
        });
        self.followed().await
    }

    /// A value for each secret that the stage file names, where the server looks for it. The bot's
    /// token is the server's environment.
    fn keep_secrets(&self, stage_file: &str) -> Result<()> {
        for part in stage_file.split("${secret:").skip(1) {
            let name = part.split('}').next().unwrap_or_default();
            if name == "telegram" {
                continue;
            }
            let file = self.data().join("secrets").join(name);
            std::fs::create_dir_all(file.parent().ok_or("a secret is in a folder")?)?;
            std::fs::write(&file, format!("the secret {name}"))?;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }

    /// What the commit with this subject changes by itself, if the example says so.
    pub fn changes(&self, subject: &str) -> Result<Vec<Edit>> {
        let folder = self.example.join(CHANGES).join(slug(subject));
        if folder.is_dir() {
            self.files(&folder)
        } else {
            Ok(Vec::new())
        }
    }

    /// The files of a folder, with the addresses of this machine.
    fn files(&self, root: &Path) -> Result<Vec<Edit>> {
        let mut edits = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                let name = path.strip_prefix(root)?.display().to_string();
                if APART.contains(&name.as_str()) {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let mut text = std::fs::read_to_string(&path)?;
                    if name == "greenroom.yaml" {
                        text = self.here(&text);
                    }
                    edits.push(Edit::write(&name, &text));
                }
            }
        }
        Ok(edits)
    }

    /// A stage file's text for this machine: where sites are kept and served, and who takes
    /// messages. Examples say `SITES: /var/tmp/...` and `ADDRESS: "http://127.0.0.1:8100"`.
    fn here(&self, text: &str) -> String {
        let sites = self.folder.join("sites").display().to_string();
        let mut lines = Vec::new();
        for line in text.lines() {
            let mut line = line.to_owned();
            if let Some((before, rest)) = line.split_once("SITES: /var/tmp/") {
                let end = rest.find([',', ' ', '}']).unwrap_or(rest.len());
                line = format!("{before}SITES: {sites}{}", &rest[end..]);
            }
            lines.push(line);
        }
        lines
            .join("\n")
            .replace("http://127.0.0.1:8100", &self.sites.address)
            .replace("127.0.0.1:2525", self.smtp.address())
            .replace("-1001234567890", FakeTelegram::CHAT)
            + "\n"
    }

    /// Moves the clock on, and waits until the server has followed: its branches are polled.
    pub async fn move_clock(&mut self, by: SignedDuration) -> Result<()> {
        let stage = self.stage.as_mut().ok_or("it has not begun")?;
        stage.moved = stage.moved.saturating_add(by);
        let moved = stage.moved;
        stage.repo.set_ahead(moved);
        self.write_clock(moved)?;
        self.followed().await
    }

    fn write_clock(&self, moved: SignedDuration) -> Result<()> {
        let new = self.folder.join("clock.new");
        std::fs::write(&new, format!("{moved}\n"))?;
        // At once: the server must not read half of it.
        Ok(std::fs::rename(new, self.clock())?)
    }

    async fn followed(&self) -> Result<()> {
        let stage = self.stage.as_ref().ok_or("it has not begun")?;
        // The server counts milliseconds.
        let millis = i64::try_from(stage.moved.as_millis())?;
        let said = format!("moved by {:#}\n", SignedDuration::from_millis(millis));
        until("the server has followed the clock", async || {
            let health = stage.server.health().await?;
            Ok(health.ends_with(&said).then_some(()))
        })
        .await
    }

    pub fn repo(&self) -> Result<&SampleRepo> {
        Ok(&self.stage.as_ref().ok_or("it has not begun")?.repo)
    }
    pub fn talk(&self) -> Result<&Talk> {
        Ok(&self.stage.as_ref().ok_or("it has not begun")?.server.talk)
    }
    /// Name of the app and its default branch.
    pub fn app(&self) -> Result<(&str, &str)> {
        let stage = self.stage.as_ref().ok_or("it has not begun")?;
        Ok((&stage.app, &stage.default_branch))
    }
    pub fn greenroom(&self) -> &Path {
        &self.greenroom
    }
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
    pub fn origin(&self) -> PathBuf {
        self.folder.join("origin.git")
    }
    fn clock(&self) -> PathBuf {
        self.folder.join("clock")
    }
    pub fn log_path(&self) -> PathBuf {
        crate::demo::server::log_path(&self.data())
    }

    /// Stops the server.
    pub async fn end(&mut self) -> Result<()> {
        match self.stage.take() {
            Some(stage) => stage.server.stop().await,
            None => Ok(()),
        }
    }

    async fn perform(&mut self, act: &Act) -> Result<Vec<String>> {
        let said = super::perform::perform(self, act).await?;
        super::look::after(self, act, said).await
    }
}
