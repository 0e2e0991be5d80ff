//! Arguments of `greenroom serve`. Secrets are not among them; see [`crate::secret`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::place::repository;
use super::time::length;

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Folder for everything that is kept; made if it is not there
    #[arg(long, value_name = "DIR", default_value = ".greenroom")]
    pub data: PathBuf,
    /// Stage file to start an app with, until its default branch has one; one per app
    #[arg(short, long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Repository of the app, by order of -f [default: the work tree that holds the file]
    #[arg(long, value_name = "URL", requires = "files", value_parser = repository)]
    pub git: Vec<String>,
    /// How often branch heads are read, should a webhook be lost; `0` is never
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = every)]
    pub poll: Every,
    /// How often everything due is planned again
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = length)]
    pub sweep: Duration,
    /// Addresses that tests may reach; may be given several times [default: loopback]
    #[arg(long, value_name = "CIDR")]
    pub test_may_reach: Vec<IpNet>,
    /// Variable of this environment that steps get too; they get no other but PATH
    #[arg(long, value_name = "NAME")]
    pub step_env: Vec<String>,
    /// Address of the Telegram Bot API
    #[arg(long, value_name = "URL", default_value = "https://api.telegram.org")]
    pub telegram_url: url::Url,
    /// REHEARSALS ONLY: file that says how far the clock is moved, as `72h`; it is followed
    #[arg(long, value_name = "FILE")]
    pub rehearsal_clock: Option<PathBuf>,
    /// How the log on stderr is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// An interval, or never.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Every(pub Option<Duration>);

fn every(text: &str) -> Result<Every, String> {
    match text {
        "0" | "0s" | "never" => Ok(Every(None)),
        _ => length(text).map(|length| Every(Some(length))),
    }
}

/// How a log line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Every, every};

    #[test]
    fn never_is_an_interval_too() {
        assert_eq!(every("0"), Ok(Every(None)));
        assert_eq!(every("60s"), Ok(Every(Some(Duration::from_secs(60)))));
        assert!(every("60").is_err());
    }
}
