//! H: who may do what, and what nobody may see.

use greenroom_core::principal::Principal;

use super::Found;
use crate::setup::cast::STRANGER;
use crate::truth::{Change, Happened, Truth};
use crate::world::SECRET;

pub fn see(truth: &Truth, happened: &Happened<'_>, found: &mut Found) {
    match happened {
        Happened::Commanded {
            stage,
            principal: Principal::Person { name },
            command,
            granted: true,
        } if name == STRANGER => {
            let what = format!("{name} is granted {} on {stage}", command.verb());
            found.broken(truth, "H1", what);
        }
        Happened::Started { execution, .. } => {
            let revision = &truth.executor.get(*execution).request.revision;
            if truth.repository.is_a_strangers(revision) {
                let what = format!("{} of a fork is built or deployed", revision.short());
                found.broken(truth, "H6", what);
            }
        }
        Happened::Told(told) => {
            let text = serde_json::to_string(&told.announcement).unwrap_or_default();
            if text.contains(SECRET) {
                found.broken(truth, "H13", format!("{} has a secret in it", told.key));
            }
        }
        _ => {}
    }
}

pub fn committed(truth: &Truth, changes: &[Change<'_>], found: &mut Found) {
    for change in changes {
        let after = change.after.unwrap_or_default();
        let seen = after.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        if seen {
            found.broken(truth, "H13", format!("{} has a secret in it", change.key));
        }
    }
}
