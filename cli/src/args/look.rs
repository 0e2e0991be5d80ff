//! Arguments of what only looks.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::time::length;
use super::{ServerArgs, StageArg};

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only this stage, `prod` or `orders:prod` where several apps have one, or those of a group, `@europe`
    #[arg(value_name = "STAGE")]
    pub stage: Option<String>,
    /// Only the stages of this app
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// Show it again whenever it changes; with --json one line for each
    #[arg(long)]
    pub watch: bool,
    /// Exit 3 when a stage is red, 8 when one is under way or could not be proven
    #[arg(long)]
    pub exit_code: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct WhyArgs {
    #[command(flatten)]
    pub stage: StageArg,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(flatten)]
    pub stage: StageArg,
    /// One run: how it went, its tests, and what its steps wrote
    #[arg(long, value_name = "N")]
    pub run: Option<u64>,
    /// At most this many lines of history, the newest
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct JourneyArgs {
    /// A commit, of which the first digits do, a branch or a tag
    #[arg(value_name = "RELEASE")]
    pub release: String,
    /// Only on the stages of this app
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// `qa`, or `orders:qa` where several apps have one
    #[arg(value_name = "STAGE")]
    pub from: String,
    /// The stage it is compared with
    #[arg(value_name = "OTHER")]
    pub to: String,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct GatesArgs {
    /// A commit, of which the first digits do, a branch or a tag
    #[arg(long, value_name = "RELEASE")]
    pub release: String,
    /// Only this stage: `prod`, or `orders:prod` where several apps have one
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// The app, where there are several
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Stage file whose channels are listed
    #[arg(short, long, value_name = "FILE", default_value = "greenroom.yaml")]
    pub file: PathBuf,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct WaitArgs {
    #[command(flatten)]
    pub stage: StageArg,
    /// Commit to wait for, with `--for revision`; at least its first four digits
    #[arg(value_name = "SHA", value_parser = sha)]
    pub revision: Option<String>,
    /// What to wait for
    #[arg(long = "for", value_name = "GOAL", default_value = "green")]
    pub goal: Goal,
    /// Give up after this
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = length)]
    pub timeout: Duration,
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What `wait` waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Goal {
    /// What stands there passed everything, and nothing is under way
    Green,
    /// Nothing is under way, however it ended
    Idle,
    /// This commit, or one that contains it, stands there and is green
    Revision,
}

/// A commit's digits, or their beginning.
pub fn sha(text: &str) -> Result<String, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits && (4..=64).contains(&text.len()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("a commit is at least four hexadecimal digits".to_owned())
    }
}
