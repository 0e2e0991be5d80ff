//! What can be typed. Texts of help are here and nowhere else.

mod act;
mod apply;
mod duty;
mod freeze;
mod life;
mod look;
mod mark;
mod mute;
mod offline;
mod place;
mod serve;
mod time;
mod topics;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use act::{
    AbortArgs, AckArgs, ActArgs, AppAddArgs, AppArgs, AppCommand, ApproveArgs, LockArgs,
    NotifyArgs, OverrideArgs, RejectArgs, RollbackArgs,
};
pub use apply::ApplyArgs;
pub use duty::DutyArgs;
pub use freeze::{FreezeArgs, PauseArgs, ResumeArgs, WhichArgs};
pub use life::{DestroyArgs, ExtendArgs, ParkArgs, PinArgs};
pub use look::{
    DiffArgs, DoctorArgs, GatesArgs, Goal, JourneyArgs, LogArgs, StatusArgs, WaitArgs, WhyArgs,
};
pub use mark::{DeployArgs, MarkArgs, ReleasesArgs, UnmarkArgs};
pub use mute::MuteArgs;
pub use offline::{
    CompletionsArgs, EventKind, InitArgs, ResolveArgs, SimulateArgs, SynthArgs, Template,
    ValidateArgs,
};
pub use serve::{LogFormat, ServeArgs};
pub use time::Until;
pub use topics::{ENVIRONMENT, EXIT_CODES};

use crate::environment;

/// Nothing goes on stage until it is green.
#[derive(Debug, Parser)]
#[command(
    name = "greenroom",
    version,
    after_help = topics::ROOT,
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Global {
    /// Write JSON to stdout (so does GREENROOM_FORMAT=json)
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

impl Global {
    pub fn wants_json(&self) -> bool {
        self.json || environment::set(environment::FORMAT).is_some_and(|value| value == "json")
    }
}

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// Where the running `greenroom serve` is.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerArgs {
    /// Data folder of the server on this machine; holds its address and token
    #[arg(long, value_name = "DIR", default_value = ".greenroom")]
    pub data: PathBuf,
    /// Address of a server elsewhere; its token comes from GREENROOM_TOKEN
    #[arg(long, value_name = "URL", env = environment::URL, hide_env_values = true)]
    pub url: Option<String>,
}

/// Who gives a command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct PersonArgs {
    /// Who it is recorded as [default: GREENROOM_USER, else the user of this machine]
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// A stage, as people type it.
#[derive(Clone, Debug, Args)]
pub struct StageArg {
    /// `prod`, or `orders:prod` where several apps have one
    #[arg(value_name = "STAGE")]
    pub stage: String,
}

