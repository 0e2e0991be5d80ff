//! Arguments of what keeps a stage that expires, or ends it.

use clap::Args;

use super::ActArgs;
use super::time::{Until, until};

#[derive(Debug, Args)]
pub struct ExtendArgs {
    /// Until when: `14d`, or RFC 3339 [default: as long from now as it may be idle]
    #[arg(long, value_name = "WHEN", value_parser = until)]
    pub until: Option<Until>,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct ParkArgs {
    /// Why; everybody who asks what the stage waits for reads it
    #[arg(long)]
    pub reason: String,
    /// Until when: `14d`, or RFC 3339 [default: 30 days from now]
    #[arg(long, value_name = "WHEN", value_parser = until)]
    pub until: Option<Until>,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct PinArgs {
    /// Why it is to stay for good
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct DestroyArgs {
    /// Why; it is told with what comes of it
    #[arg(long)]
    pub reason: String,
    /// Do not ask whether it is meant
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub act: ActArgs,
}
