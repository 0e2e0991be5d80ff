//! A push that is decided when its branch has gone on already. Where each change is deployed by
//! itself (`queue: fifo`) it was seen all the same: it is the next step after what the stage saw
//! last, so it takes its place before the head. A poll tells of no push: what it found may have been
//! read long before the stage saw what it takes for older.

use greenroom_core::fact::Fact;
use greenroom_github::event::What;
use jiff::SignedDuration;

use crate::records::Delivery;
use crate::stages::Loaded;
use crate::table::Versioned;

/// The head that was read, after what the push brought the branch to if the stage has seen neither
/// that nor anything newer.
pub(super) fn steps(
    loaded: &Loaded,
    delivery: &Versioned<Delivery>,
    head: Fact,
    clock_error: SignedDuration,
) -> Vec<Fact> {
    let before = step(loaded, delivery, &head, clock_error);
    before.into_iter().chain([head]).collect()
}

fn step(
    loaded: &Loaded,
    delivery: &Versioned<Delivery>,
    head: &Fact,
    clock_error: SignedDuration,
) -> Option<Fact> {
    if delivery.record.polled {
        return None;
    }
    let (What::Push(push), Fact::HeadObserved { revision, .. }) =
        (&delivery.record.event.what, head)
    else {
        return None;
    };
    let after = push.after.as_ref().filter(|after| *after != revision)?;
    let known = loaded.stage.head.as_ref()?;
    let is_next =
        known.reference == push.reference && push.before.as_ref() == Some(&known.revision);
    if push.forced || !is_next || !loaded.policy(clock_error)?.queues() {
        return None;
    }
    let mut step = head.clone();
    if let Fact::HeadObserved { revision, .. } = &mut step {
        revision.clone_from(after);
    }
    Some(step)
}
