//! The gate of what is shared: nothing is claimed while another writer runs, and nothing is let in
//! that would write to what is another stage's by now.

use jiff::SignedDuration;

use super::{Draft, later};
use crate::effect::Effect;
use crate::policy::{Policy, View};
use crate::stage::Run;
use crate::stage_file::Access;
use crate::waiting::{ShareWait, Wait};

/// A stage that waits for its turn looks again after this, should nobody tell it.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// A run of another writer that has not ended.
pub(super) fn in_use(view: &View<'_>, policy: &Policy<'_>) -> Option<Wait> {
    turn(view, policy, false)
}

/// Looks again, should nobody tell that the other run has ended.
pub(super) fn look_again(draft: &mut Draft) {
    draft.wake_at(later(draft.now, LOOK_AGAIN));
}

/// What keeps a claimed run from being let in: another writer was, or the run would write to what is
/// not its stage's to write to any more.
pub(super) fn at_the_fence(view: &View<'_>, policy: &Policy<'_>, run: &Run) -> Option<Wait> {
    turn(view, policy, true).or_else(|| taken(policy, run))
}

fn turn(view: &View<'_>, policy: &Policy<'_>, admitted: bool) -> Option<Wait> {
    let mut sharers = policy.sharers.iter();
    sharers.find_map(|sharer| {
        let mut uses = view.uses.iter();
        let used = uses.find(|it| it.stage == sharer.stage && (it.admitted || !admitted))?;
        Some(Wait::Share(ShareWait::InUse {
            resource: sharer.resource.clone(),
            stage: used.stage.clone(),
            generation: used.generation,
        }))
    })
}

fn taken(policy: &Policy<'_>, run: &Run) -> Option<Wait> {
    let mut writes = run.writes.iter();
    writes.find_map(|name| {
        let resource = policy.file.resources.get(name)?;
        let may = policy.rule.shares.get(name) == Some(&Access::Write);
        (!may).then(|| {
            Wait::Share(ShareWait::Taken {
                resource: name.clone(),
                owner: resource.owner.to_string(),
            })
        })
    })
}

/// The run has ended: whoever writes to the same may go on.
pub(super) fn ask_others(draft: &mut Draft, policy: Option<&Policy<'_>>, generation: u64) {
    for sharer in policy.map_or(&[][..], |policy| &policy.sharers) {
        let because = format!("{}-{generation}", draft.next.id.stage);
        draft.effects.push(Effect::Ask {
            stage: sharer.stage.clone(),
            because,
        });
    }
}
