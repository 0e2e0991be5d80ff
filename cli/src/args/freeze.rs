//! Arguments of what keeps stages closed: windows, and a pause of everything.

use clap::Args;

use super::time::{Until, until};
use super::{PersonArgs, ServerArgs};

#[derive(Debug, Args)]
pub struct FreezeArgs {
    /// Only this stage: `prod`, or `orders:prod` where several apps have one
    #[arg(value_name = "STAGE")]
    pub stage: Option<String>,
    /// Only the stages of this app
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Why; everybody who asks what a stage waits for reads it
    #[arg(long)]
    pub reason: String,
    /// Until when: `2h`, or RFC 3339 [default: until somebody resumes]
    #[arg(long, value_name = "WHEN", value_parser = until)]
    pub until: Option<Until>,
    #[command(flatten)]
    pub which: WhichArgs,
}

#[derive(Debug, Args)]
pub struct ResumeArgs {
    #[command(flatten)]
    pub which: WhichArgs,
}

/// Of which app, and who asks.
#[derive(Debug, Args)]
pub struct WhichArgs {
    /// The app [default: the only one]
    #[arg(long, value_name = "APP", conflicts_with = "all")]
    pub app: Option<String>,
    /// Every app there is
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub person: PersonArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}
