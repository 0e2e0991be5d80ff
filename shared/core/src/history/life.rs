//! What is told of how long a stage lives.

use super::Log;
use crate::stage::Stage;

/// What people said, and what they were told.
pub(super) fn said(log: &mut Log, before: &Stage, after: &Stage) {
    let (old, new) = (&before.life, &after.life);
    if new.extended != old.extended
        && let Some(extended) = &new.extended
    {
        let (by, until) = (&extended.by, extended.until);
        log.add("extended", None, format!("{by} keeps it until {until:.0}"));
    } else if new.active_at != old.active_at && old.warned.is_some() && new.warned.is_none() {
        log.add("extended", None, "it is in use again".to_owned());
    }
    match (&old.parked, &new.parked) {
        (known, Some(parked)) if known.as_ref() != Some(parked) => {
            let text = format!(
                "{} parked it until {:.0}: {}",
                parked.by, parked.until, parked.reason
            );
            log.add("parked", None, text);
        }
        (Some(_), None) => log.add("unparked", None, "it is not parked any more".to_owned()),
        _ => {}
    }
    match (&old.pinned, &new.pinned) {
        (known, Some(pinned)) if known.as_ref() != Some(pinned) => {
            let text = format!("{} pinned it: {}", pinned.by, pinned.reason);
            log.add("pinned", None, text);
        }
        (Some(_), None) => log.add("unpinned", None, "it is not pinned any more".to_owned()),
        _ => {}
    }
    if new.warned != old.warned
        && let Some(warned) = &new.warned
    {
        let ends = warned.ends;
        let text = format!("nobody uses it; it is torn down at {ends:.0} unless somebody does");
        log.add("warned", None, text);
    }
    let number = |stage: &Stage| stage.life.wish.as_ref().map(|wish| wish.number);
    if number(after) > number(before)
        && let Some(wish) = &new.wish
    {
        let text = format!("it is to be torn down, {}", wish.why.sentence());
        log.add("to_tear_down", None, text);
    }
}

/// What came of an end.
pub(super) fn ended(log: &mut Log, before: &Stage, after: &Stage) {
    let (old, new) = (&before.life, &after.life);
    if let Some(gone) = new.gone.as_ref().filter(|_| new.gone != old.gone) {
        let text = "the stage is gone".to_owned();
        log.add("torn_down", Some(gone.generation), text);
    } else if let Some(wish) = old.wish.as_ref().filter(|_| new.wish.is_none())
        && new.orphan == old.orphan
    {
        let text = format!("it is not torn down, {}", wish.why.sentence());
        log.add("spared", None, text);
    }
    match (&old.orphan, &new.orphan) {
        (known, Some(orphan)) if known.as_ref() != Some(orphan) => {
            let text = format!(
                "run {} did not prove that nothing is left: it is an orphan",
                orphan.generation
            );
            log.add("orphaned", Some(orphan.generation), text);
        }
        (Some(_), None) => log.add("adopted", None, "it is no orphan any more".to_owned()),
        _ => {}
    }
}
