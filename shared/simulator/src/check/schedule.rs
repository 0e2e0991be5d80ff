//! F: what the calendar asks for.

use greenroom_core::stage::Cause;

use super::{Found, Replaced};
use crate::truth::Truth;

pub fn replaced(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
    let (Some(before), after) = (replaced.before, replaced.after) else {
        return;
    };
    let (old, new) = (&before.refresh, &after.refresh);
    if old.schedule == new.schedule && new.decided < old.decided {
        let what = format!("{} forgets that it decided {:?}", after.id, old.decided);
        found.broken(truth, "F1", what);
    }
    if let Some(slot) = new.decided
        && old.decided != new.decided
        && slot > truth.now
        && old.schedule == new.schedule
    {
        let early = slot.duration_since(truth.now);
        if early > truth.setup.clock_error {
            let what = format!("{} decides {slot} before it is there", after.id);
            found.broken(truth, "F1", what);
        }
    }
    if replaced.claims()
        && let Some(run) = &after.run
        && let Cause::Refresh {
            slot: Some(slot), ..
        } = run.cause
        && old.schedule == new.schedule
        && new.decided.is_none_or(|decided| slot > decided)
    {
        let what = format!("{} refreshes for {slot}, which is not decided", after.id);
        found.broken(truth, "F1", what);
    }
}
