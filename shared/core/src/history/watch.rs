//! What the watch found. A round that finds the same again is not written down: there would be little
//! else to read.

use super::Log;
use crate::stage::{Looked, Outcome, Stage};

pub(super) fn looked(log: &mut Log, before: &Stage, after: &Stage) {
    let (old, new) = (&before.watch, &after.watch);
    let number = |looked: &Option<Looked>| looked.as_ref().map(|looked| looked.number);
    if let Some(last) = new
        .last
        .as_ref()
        .filter(|_| number(&old.last) != number(&new.last))
    {
        let found = |looked: &Looked| (looked.generation, looked.outcome, looked.why.clone());
        if old.last.as_ref().map(found) != Some(found(last)) {
            let how = match last.outcome {
                Outcome::Succeeded => "found it green",
                Outcome::Failed => "found it red",
                _ => "could not tell",
            };
            let text = format!("the watch {how}: {}", last.why);
            log.add("watched", Some(last.generation), text);
        }
        return;
    }
    let Some(round) = &old.round else { return };
    if new.round.as_ref().map(|round| round.number) == Some(round.number) {
        return;
    }
    let text = match &after.run {
        Some(run) => format!("the watch gives way to run {}", run.generation),
        None => "the watch gives up its round".to_owned(),
    };
    log.add("watched", Some(round.generation), text);
}