/// A stage or a group, as people type it.
#[derive(Clone, Debug, Args)]
pub struct StagesArg {
    /// `prod`, `orders:prod` where several apps have one, or each stage of a group: `@europe`
    #[arg(value_name = "STAGE")]
    pub stage: String,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the control plane on this machine
    #[command(after_help = topics::SERVE)]
    Serve(Box<ServeArgs>),
    /// Write a stage file for the repository you are in
    #[command(after_help = topics::INIT)]
    Init(InitArgs),
    /// Check what is set up, and say how to fix what is not
    #[command(after_help = topics::DOCTOR)]
    Doctor(DoctorArgs),
    /// Find every problem of a stage file at once
    #[command(after_help = topics::VALIDATE)]
    Validate(ValidateArgs),
    /// Print the JSON Schema of stage files
    #[command(after_help = topics::SCHEMA)]
    Schema,
    /// Say which stage a change would go to, and why
    #[command(after_help = topics::RESOLVE)]
    Resolve(ResolveArgs),
    /// Rehearse weeks of work with a stage file, and say what would have happened
    #[command(after_help = topics::SIMULATE)]
    Simulate(SimulateArgs),
    /// Render the pipelines of a stage file for AWS
    #[command(after_help = topics::SYNTH)]
    Synth(SynthArgs),
    /// Deploy the pipelines of the stage file in force to AWS, after a look at what changes
    #[command(after_help = topics::APPLY)]
    Apply(Box<ApplyArgs>),
    /// Take repositories under control, and list them
    #[command(after_help = topics::APP)]
    App(AppArgs),
    /// Show the board: what is where, is it good, what does it wait for
    #[command(after_help = topics::STATUS)]
    Status(StatusArgs),
    /// Say why a stage does not move, and who or what can change that
    #[command(after_help = topics::WHY)]
    Why(WhyArgs),
    /// Show what happened to a stage, or the logs of one run
    #[command(after_help = topics::LOG)]
    Log(LogArgs),
    /// Say where a commit is: there since when, on its way, kept out, or not
    #[command(after_help = topics::JOURNEY)]
    Journey(JourneyArgs),
    /// Say what one stage has that another has not: commits, artifact, variables
    #[command(after_help = topics::DIFF)]
    Diff(DiffArgs),
    /// Show every gate between a release and the stages, and why it is closed
    #[command(after_help = topics::GATES)]
    Gates(GatesArgs),
    /// Wait until a stage is green, idle, or has a revision
    #[command(after_help = topics::WAIT)]
    Wait(WaitArgs),
    /// Move the verified release of the stage before to this one
    #[command(after_help = topics::PROMOTE)]
    Promote(ActArgs),
    /// Say yes to what waits for a stage
    #[command(after_help = topics::APPROVE)]
    Approve(ApproveArgs),
    /// Take back a yes, and drop the others
    #[command(after_help = topics::REJECT)]
    Reject(RejectArgs),
    /// Put back what was green before, and hold automation
    #[command(after_help = topics::ROLLBACK)]
    Rollback(RollbackArgs),
    /// Try again what did not succeed
    #[command(after_help = topics::RETRY)]
    Retry(ActArgs),
    /// Stop the run under way
    #[command(after_help = topics::ABORT)]
    Abort(AbortArgs),
    /// Close a stage, with a reason
    #[command(after_help = topics::LOCK)]
    Lock(LockArgs),
    /// Open a stage that was locked
    #[command(after_help = topics::UNLOCK)]
    Unlock(ActArgs),
    /// Redeploy a stage from its branch, now
    #[command(after_help = topics::REFRESH)]
    Refresh(ActArgs),
    /// Say that you look after a break
    #[command(after_help = topics::ACK)]
    Ack(AckArgs),
    /// Show which windows are open, and when that changes
    #[command(after_help = topics::FREEZE)]
    Freeze(FreezeArgs),
    /// Let what waits through closed windows, once, with a reason
    #[command(after_help = topics::OVERRIDE)]
    Override(OverrideArgs),
    /// Stop everything of an app, with a reason
    #[command(after_help = topics::PAUSE)]
    Pause(PauseArgs),
    /// Let an app go on that was paused
    #[command(after_help = topics::RESUME)]
    Resume(ResumeArgs),
    /// Put on a stage what you select among the builds of its branches
    #[command(after_help = topics::DEPLOY)]
    Deploy(DeployArgs),
    /// Say something of a release in one word: that it is accepted, or bad
    #[command(after_help = topics::MARK)]
    Mark(MarkArgs),
    /// Take back what was said of a release
    #[command(after_help = topics::UNMARK)]
    Unmark(UnmarkArgs),
    /// List the builds that can be selected
    #[command(after_help = topics::RELEASES)]
    Releases(ReleasesArgs),
    /// Say that a stage is in use, so that it does not expire
    #[command(after_help = topics::EXTEND)]
    Extend(ExtendArgs),
    /// Keep a stage as it stands for a while, and deploy nothing to it
    #[command(after_help = topics::PARK)]
    Park(ParkArgs),
    /// Let a stage go on that was parked
    #[command(after_help = topics::UNPARK)]
    Unpark(ActArgs),
    /// Keep a stage that would expire for good
    #[command(after_help = topics::PIN)]
    Pin(PinArgs),
    /// Let a stage expire again that was pinned
    #[command(after_help = topics::UNPIN)]
    Unpin(ActArgs),
    /// Tear a stage down now, with the default branch's teardown
    #[command(after_help = topics::DESTROY)]
    Destroy(DestroyArgs),
    /// Lead people to this one of two stages that take turns
    #[command(after_help = topics::TOGGLE)]
    Toggle(ActArgs),
    /// Say that nobody goes back to a stage that people were led away from
    #[command(after_help = topics::SETTLE)]
    Settle(ActArgs),
    /// Tell nothing of a stage for a while, with a reason
    #[command(after_help = topics::MUTE)]
    Mute(MuteArgs),
    /// Tell of a stage again that was muted
    #[command(after_help = topics::UNMUTE)]
    Unmute(ActArgs),
    /// Say who is on duty now, and who is next
    #[command(after_help = topics::DUTY)]
    Duty(DutyArgs),
    /// Send a test message to a channel
    #[command(after_help = topics::NOTIFY)]
    Notify(NotifyArgs),
    /// Print completions for a shell
    #[command(after_help = topics::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the manual page
    #[command(after_help = topics::MAN)]
    Man,
    /// What exit codes mean
    #[command(name = "exit-codes", hide = true, long_about = topics::EXIT_CODES)]
    ExitCodes,
    /// Which environment variables count
    #[command(name = "environment", hide = true, long_about = topics::ENVIRONMENT)]
    Environment,
}

/// Examples come first in every help.
pub fn command(command: clap::Command) -> clap::Command {
    let template = if command.get_after_help().is_some() {
        TEMPLATE
    } else {
        PLAIN
    };
    command
        .help_template(template)
        .mut_subcommands(|sub| match sub.get_name() {
            "exit-codes" | "environment" => sub.help_template("{about}\n"),
            _ => self::command(sub),
        })
}

const TEMPLATE: &str = "\
{about}{after-help}

{usage-heading} {usage}

{all-args}
";
const PLAIN: &str = "\
{about}

{usage-heading} {usage}

{all-args}
";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Cli, command};

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        command(Cli::command()).debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        for sub in Cli::command()
            .get_subcommands()
            .filter(|sub| !sub.is_hide_set())
        {
            let help = sub
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let call = format!("greenroom {}", sub.get_name());
            assert!(help.contains(&call), "{} shows no example", sub.get_name());
        }
    }
}
