//! Asking other stages: to look again, or to deploy a release that somebody else takes once it is
//! verified there.

use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::{StageId, StageName};

use super::Done;
use super::fail::Failure;
use crate::App;
use crate::error::Error;
use crate::outbox::removal;
use crate::ports::Ports;
use crate::records::OutboxEntry;
use crate::stages::Input;
use crate::table::Versioned;

impl<P: Ports> App<P> {
    /// Has a stage deploy a release that another takes once it is verified there.
    pub(super) async fn redeploy(&self, entry: &Versioned<OutboxEntry>) -> Result<Done, Failure> {
        let Effect::Redeploy {
            stage,
            by,
            number,
            asked,
            after,
            release,
            reference,
        } = &entry.record.effect
        else {
            return Ok(Done::Over(Vec::new()));
        };
        let fact = Fact::RedeployAsked {
            by: by.clone(),
            number: *number,
            asked: *asked,
            after: *after,
            release: release.clone(),
            reference: reference.clone(),
            at: self.ports.now(),
        };
        self.ask(entry, stage, &Input::Facts(&[fact])).await
    }

    /// Plans another stage again, with what is to be recorded there. One that does not exist is asked
    /// nothing.
    pub(super) async fn ask(
        &self,
        entry: &Versioned<OutboxEntry>,
        stage: &StageName,
        input: &Input<'_>,
    ) -> Result<Done, Failure> {
        let id = StageId {
            app: entry.record.owner.app,
            stage: stage.clone(),
        };
        match self.step(&id, None, input, &removal(entry)).await {
            Err(Error::NotFound { .. }) => Ok(Done::Over(Vec::new())),
            other => {
                other?;
                Ok(Done::Recorded)
            }
        }
    }
}
