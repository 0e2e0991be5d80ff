//! What is told of a release's way through another stage.

use super::Log;
use crate::stage::Stage;

pub(super) fn passages(log: &mut Log, before: &Stage, after: &Stage) {
    let Some(passage) = &after.passage else {
        return;
    };
    let known = before.passage.as_ref();
    let asked = known.filter(|known| known.number == passage.number);
    let asked = asked.map_or(0, |known| known.asked);
    if passage.asked > asked {
        let short = passage.release.revision.short();
        let again = if asked > 0 { " again" } else { "" };
        let text = format!("{short} has to pass another stage first, which is asked{again}");
        log.add("passage", None, text);
    }
}
