//! The outbox: an effect is pending from the commit that decided it until it is performed.

use greenroom_core::effect::Effect;
use greenroom_core::name::{AppId, StageId, StageName};
use jiff::Timestamp;

use crate::error::Error;
use crate::keys;
use crate::ports::store::{Condition, Write};
use crate::records::OutboxEntry;
use crate::table::{self, Versioned, mark, put, unmark};
use crate::work::Work;

/// Who owns an effect that belongs to no stage: the app.
pub fn of_app(app: AppId) -> StageId {
    StageId {
        app,
        stage: StageName::new(""),
    }
}

/// Writes that make `effect` pending from `now` on, and the work to hint at once they are
/// committed. The same decision a second time is the same entry: it is performed once more, which
/// is harmless.
pub fn enter(
    writes: &mut Vec<Write>,
    owner: &StageId,
    effect: Effect,
    now: Timestamp,
) -> Result<Work, Error> {
    enter_later(writes, owner, effect, now, now)
}

/// The same for what is not to be performed before `due`.
pub fn enter_later(
    writes: &mut Vec<Write>,
    owner: &StageId,
    effect: Effect,
    now: Timestamp,
    due: Timestamp,
) -> Result<Work, Error> {
    let entry = OutboxEntry {
        id: effect.id(owner),
        owner: owner.clone(),
        effect,
        created_at: now,
        due,
        attempts: Vec::new(),
        tries: 0,
        claim: None,
        window: None,
    };
    let work = Work::Effect(entry.id.clone());
    writes.push(put(keys::effect(&entry.id), &entry, Condition::Any)?);
    writes.push(mark(work.marker(due)));
    Ok(work)
}

/// The entry and its marker go; only if it is still the entry that was performed.
pub fn removal(entry: &Versioned<OutboxEntry>) -> Vec<Write> {
    let key = keys::effect(&entry.record.id);
    vec![
        Write::Delete {
            key,
            condition: Condition::Version(entry.version),
        },
        unmark(Work::Effect(entry.record.id.clone()).marker(entry.record.due)),
    ]
}

/// The entry after a change, its marker moved to `entry.due`; only if nobody changed it since.
pub fn replacement(old: &Versioned<OutboxEntry>, entry: &OutboxEntry) -> Result<Vec<Write>, Error> {
    let work = Work::Effect(entry.id.clone());
    let mut writes = table::move_marker(&work, Some(old.record.due), Some(entry.due));
    let unchanged = Condition::Version(old.version);
    writes.push(put(keys::effect(&entry.id), entry, unchanged)?);
    Ok(writes)
}
