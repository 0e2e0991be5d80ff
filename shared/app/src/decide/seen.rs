//! What is remembered of a branch that was decided about.

use greenroom_core::name::{AppId, ConfigHash, Revision, StageName};
use greenroom_github::event::What;

use crate::error::Error;
use crate::keys;
use crate::ports::store::{Condition, Write};
use crate::records::{Delivery, HeadRecord};
use crate::table::put;

/// Remembers where a branch stands and led, so that the poller does not find it a second time.
pub(super) fn head_record(
    app: AppId,
    config: Option<ConfigHash>,
    stage: Option<&StageName>,
    delivery: &Delivery,
    read: Option<Option<Revision>>,
    condition: Condition,
) -> Result<Vec<Write>, Error> {
    let What::Push(push) = &delivery.event.what else {
        return Ok(Vec::new());
    };
    let record = HeadRecord {
        reference: push.reference.clone(),
        revision: read.unwrap_or_else(|| push.after.clone()),
        actor: delivery.event.actor.clone(),
        seen_at: delivery.received_at,
        config,
        stage: stage.cloned(),
        built: None,
    };
    Ok(vec![put(
        keys::head(app, &push.reference),
        &record,
        condition,
    )?])
}
