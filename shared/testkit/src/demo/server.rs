//! The real `greenroom serve`, as a child process.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};

use super::Result;

/// The webhook's secret, as GitHub and Greenroom share it.
pub const WEBHOOK_SECRET: &str = "It's a Secret to Everybody";

/// How long anything may take before the story is over.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running server and how it is spoken to.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub talk: Talk,
}

/// How a server is spoken to.
#[derive(Clone, Debug)]
pub struct Talk {
    base: String,
    token: String,
    client: reqwest::Client,
}

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Serve<'a> {
    /// The binary.
    pub greenroom: &'a Path,
    pub data: &'a Path,
    pub stage_file: &'a Path,
    /// The app's origin.
    pub git: &'a Path,
    /// Address of the Bot API.
    pub telegram: &'a str,
    /// The bot's token.
    pub token: &'a str,
    pub sweep: &'a str,
    pub poll: &'a str,
    /// A rehearsal's clock.
    pub clock: Option<&'a Path>,
}

impl Server {
    /// Starts `greenroom serve` and waits until it accepts work.
    pub async fn start(serve: &Serve<'_>) -> Result<Self> {
        let Serve {
            greenroom, data, ..
        } = *serve;
        let address = data.join("address");
        // A killed server leaves its address behind.
        drop(std::fs::remove_file(&address));
        let log = File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))?;
        let mut child = serve
            .command()
            .env("PATH", toolchain_first()?)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", greenroom.display()))?;
        let started = until(
            "the server listens",
            async || match std::fs::read_to_string(&address) {
                Ok(text) if text.ends_with('\n') => Ok(Some(text.trim().to_owned())),
                _ => Ok(None),
            },
        );
        let base = tokio::select! {
            base = started => base?,
            ended = child.wait() => return Err(format!("the server ended at once: {}", ended?).into()),
        };
        let talk = Talk::new(base, data)?;
        until("the server is healthy", async || {
            Ok(talk.get_text("/healthz").await.ok())
        })
        .await?;
        Ok(Self { child, talk })
    }

    /// What it answers without a token: whether it is well.
    pub async fn health(&self) -> Result<String> {
        self.talk.get_text("/healthz").await
    }

    /// `kill -9`.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    /// SIGTERM, and waits for its end.
    pub async fn stop(mut self) -> Result<()> {
        let Some(pid) = self.child.id() else {
            return Ok(());
        };
        let ended = Command::new("kill")
            .arg("-TERM")
            .arg(pid.to_string())
            .status()
            .await?;
        if !ended.success() {
            return Err("the server could not be told to stop".into());
        }
        let status = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .map_err(|_| "the server does not stop")??;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the server ended with {status}").into())
        }
    }
}

impl Serve<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(self.greenroom);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--sweep", self.sweep, "--poll", self.poll])
            .args(["--telegram-url", self.telegram])
            .arg("--data")
            .arg(self.data)
            .arg("-f")
            .arg(self.stage_file)
            .arg("--git")
            .arg(self.git)
            .env("GREENROOM_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("GREENROOM_SECRET_TELEGRAM", self.token);
        if let Some(clock) = self.clock {
            command.arg("--rehearsal-clock").arg(clock);
        }
        command
    }
}

impl Talk {
    pub fn new(base: String, data: &Path) -> Result<Self> {
        static PROVIDER: std::sync::Once = std::sync::Once::new();
        // Refused if there is one already, which is as good.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let token = std::fs::read_to_string(data.join("token"))?
            .trim()
            .to_owned();
        let client = reqwest::Client::builder()
            .tls_certs_only([])
            .timeout(Duration::from_secs(20))
            .build()?;
        Ok(Self {
            base,
            token,
            client,
        })
    }

    /// Where the server is.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub async fn get_text(&self, path: &str) -> Result<String> {
        let response = self
            .client
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .send()
            .await?;
        Ok(response.error_for_status()?.text().await?)
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(
            &self.get_text(&format!("/api/v1{path}")).await?,
        )?)
    }

    /// Any other service's page, as JSON.
    pub async fn fetch(&self, url: &str) -> Result<Value> {
        Ok(serde_json::from_str(
            &self.client.get(url).send().await?.text().await?,
        )?)
    }

    pub async fn post_json(&self, url: &str, body: &Value) -> Result<Value> {
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_string());
        Ok(serde_json::from_str(&request.send().await?.text().await?)?)
    }

    /// Posts a webhook; answers status and body.
    pub async fn webhook(
        &self,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Result<(u16, Value)> {
        let mut request = self
            .client
            .post(format!("{}/webhooks/github", self.base))
            .body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, serde_json::from_str(&response.text().await?)?))
    }
}

/// Steps have a home folder of their own, where a toolchain manager would find nothing; so the
/// compiler itself comes first in the path.
fn toolchain_first() -> Result<String> {
    let output = std::process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()?;
    let sysroot = String::from_utf8(output.stdout)?;
    Ok(format!(
        "{}/bin:{}",
        sysroot.trim(),
        std::env::var("PATH").unwrap_or_default()
    ))
}

/// Asks again and again until there is an answer; the condition itself is what is waited for.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if tokio::time::Instant::now() > patience {
            return Err(format!("waited {} s in vain until {what}", PATIENCE.as_secs()).into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Where the server's log goes.
pub fn log_path(data: &Path) -> PathBuf {
    data.with_extension("log")
}
