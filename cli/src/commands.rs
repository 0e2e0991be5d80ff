//! One file a verb, or a family of them.

mod act;
mod app;
mod apply;
mod diff;
mod doctor;
mod duty;
mod freeze;
mod gates;
mod group;
mod init;
mod journey;
mod life;
mod log;
mod mark;
mod mute;
mod notify;
mod offline;
mod pause;
mod resolve;
mod serve;
mod simulate;
mod stage;
mod status;
mod synth;
mod toggle;
mod validate;
mod wait;
mod why;

use std::future::Future;

use crate::args::{AppCommand, Command};
use crate::exit::{Exit, Failure, Stop};
use crate::output::Output;

/// Does what was asked.
pub fn run(command: Command, output: &mut Output) -> Result<Exit, Stop> {
    match command {
        Command::Serve(args) => serve::run(&args),
        Command::Init(args) => init::run(&args, output),
        Command::Doctor(args) => wait_for(doctor::run(&args, output)),
        Command::Validate(args) => validate::run(&args, output),
        Command::Schema => offline::schema(output),
        Command::Resolve(args) => resolve::run(&args, output),
        Command::Simulate(args) => simulate::run(&args, output),
        Command::Synth(args) => synth::run(&args, output),
        Command::Apply(args) => wait_for(apply::run(&args, output)),
        Command::App(args) => match args.command {
            AppCommand::Add(args) => wait_for(app::add(&args, output)),
            AppCommand::List(args) => wait_for(app::list(&args.server, output)),
        },
        Command::Status(args) => wait_for(status::run(&args, output)),
        Command::Why(args) => wait_for(why::run(&args, output)),
        Command::Log(args) => wait_for(log::run(&args, output)),
        Command::Journey(args) => wait_for(journey::run(&args, output)),
        Command::Diff(args) => wait_for(diff::run(&args, output)),
        Command::Gates(args) => wait_for(gates::run(&args, output)),
        Command::Wait(args) => wait_for(wait::run(&args, output)),
        Command::Notify(args) => wait_for(notify::run(&args, output)),
        Command::Promote(args) => wait_for(act::promote(&args, output)),
        Command::Approve(args) => wait_for(act::approve(&args, output)),
        Command::Reject(args) => wait_for(act::reject(&args, output)),
        Command::Rollback(args) => wait_for(act::rollback(&args, output)),
        Command::Retry(args) => wait_for(act::retry(&args, output)),
        Command::Abort(args) => wait_for(act::abort(&args, output)),
        Command::Lock(args) => wait_for(act::lock(&args, output)),
        Command::Unlock(args) => wait_for(act::unlock(&args, output)),
        Command::Refresh(args) => wait_for(act::refresh(&args, output)),
        Command::Ack(args) => wait_for(act::acknowledge(&args, output)),
        Command::Freeze(args) => wait_for(freeze::run(&args, output)),
        Command::Override(args) => wait_for(act::overriding(&args, output)),
        Command::Pause(args) => wait_for(pause::pause(&args, output)),
        Command::Resume(args) => wait_for(pause::resume(&args, output)),
        Command::Deploy(args) => wait_for(act::deploy(&args, output)),
        Command::Mark(args) => wait_for(mark::mark(&args, output)),
        Command::Unmark(args) => wait_for(mark::unmark(&args, output)),
        Command::Releases(args) => wait_for(mark::releases(&args, output)),
        Command::Extend(args) => wait_for(life::extend(&args, output)),
        Command::Park(args) => wait_for(life::park(&args, output)),
        Command::Unpark(args) => wait_for(life::unpark(&args, output)),
        Command::Pin(args) => wait_for(life::pin(&args, output)),
        Command::Unpin(args) => wait_for(life::unpin(&args, output)),
        Command::Destroy(args) => wait_for(life::destroy(&args, output)),
        Command::Toggle(args) => wait_for(toggle::toggle(&args, output)),
        Command::Settle(args) => wait_for(toggle::settle(&args, output)),
        Command::Mute(args) => wait_for(mute::mute(&args, output)),
        Command::Unmute(args) => wait_for(mute::unmute(&args, output)),
        Command::Duty(args) => wait_for(duty::run(&args, output)),
        Command::Completions(args) => offline::completions(args.shell, output),
        Command::Man => offline::man(output),
        Command::ExitCodes => offline::topic(crate::args::EXIT_CODES, output),
        Command::Environment => offline::topic(crate::args::ENVIRONMENT, output),
    }
}

/// Clients need one thread and little else.
fn wait_for(work: impl Future<Output = Result<Exit, Stop>>) -> Result<Exit, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(Exit::Failed, "runtime", "the program could not be set up")
                .why(error.to_string())
        })?;
    runtime.block_on(async {
        tokio::select! {
            result = work => result,
            Ok(()) = tokio::signal::ctrl_c() => Err(Stop::Interrupted),
        }
    })
}
