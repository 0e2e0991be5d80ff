//! Two stages that take turns in being the one people use. What is deployed goes to the one that nobody
//! uses; a flip is a run like any other, on the side it leads to, and its end is written into the
//! toggle's record by the commit that ends it. Nothing flips by itself.

mod flip;

use jiff::Timestamp;

pub(super) use flip::ended;

use super::{Draft, gates, marks, window};
use crate::effect::Effect;
use crate::name::StageName;
use crate::policy::{Policy, View};
use crate::stage::{Cause, Handed, Run, TurnKind};
use crate::toggle::{Flip, Toggle};
use crate::waiting::{ToggleWait, Wait};

/// Whether what leads to the rule comes here: always, where no other stage takes turns with this one.
pub(super) fn takes(draft: &Draft, policy: &Policy<'_>) -> bool {
    let idle = draft.toggle.idle_side(policy.rule);
    idle.is_none_or(|idle| idle == draft.next.id.stage)
}

/// Keeps nothing on the side that people use that waits to be deployed: it goes to the other one.
pub(super) fn make_way(draft: &mut Draft, policy: &Policy<'_>) {
    let Some(idle) = draft.toggle.idle_side(policy.rule) else {
        return;
    };
    let Some(candidate) = draft.next.candidate.take() else {
        return;
    };
    // What is promoted the other side finds by itself; what a person wanted of this very stage is
    // not wanted of another.
    let by_name = matches!(
        candidate.cause,
        Cause::Rollback { .. } | Cause::Retry { .. } | Cause::Promotion { .. }
    );
    let Some(reference) = candidate.reference.filter(|_| !by_name) else {
        return;
    };
    draft.next.handed = Some(Handed {
        revision: candidate.revision,
        to: idle.clone(),
        at: draft.now,
    });
    draft.effects.push(Effect::HandOver {
        stage: idle,
        reference,
        cause: candidate.cause,
        at: draft.now,
    });
}

/// What keeps a deployment from this side.
pub(super) fn closed(
    toggle: &Toggle,
    side: &StageName,
    now: Timestamp,
    policy: &Policy<'_>,
) -> Option<Wait> {
    let idle = toggle.idle_side(policy.rule)?;
    let wait = if idle != *side {
        not_idle(toggle, side, idle)
    } else if let Some(flip) = &toggle.flip {
        busy(flip)
    } else if let Some(doubt) = toggle.doubt.clone() {
        let live = toggle.live.clone();
        ToggleWait::Doubt { doubt, live }
    } else {
        let kept = toggle.is_kept(side, now, policy.clock_error);
        let until = toggle.kept_until(side, policy.clock_error);
        ToggleWait::Kept {
            live: toggle.live.clone(),
            until: until.filter(|_| kept)?,
        }
    };
    Some(Wait::Toggle(wait))
}

fn not_idle(toggle: &Toggle, side: &StageName, other: StageName) -> ToggleWait {
    let live = toggle.is_live(side);
    ToggleWait::NotIdle { live, other }
}

fn busy(flip: &Flip) -> ToggleWait {
    ToggleWait::Busy {
        to: flip.to.clone(),
        generation: flip.generation,
    }
}

/// What is to be said of the toggle whatever else the stage waits for.
pub(super) fn explain(draft: &mut Draft, policy: &Policy<'_>) {
    if policy.rule.toggle.is_none() {
        return;
    }
    let side = draft.next.id.stage.clone();
    if let Some(until) = draft.toggle.kept_until(&side, policy.clock_error) {
        draft.wake_at(until);
    }
    let toggle = &draft.toggle;
    let said = |wait: &Wait| matches!(wait, Wait::Toggle(ToggleWait::Doubt { .. }));
    if toggle.flip.is_some() || draft.waits.iter().any(said) {
        return;
    }
    if let Some(doubt) = toggle.doubt.clone() {
        let live = toggle.live.clone();
        let wait = ToggleWait::Doubt { doubt, live };
        draft.waits.push(Wait::Toggle(wait));
    }
}

/// Does what a person has just asked for.
pub(super) fn turn(draft: &mut Draft, view: &View<'_>, policy: &Policy<'_>) {
    let Some(turn) = draft.next.turn.as_mut().filter(|turn| !turn.done) else {
        return;
    };
    turn.done = true;
    let by = turn.by.clone();
    let side = &view.stage.id.stage;
    match turn.what {
        TurnKind::Settle => {
            // Where people are is one thing, and whether they go back another.
            if draft.toggle.doubt.take().is_none() {
                let kept = &mut draft.toggle.kept;
                *kept = kept.take().filter(|kept| kept.side != *side);
            }
            // What waits may wait on the other side.
            if let Some(stage) = policy.rule.other_side(side) {
                let because = format!("settled-{}", draft.now.as_millisecond());
                draft.effects.push(Effect::Ask { stage, because });
            }
        }
        // Nothing has happened since it was accepted.
        TurnKind::Flip if refusal(view, policy).is_none() => flip::claim(draft, by, view, policy),
        TurnKind::Flip => {}
    }
}

