//! G: what is kept.

use greenroom_app::ports::store::{COMMIT_MAX, Condition, VALUE_MAX};

use super::{Found, Replaced};
use crate::truth::{Change, Truth};

/// Records that many may want to change at once; whoever writes one names what it read.
const GUARDED: [&str; 2] = ["state", "build#"];

pub fn committed(truth: &Truth, changes: &[Change<'_>], found: &mut Found) {
    if changes.len() > COMMIT_MAX {
        found.broken(truth, "G5", format!("a commit of {} items", changes.len()));
    }
    for change in changes {
        let size = change.after.map_or(0, <[u8]>::len);
        if size > VALUE_MAX {
            found.broken(truth, "G5", format!("{} has {size} bytes", change.key));
        }
        let guarded = change.key.sort == GUARDED[0] || change.key.sort.starts_with(GUARDED[1]);
        if guarded && change.condition == Condition::Any {
            let what = format!("{} is written whatever is there", change.key);
            found.broken(truth, "G2", what);
        }
        let log = change.key.sort.starts_with("log#");
        if log && change.before.is_some() {
            let what = format!("{} is written anew", change.key);
            found.broken(truth, "G3", what);
        }
    }
}

pub fn replaced(truth: &Truth, replaced: &Replaced<'_>, found: &mut Found) {
    let (Some(old), new) = (replaced.before, replaced.after) else {
        return;
    };
    if new.generation < old.generation || new.episodes < old.episodes {
        found.broken(truth, "G3", format!("a counter of {} goes back", new.id));
    }
    if new.generation > old.generation + 1 {
        found.broken(truth, "G3", format!("{} leaves out a generation", new.id));
    }
}
