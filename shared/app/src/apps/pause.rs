//! Stopping everything of an app, and letting it go on.
//!
//! The pause is part of the app's record, whose version every claim and every admission checks: one
//! that is committed meanwhile makes them void. With a pause that is taken away or ends otherwise
//! the same commit asks for all stages to be planned again, so that none of them sleeps on.

use greenroom_core::accept::{Rejection, RejectionKind};
use greenroom_core::effect::Effect;
use greenroom_core::name::{AppId, RepoName};
use greenroom_core::pause::{Pause, PauseCommand, accept};
use greenroom_core::principal::Principal;
use serde::Serialize;

use crate::App;
use crate::error::Error;
use crate::keys;
use crate::outbox;
use crate::ports::Ports;
use crate::ports::store::{Condition, Store, StoreError};
use crate::records::AppRecord;
use crate::table::put;

/// How often a pause is tried anew because the record was changed meanwhile.
const TRIES: u32 = 32;

/// An app, and the pause that holds there now.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Paused {
    pub app: AppId,
    pub name: RepoName,
    pub pause: Option<Pause>,
}

impl<P: Ports> App<P> {
    /// Pauses or resumes one app.
    pub async fn pause(
        &self,
        id: AppId,
        principal: &Principal,
        command: &PauseCommand,
    ) -> Result<Result<Paused, Rejection>, Error> {
        for _ in 0..TRIES {
            let app = self.versioned_app(id).await?;
            let name = app.record.name.clone();
            let before = app.record.pause.as_ref();
            let known = before.is_some();
            let now = self.ports.now();
            let pause = match accept(before, &name, principal, command, now) {
                Ok(pause) => pause,
                Err(rejection) => return Ok(Err(rejection)),
            };
            let record = AppRecord {
                pause: pause.clone(),
                ..app.record
            };
            let unchanged = Condition::Version(app.version);
            let mut writes = vec![put(keys::app(id), &record, unchanged)?];
            let mut hint = None;
            if known {
                // Whoever sleeps until an end that is another one now is to wake up and see it.
                let because = format!("{}-{}", command.verb(), now.as_millisecond());
                let effect = Effect::AskAll { because };
                hint = Some(outbox::enter(
                    &mut writes,
                    &outbox::of_app(id),
                    effect,
                    now,
                )?);
            }
            match self.ports.store().commit(writes).await {
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    let (by, verb) = (principal.name(), command.verb());
                    tracing::info!(app.name = %name, by, command = verb, "everything was asked to stop or to go on");
                    hint.into_iter().for_each(|work| self.ports.hint(work));
                    return Ok(Ok(Paused {
                        app: id,
                        name,
                        pause,
                    }));
                }
            }
        }
        Err(Error::Contended {
            what: format!("app {id}"),
        })
    }

    /// Pauses or resumes all apps, one after the other: those that are as they should be stay, such
    /// as one that another person paused for at least as long. An app that is added later is not
    /// paused.
    pub async fn pause_all(
        &self,
        principal: &Principal,
        command: &PauseCommand,
    ) -> Result<Result<Vec<Paused>, Rejection>, Error> {
        let mut all = Vec::new();
        for app in self.apps().await? {
            if app.pause.is_none() && *command == PauseCommand::Resume {
                all.push(paused(app));
                continue;
            }
            match self.pause(app.id, principal, command).await? {
                Ok(paused) => all.push(paused),
                Err(no) if matches!(no.kind, RejectionKind::Conflict | RejectionKind::NotFound) => {
                    all.push(paused(self.app(app.id).await?));
                }
                Err(no) => return Ok(Err(no)),
            }
        }
        Ok(Ok(all))
    }
}

fn paused(app: AppRecord) -> Paused {
    Paused {
        app: app.id,
        name: app.name,
        pause: app.pause,
    }
}
