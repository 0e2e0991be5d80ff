//! Arguments of asking who is on duty.

use clap::Args;

use super::ServerArgs;

#[derive(Debug, Args)]
pub struct DutyArgs {
    /// Only the rotas of this app
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}
