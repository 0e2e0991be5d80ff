//! The record of two stages that take turns goes with the stage it changed with, in one commit; whatever
//! is claimed or let in on one of them relied on it.

use greenroom_core::plan::Plan;
use greenroom_core::stage::{Run, Stage};

use super::Loaded;
use crate::error::Error;
use crate::keys;
use crate::ports::store::{Condition, Write};
use crate::table::put;

/// The record's next state, if it has one, or that nobody has changed it since it was read.
pub(super) fn writes(loaded: &Loaded, plan: &Plan) -> Result<Option<Write>, Error> {
    let Some(read) = &loaded.toggle else {
        return Ok(None);
    };
    let key = keys::toggle(plan.next.id.app, &loaded.stage.spec.rule);
    let condition = read.version.map_or(Condition::Absent, Condition::Version);
    if let Some(next) = &plan.toggle {
        return Ok(Some(put(key, next, condition)?));
    }
    let claimed = plan.next.generation != loaded.stage.generation;
    let admitted = |stage: &Stage| stage.run.as_ref().is_some_and(Run::is_admitted);
    let relies = claimed || admitted(&plan.next) != admitted(&loaded.stage);
    Ok(relies.then_some(Write::Check { key, condition }))
}
