//! `greenroom serve`, seen from the command line: its log, its threads, and how its end is told.

use std::time::Duration;

use greenroom_app::Error;
use greenroom_app::door::chain;
use tracing_subscriber::EnvFilter;

use crate::args::{LogFormat, ServeArgs};
use crate::exit::{Exit, Failure, Stop};
use crate::serve::{self, ServeError};

/// For threads that are in the middle of something when everything else has ended.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Serves until it is told to stop.
pub fn run(args: &ServeArgs) -> Result<Exit, Stop> {
    log(args.log_format);
    panics_are_logged();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(
                Exit::Failed,
                "runtime",
                "the server's threads cannot be started",
            )
            .why(error.to_string())
        })?;
    let served = runtime.block_on(serve::run(args));
    // What still runs is crash-safe; a process that was told to stop must not outstay it.
    runtime.shutdown_timeout(LAST_MOMENT);
    served.map_err(|error| told(&error))?;
    Ok(Exit::Ok)
}

/// The log goes to stderr. `RUST_LOG` chooses what is in it.
fn log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.with_ansi(colour()).init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// A panic is a bug, told as one line of the log. redb's about a damaged file is none: the store
/// catches it and says what is damaged.
fn panics_are_logged() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let said = panic.payload_as_str().unwrap_or("no text");
        if place.contains("/redb-") {
            tracing::debug!(place, said, "the store file is damaged");
        } else {
            tracing::error!(place, said, "this is a bug of Greenroom; please report it");
        }
    }));
}

fn colour() -> bool {
    let choice = anstream::AutoStream::choice(&std::io::stderr());
    choice != anstream::ColorChoice::Never
}

fn told(error: &ServeError) -> Stop {
    let because = |error: &dyn std::error::Error| error.source().map(chain);
    let (exit, code, help) = match error {
        ServeError::Usage { help, .. } => (Exit::Usage, "usage", help.clone()),
        ServeError::Data { help, .. } => (Exit::Failed, "data_folder", help.clone()),
        ServeError::Listen { .. } => (
            Exit::Failed,
            "listen",
            "choose another address with --listen; port 0 takes any that is free".to_owned(),
        ),
        ServeError::Bootstrap { source, .. } => bootstrap(source),
    };
    let mut failure = Failure::new(exit, code, error.to_string()).help(help);
    failure.why = because(error);
    failure.into()
}

/// An app given with `-f` that cannot be taken under control.
fn bootstrap(error: &Error) -> (Exit, &'static str, String) {
    match error {
        Error::Invalid { help, .. } | Error::NotFound { help, .. } => {
            (Exit::Usage, "bootstrap", help.clone())
        }
        Error::Unavailable { .. } | Error::Unreadable { .. } | Error::Contended { .. } => {
            let help = "say with --git where its repository is, as git would clone it";
            (Exit::Failed, "bootstrap", help.to_owned())
        }
        Error::Store(_) | Error::Corrupt { .. } => {
            let help = "`greenroom doctor` looks for damage; restore the data folder from a backup";
            (Exit::Failed, "data_folder", help.to_owned())
        }
    }
}
