//! Arguments of what people say of releases, and of selecting them.

use clap::Args;

use super::{ActArgs, PersonArgs, ServerArgs};

/// A release, as people name it.
#[derive(Clone, Debug, Args)]
pub struct OfRelease {
    /// A branch, a tag, or a commit, of which the first digits do
    #[arg(long, value_name = "RELEASE")]
    pub release: String,
}

#[derive(Debug, Args)]
pub struct MarkArgs {
    /// One of the stage file's marks, or `bad`
    #[arg(value_name = "MARK")]
    pub mark: String,
    #[command(flatten)]
    pub of: OfRelease,
    /// What others should know
    #[arg(long, visible_alias = "reason", value_name = "TEXT")]
    pub note: Option<String>,
    /// App whose release it is [default: the only one]
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    #[command(flatten)]
    pub person: PersonArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct UnmarkArgs {
    /// The mark to take back
    #[arg(value_name = "MARK")]
    pub mark: String,
    #[command(flatten)]
    pub of: OfRelease,
    /// App whose release it is [default: the only one]
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    #[command(flatten)]
    pub person: PersonArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct DeployArgs {
    #[command(flatten)]
    pub of: OfRelease,
    #[command(flatten)]
    pub act: ActArgs,
}

#[derive(Debug, Args)]
pub struct ReleasesArgs {
    /// Only this branch
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// App whose releases they are [default: the only one]
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}
