//! The loop between the core's decisions and the world: load, record or accept, plan, commit;
//! then perform what was decided. Everything pending is found again from the table alone.

pub mod apps;
pub mod attention;
pub mod builds;
pub mod commands;
pub mod config;
pub mod decide;
pub mod dispatch;
pub mod door;
pub mod error;
pub mod foreign;
pub mod inbox;
pub mod keys;
pub mod marks;
pub mod outbox;
pub mod poll;
pub mod ports;
pub mod query;
pub mod records;
pub mod releases;
pub mod retry;
pub mod stages;
pub mod sweep;
pub mod table;
pub mod work;
pub mod worker;

use std::sync::Arc;

use jiff::SignedDuration;

use crate::ports::Ports;

pub use config::Configs;
pub use error::Error;

/// What an operator decides about an installation.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names this process in claims.
    pub instance: String,
    /// Nobody else works on this table: claims of other instances are left over from the dead.
    pub alone: bool,
    /// How wrong any clock in use may be, either way.
    pub clock_error: SignedDuration,
    /// Pipelines stand by themselves, rendered from a stage file (CodePipeline): a stage waits until
    /// its own are those of the file in force. False where steps are run from the file itself.
    pub applied_pipelines: bool,
    /// Where people reach the API, `https://greenroom.example.com`; statuses beside commits lead there.
    pub public_url: Option<String>,
}

/// Greenroom, over some outside.
#[derive(Debug)]
pub struct App<P> {
    pub ports: P,
    pub settings: Settings,
    configs: Arc<Configs>,
}

impl<P: Ports> App<P> {
    pub fn new(ports: P, settings: Settings) -> Self {
        Self {
            ports,
            settings,
            configs: Arc::default(),
        }
    }

    /// The same, not parsing again what others in this process have.
    #[must_use]
    pub fn sharing(self, configs: &Arc<Configs>) -> Self {
        Self {
            configs: Arc::clone(configs),
            ..self
        }
    }
}
