//! Decides what is next from everything that is known. There is deliberately no event here: a
//! webhook, a timer, a person and the sweep all end up in the same call.

pub(crate) mod bytes;
mod candidate;
mod claim;
mod evidence;
mod finish;
mod flap;
mod foreign;
mod forks;
pub(crate) mod gates;
mod idle;
mod life;
mod line;
mod marks;
mod mute;
pub(crate) mod queue;
mod refresh;
mod routes;
mod run;
mod sharing;
mod suites;
mod table;
pub(crate) mod teardown;
mod through;
pub(crate) mod toggle;
mod watch;
mod window;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

pub use bytes::build_wanted;
pub use queue::follow_queue;
pub use table::{Row, release_of, table};

use crate::effect::Effect;
use crate::policy::{Policy, View};
use crate::stage::Stage;
use crate::toggle::Toggle;
use crate::waiting::Wait;

/// What is next for one stage. Planning `next` again at the same instant changes nothing and
/// asks for nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "a plan does nothing until it is committed"]
pub struct Plan {
    /// The whole next state.
    pub next: Stage,
    /// What is to be done outside once `next` is committed.
    pub effects: Vec<Effect>,
    /// Why nothing (more) moves, the most decisive first; never empty.
    pub waiting_on: Vec<Wait>,
    /// When to plan again if nothing happens before; after now.
    pub wake: Option<Timestamp>,
    /// What is known of the stage's toggle from now on; `None` when that stays as it is. Committed
    /// with `next`, or neither is.
    pub toggle: Option<Toggle>,
}

/// A running execution is read again at least this often, events or not.
pub const OBSERVE_EVERY: SignedDuration = SignedDuration::from_secs(15);
/// So is an execution that would not stop, until it has ended or a person goes on without it.
const OBSERVE_UNSTOPPED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Plans `view.stage` under `policy`; `None` means the stage file in force has no such stage.
pub fn plan(view: &View<'_>, policy: Option<&Policy<'_>>) -> Plan {
    let mut draft = Draft {
        next: follow_queue(view.stage.clone(), policy),
        effects: Vec::new(),
        waits: Vec::new(),
        wake: None,
        now: view.now,
        toggle: view.toggle.cloned().unwrap_or_default(),
    };
    mute::expire(&mut draft);
    if let Some(policy) = policy {
        expire_lock(&mut draft, policy);
    }
    run::advance(&mut draft, policy);
    foreign::notice(&mut draft, policy);
    watch::judge(&mut draft, policy);
    watch::note(&mut draft, policy);
    let mut watched = None;
    if draft.next.unstopped.is_some() {
        draft.wake_at(later(draft.now, OBSERVE_UNSTOPPED_EVERY));
    }
    match policy {
        Some(policy) => {
            let pause = view.pause;
            if let Some(over) = pause.and_then(|pause| pause.over_at(policy.clock_error)) {
                draft.wake_at(over);
            }
            let reading = refresh::refresh(&mut draft, view, policy);
            toggle::turn(&mut draft, view, policy);
            if toggle::takes(&draft, policy) {
                candidate::promote(&mut draft, view, policy);
            } else {
                toggle::make_way(&mut draft, policy);
            }
            candidate::forget_approvals(&mut draft, policy);
            window::forget_override(&mut draft);
            life::advance(&mut draft, policy);
            let running = draft.next.run.is_some();
            if draft.next.run.is_none() && draft.next.life.wish.is_some() {
                teardown::pass(&mut draft, view, policy);
            } else if draft.next.run.is_none() {
                queue::pass(&mut draft, reading.is_some(), view, policy);
                // A rollback that was claimed makes room for what automation would like.
                if draft.next.run.is_some() {
                    candidate::promote(&mut draft, view, policy);
                    candidate::forget_approvals(&mut draft, policy);
                }
            }
            draft.waits.extend(reading);
            if running {
                draft.waits.extend(gates::paused(view, policy));
            }
            through::forget(&mut draft, policy);
            watched = watch::advance(&mut draft, view, policy);
            queue::explain(&mut draft, view, policy);
            toggle::explain(&mut draft, policy);
        }
        None => draft.waits.push(Wait::RuleGone {
            rule: view.stage.spec.rule.to_string(),
        }),
    }
    if draft.waits.is_empty() {
        draft.waits.push(Wait::UpToDate);
    }
    // They keep nothing from the stage, so they are said last.
    draft.waits.extend(watched);
    let flapping = flap::settle(&mut draft);
    draft.waits.extend(flapping);
    let muted = mute::settle(&mut draft);
    draft.waits.extend(muted);
    // What two parts of a plan ask for alike is asked for once: a commit names nothing twice.
    let owner = draft.next.id.clone();
    let mut named = BTreeSet::new();
    draft
        .effects
        .retain(|effect| named.insert(effect.id(&owner)));
    Plan {
        next: draft.next,
        effects: draft.effects,
        waiting_on: draft.waits,
        wake: draft.wake,
        toggle: view
            .toggle
            .filter(|toggle| **toggle != draft.toggle)
            .map(|_| draft.toggle),
    }
}

/// A lock that is over is taken away; one that will be is looked at again then.
fn expire_lock(draft: &mut Draft, policy: &Policy<'_>) {
    let Some(lock) = &draft.next.lock else { return };
    if !lock.holds(draft.now, policy.clock_error) {
        draft.next.lock = None;
    } else if let Some(until) = lock.until {
        draft.wake_at(later(until, policy.clock_error));
    }
}

/// A plan in the making.
struct Draft {
    next: Stage,
    effects: Vec<Effect>,
    waits: Vec<Wait>,
    wake: Option<Timestamp>,
    now: Timestamp,
    /// Blank, and of no meaning, for a stage that takes turns with nobody.
    toggle: Toggle,
}

impl Draft {
    /// Plan again at `at` at the latest. What was due by now has been decided by this plan.
    fn wake_at(&mut self, at: Timestamp) {
        if at <= self.now {
            return;
        }
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }
}

/// `at + by`, or the end of time.
fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
