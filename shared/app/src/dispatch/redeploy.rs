//! Asking a stage for a release that another one takes once it is verified there.

use greenroom_core::effect::Effect;
use greenroom_core::fact::Fact;
use greenroom_core::name::StageId;

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
    /// Records the ask on the stage it goes to; a stage that is not there is asked nothing.
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
        let id = StageId {
            app: entry.record.owner.app,
            stage: stage.clone(),
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
        let facts = [fact];
        let input = Input::Facts(&facts);
        match self.step(&id, None, &input, &removal(entry)).await {
            Err(Error::NotFound { .. }) => Ok(Done::Over(Vec::new())),
            other => {
                other?;
                Ok(Done::Recorded)
            }
        }
    }
}