/// Why people cannot be led to this side now.
pub(crate) fn refusal(view: &View<'_>, policy: &Policy<'_>) -> Option<Wait> {
    let toggle = &known(view);
    let (stage, side) = (view.stage, &view.stage.id.stage);
    let wait = if let Some(flip) = &toggle.flip {
        busy(flip)
    } else if toggle.is_live(side) && toggle.doubt.is_none() {
        not_idle(toggle, side, policy.rule.other_side(side)?)
    } else if let Some(run) = &stage.run {
        let why = format!("run {} is at it", run.generation);
        ToggleWait::NotGreen { why }
    } else {
        return shut(view, policy, toggle);
    };
    Some(Wait::Toggle(wait))
}

/// What is known of the stage's toggle.
fn known(view: &View<'_>) -> Toggle {
    view.toggle.cloned().unwrap_or_default()
}

/// The part of it that the fence asks once more.
fn shut(view: &View<'_>, policy: &Policy<'_>, toggle: &Toggle) -> Option<Wait> {
    let stage = view.stage;
    let lock = stage.lock.as_ref();
    let locked = lock.filter(|lock| lock.holds(view.now, policy.clock_error));
    gates::paused(view, policy)
        .or_else(|| locked.cloned().map(Wait::Locked))
        .or_else(|| outdated(policy))
        .or_else(|| unproven(view, policy, toggle))
}

/// What a side has to be before people are led to it. To where they came from they can go back as
/// long as it is kept, whatever closes the stage to what is new: that it was good was seen before.
fn unproven(view: &View<'_>, policy: &Policy<'_>, toggle: &Toggle) -> Option<Wait> {
    let stage = view.stage;
    let side = &stage.id.stage;
    // It is where people should be anyway; the steps are run once more to make sure.
    if toggle.is_live(side) {
        return None;
    }
    let not_green = |why: &str| {
        let why = why.to_owned();
        Some(Wait::Toggle(ToggleWait::NotGreen { why }))
    };
    let Some(stands) = &stage.deployed else {
        return not_green("nothing stands there");
    };
    let release = &stands.release;
    if let Some(bad) = marks::bad(&release.revision, view.marks) {
        return Some(bad);
    }
    if let Some(brk) = &stage.brk {
        return not_green(&format!("it is broken (#{})", brk.episode));
    }
    if !stands.complete {
        return not_green("nobody can say what stands there");
    }
    if toggle.is_kept(side, view.now, policy.clock_error) {
        return None;
    }
    let verified = stage.verified.as_ref();
    match verified.filter(|green| green.release == *release) {
        None => not_green("what stands there is not verified"),
        Some(green) if green.terms != policy.terms => {
            not_green("what stands there was verified under another stage file")
        }
        Some(_) => frozen(view, policy),
    }
}

/// The windows that close the stage to what is new.
fn frozen(view: &View<'_>, policy: &Policy<'_>) -> Option<Wait> {
    let revision = &view.stage.deployed.as_ref()?.release.revision;
    let cause = Cause::Push { actor: None };
    match window::closed(revision, &cause, None, view.now, policy)? {
        Wait::Frozen { closed, opens, .. } => {
            Some(Wait::Toggle(ToggleWait::Frozen { closed, opens }))
        }
        other => Some(other),
    }
}

fn outdated(policy: &Policy<'_>) -> Option<Wait> {
    let definition = policy.outdated.switch.clone()?;
    Some(Wait::PipelineOutdated { definition })
}

/// What keeps a claimed flip from being admitted now.
pub(crate) fn at_the_fence(view: &View<'_>, policy: &Policy<'_>, run: &Run) -> Option<Wait> {
    let toggle = &known(view);
    let is_it = |flip: &&Flip| flip.generation == run.generation && flip.to == view.stage.id.stage;
    if toggle.flip.as_ref().filter(is_it).is_none() {
        let why = "its flip is not the one under way".to_owned();
        return Some(Wait::Toggle(ToggleWait::NotGreen { why }));
    }
    shut(view, policy, toggle)
}

/// Whether people may be led back to this side.
pub(crate) fn is_kept(view: &View<'_>, policy: &Policy<'_>) -> bool {
    let side = &view.stage.id.stage;
    known(view).is_kept(side, view.now, policy.clock_error)
}

/// For whoever wants something deployed to what people use.
pub(crate) fn in_use(view: &View<'_>, policy: Option<&Policy<'_>>) -> Option<Wait> {
    let toggle = known(view);
    let side = &view.stage.id.stage;
    let idle = toggle.idle_side(policy?.rule)?;
    (idle != *side).then(|| Wait::Toggle(not_idle(&toggle, side, idle)))
}

/// The same for what was claimed and asks to be let in.
pub(super) fn still_closed(view: &View<'_>, policy: &Policy<'_>) -> Option<Wait> {
    closed(&known(view), &view.stage.id.stage, view.now, policy)
}
