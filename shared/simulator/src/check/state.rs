//! G: what is kept.

use greenroom_app::ports::store::{COMMIT_MAX, VALUE_MAX};

use super::Found;
use crate::truth::{Happened, Truth};

/// Nothing is remembered.
#[derive(Debug, Default)]
pub struct State;

impl State {
    pub fn see(&mut self, truth: &Truth, happened: &Happened<'_>, found: &mut Found) {
        match happened {
            Happened::Committed { changes } => {
                if changes.len() > COMMIT_MAX {
                    let what = format!("a commit of {} items", changes.len());
                    found.broken(truth, "G5", what);
                }
                for change in *changes {
                    let size = change.after.map_or(0, <[u8]>::len);
                    if size > VALUE_MAX {
                        let what = format!("{} has {size} bytes", change.key);
                        found.broken(truth, "G5", what);
                    }
                }
            }
            Happened::Stage {
                before: Some(before),
                after,
            } => {
                let (old, new) = (&before.stage, &after.stage);
                if new.generation < old.generation || new.episodes < old.episodes {
                    let what = format!("a counter of {} goes back", new.id);
                    found.broken(truth, "G3", what);
                }
            }
            _ => {}
        }
    }
}
