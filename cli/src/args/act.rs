//! Arguments of what changes something.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::look::sha;
use super::time::{Until, length, until};
use super::{PersonArgs, ServerArgs, StagesArg};
use super::{place, topics};

/// A command that needs nothing but its stage.
#[derive(Debug, Args)]
pub struct ActArgs {
    #[command(flatten)]
    pub stage: StagesArg,
    #[command(flatten)]
    pub person: PersonArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// Only if this is still what waits
    #[arg(long, value_name = "SHA", value_parser = sha)]
    pub revision: Option<String>,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct RejectArgs {
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Only if this is still what waits
    #[arg(long, value_name = "SHA", value_parser = sha)]
    pub revision: Option<String>,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// Why
    #[arg(long)]
    pub reason: String,
    /// To this commit, which must have been green here [default: the newest that was]
    #[arg(long, value_name = "SHA", value_parser = sha)]
    pub to: Option<String>,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct AbortArgs {
    /// Why
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct LockArgs {
    /// Why; everybody who asks what the stage waits for reads it
    #[arg(long)]
    pub reason: String,
    /// Until when: `2h`, or RFC 3339 [default: until somebody unlocks it]
    #[arg(long, value_name = "WHEN", value_parser = until)]
    pub until: Option<Until>,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct OverrideArgs {
    /// Why; it is told with whatever comes of it
    #[arg(long)]
    pub reason: String,
    /// Only if this is still what waits
    #[arg(long, value_name = "SHA", value_parser = sha)]
    pub revision: Option<String>,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct AckArgs {
    /// What others should know
    #[arg(long)]
    pub note: Option<String>,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct AppArgs {
    #[command(subcommand)]
    pub command: AppCommand,
}

#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// Take a repository under control
    #[command(after_help = topics::APP_ADD)]
    Add(AppAddArgs),
    /// List what is under control, and which stage file is in force
    #[command(after_help = topics::APP_LIST)]
    List(AppListArgs),
}

#[derive(Debug, Args)]
pub struct AppAddArgs {
    /// The repository, as GitHub names it
    #[arg(value_name = "OWNER/REPO", value_parser = repository)]
    pub name: String,
    /// Address or path that git reads it from [default: https://github.com/OWNER/REPO.git; on AWS
    /// GitHub's API reads it and there is none]
    #[arg(long, value_name = "URL", value_parser = place::repository)]
    pub git: Option<String>,
    /// GitHub's numeric id of the repository, if you know it
    #[arg(long, value_name = "N")]
    pub id: Option<u64>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct AppListArgs {
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct NotifyArgs {
    /// Channel of the stage file
    #[arg(long = "test", value_name = "CHANNEL", required = true)]
    pub channel: String,
    /// App whose channel it is [default: the only one]
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// How long to wait for the outcome
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = length)]
    pub timeout: Duration,
    #[command(flatten)]
    pub server: ServerArgs,
}

fn repository(text: &str) -> Result<String, String> {
    let halves = text.split_once('/').filter(|(owner, name)| {
        !owner.is_empty() && !name.is_empty() && !name.contains('/') && !owner.contains(':')
    });
    match halves {
        Some(_) => Ok(text.to_owned()),
        None => Err(
            "a repository is called `owner/name`; an address or a path goes with --git".to_owned(),
        ),
    }
}
