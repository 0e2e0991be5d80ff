//! That a stage flaps, and that it does not any more.

use super::Log;
use crate::stage::Stage;

pub(super) fn flaps(log: &mut Log, before: &Stage, after: &Stage) {
    let (old, new) = (&before.flap.flapping, &after.flap.flapping);
    let number = |it: &Option<crate::stage::Flapping>| it.as_ref().map(|it| it.episode);
    if number(old) == number(new) {
        return;
    }
    if let Some(old) = old {
        let how = if after.brk.is_some() {
            "it stays broken"
        } else {
            "it has not broken again"
        };
        let text = format!(
            "it flaps no more after {} breaks since {:.0}: {how}",
            old.breaks, old.since
        );
        log.add("settled", None, text);
    }
    if let Some(new) = new {
        let text = format!(
            "it flaps: {} breaks since {:.0}; they are not told one by one",
            new.breaks, new.since
        );
        log.add("flapping", None, text);
    }
}
