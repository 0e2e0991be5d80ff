//! Arguments of what works without a server.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Stage file; `-` reads stdin; may be given several times
    #[arg(
        short,
        long = "file",
        value_name = "FILE",
        default_value = "greenroom.yaml"
    )]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// Branch or tag, best in full: `refs/heads/feature/x`
    #[arg(long = "ref", value_name = "REF")]
    pub reference: String,
    /// Login of who pushed, or opened the pull request
    #[arg(long)]
    pub actor: Option<String>,
    /// What happened [default: what the other options speak of, else push]
    #[arg(long, value_name = "EVENT")]
    pub event: Option<EventKind>,
    /// Branch the pull request wants to go to
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// Number of the pull request
    #[arg(long, value_name = "NUMBER")]
    pub pr: Option<u64>,
    /// Label of the pull request; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    pub labels: Vec<String>,
    /// The pull request comes from a fork
    #[arg(long)]
    pub fork: bool,
    /// Rule whose schedule is due
    #[arg(long)]
    pub rule: Option<String>,
    /// The branch or tag was deleted
    #[arg(long)]
    pub deleted: bool,
    /// Stage file; `-` reads stdin
    #[arg(short, long, value_name = "FILE", default_value = "greenroom.yaml")]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Stage file; `-` reads stdin
    #[arg(
        short,
        long,
        alias = "config",
        value_name = "FILE",
        default_value = "greenroom.yaml"
    )]
    pub file: PathBuf,
    /// Days of work
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub days: u32,
    /// How often to begin anew, each time with other accidents
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub runs: u64,
    /// Everything that happens follows from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct SynthArgs {
    /// Stage file; `-` reads stdin
    #[arg(short, long, value_name = "FILE", default_value = "greenroom.yaml")]
    pub file: PathBuf,
    /// A branch that always exists; source actions have to name one
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    pub branch: String,
    /// What the names of secrets begin with in Secrets Manager
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub secret_prefix: String,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum EventKind {
    Push,
    Tag,
    #[value(name = "pull_request", alias = "pull-request")]
    PullRequest,
    Schedule,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// What to write
    #[arg(long, default_value = "starter")]
    pub template: Template,
    /// Where to write it [default: greenroom.yaml at the top of the repository]
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
}

/// A way of working that a stage file is written for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Template {
    /// With a comment for every part: feature/** to one's own stage, develop to dev, release/** to
    /// qa, the main branch to preprod, and on to prod
    Starter,
    /// examples/gitflow: develop, release/** and the main branch each to a stage
    Gitflow,
    /// examples/cmamp: preprod refreshed on a schedule, prod after a day of proof and two approvals
    Cmamp,
    /// examples/maas: pull requests, test from the main branch, alpha, prod from an accepted tag
    Maas,
    /// examples/path-to-production: one image a branch, selected for dev, marked, moved on unchanged
    PathToProduction,
    /// examples/lambda-forge: dev unchecked, staging by its gates, prod through staging once more
    LambdaForge,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    pub shell: Shell,
}
