//! Writing down what the pipelines that stand by themselves were rendered from.
//!
//! It is part of the app's record, whose version every claim and every admission checks: one that
//! relied on something else is void. Then all stages are planned again, also by the process after
//! this one: the record says that they are still to be made.

use greenroom_core::accept::{Rejection, RejectionKind};
use greenroom_core::authorize::authorize_apply;
use greenroom_core::definition::{self, Applied, Definition};
use greenroom_core::name::{AppId, RepoName};
use greenroom_core::principal::Principal;
use serde::Serialize;

use crate::App;
use crate::door::chain;
use crate::error::Error;
use crate::keys;
use crate::ports::Ports;
use crate::ports::store::{Condition, Store, StoreError};
use crate::records::AppRecord;
use crate::table::put;

/// How often it is tried anew because the record was changed meanwhile.
const TRIES: u32 = 32;

/// What stands, and what the stage file in force wants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PipelinesView {
    pub app: AppId,
    pub name: RepoName,
    /// By name, those of the stage file in force.
    pub wanted: Vec<Definition>,
    /// What was applied last.
    pub applied: Applied,
}

impl<P: Ports> App<P> {
    /// The pipelines of an app.
    pub async fn pipelines(&self, id: AppId) -> Result<PipelinesView, Error> {
        let app = self.app(id).await?;
        let wanted = match &app.config {
            Some(hash) => definition::all(&app.name, &*self.stage_file(id, hash).await?),
            None => Vec::new(),
        };
        Ok(PipelinesView {
            app: id,
            name: app.name,
            wanted,
            applied: app.applied,
        })
    }

    /// Records what now stands, all of it, and has every stage planned again.
    ///
    /// # Errors
    /// `Ok(Err(_))` when `principal` may not.
    pub async fn apply_pipelines(
        &self,
        id: AppId,
        principal: &Principal,
        applied: &Applied,
    ) -> Result<Result<(), Rejection>, Error> {
        self.apply_over(id, principal, applied, None).await
    }

    /// The same by somebody who saw `seen` applied before. What another has recorded meanwhile stays:
    /// of two that deploy at the same time nobody knows whose pipelines stand.
    ///
    /// # Errors
    /// As [`Self::apply_pipelines`]; `Ok(Err(_))` also when something else is applied by now.
    pub async fn apply_over(
        &self,
        id: AppId,
        principal: &Principal,
        applied: &Applied,
        seen: Option<&Applied>,
    ) -> Result<Result<(), Rejection>, Error> {
        for _ in 0..TRIES {
            let app = self.versioned_app(id).await?;
            let name = app.record.name.clone();
            if let Err(forbidden) = authorize_apply(principal, &name) {
                return Ok(Err(forbidden.into()));
            }
            // Once more is the same: an answer may have been lost.
            let known = &app.record.applied;
            if seen.is_some_and(|seen| seen != known) && applied != known {
                return Ok(Err(Rejection {
                    kind: RejectionKind::Conflict,
                    why: format!("somebody else applied the pipelines of {name} meanwhile"),
                    help: "greenroom apply".to_owned(),
                }));
            }
            let record = AppRecord {
                applied: applied.clone(),
                stages_of: None,
                ..app.record
            };
            let write = put(keys::app(id), &record, Condition::Version(app.version))?;
            match self.ports.store().commit(vec![write]).await {
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    let (by, pipelines) = (principal.name(), applied.len());
                    tracing::info!(app.name = %name, by, pipelines, "pipelines were applied");
                    if let Err(error) = self.make_stages(id).await {
                        let error = chain(&error);
                        tracing::warn!(app.name = %name, error, "the next poll wakes its stages");
                    }
                    return Ok(Ok(()));
                }
            }
        }
        Err(Error::Contended {
            what: format!("app {id}"),
        })
    }
}
