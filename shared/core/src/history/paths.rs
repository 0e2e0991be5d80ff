//! Heads that change nothing here.

use super::Log;
use crate::stage::Stage;

pub(super) fn passed_by(log: &mut Log, before: &Stage, after: &Stage) {
    let Some(head) = &after.head else { return };
    let Some(since) = head
        .untouched
        .as_ref()
        .filter(|_| before.head != after.head)
    else {
        return;
    };
    let known = before.head.as_ref();
    if known
        .is_some_and(|known| known.untouched == head.untouched && known.revision == head.revision)
    {
        return;
    }
    let text = format!(
        "{} of {} changes nothing here since {}",
        head.revision.short(),
        head.reference.people(),
        since.short()
    );
    log.add("untouched", None, text);
}
