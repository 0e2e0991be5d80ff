//! Arguments of keeping a stage from telling anything.

use clap::Args;

use super::ActArgs;
use super::time::{Until, until};

#[derive(Debug, Args)]
pub struct MuteArgs {
    /// Until when, at most 7 days: `2h`, or RFC 3339
    #[arg(long, visible_alias = "for", value_name = "WHEN", value_parser = until)]
    pub until: Until,
    /// Why; everybody who asks how the stage is reads it
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub act: ActArgs,
}
