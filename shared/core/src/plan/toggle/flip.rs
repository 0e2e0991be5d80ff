//! The run that leads people to a side: how it is claimed, and what its end means.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::bound;
use crate::effect::{Effect, News};
use crate::execution::Observation;
use crate::name::StageName;
use crate::plan::run::End;
use crate::plan::{Draft, finish, later};
use crate::policy::{Policy, View};
use crate::stage::{Cause, Outcome, Phase, Run};
use crate::toggle::{Doubt, Flip, Kept, Toggle};
use crate::waiting::Wait;

pub(super) fn claim(draft: &mut Draft, by: String, view: &View<'_>, policy: &Policy<'_>) {
    let Some(stands) = draft.next.deployed.clone() else {
        return;
    };
    let stage = &mut draft.next;
    let side = stage.id.stage.clone();
    stage.generation += 1;
    let back = draft.toggle.is_kept(&side, draft.now, policy.clock_error);
    let from = draft.toggle.live.clone().filter(|live| *live != side);
    let deadline = later(draft.now, policy.rule.timeout);
    let run = Run {
        generation: stage.generation,
        release: stands.release,
        reference: stands.reference,
        cause: Cause::Flip { by, from, back },
        nonce: view.nonce.clone(),
        claimed_at: draft.now,
        deadline,
        config: policy.file.hash.clone(),
        terms: policy.terms.clone(),
        phase: Phase::Starting,
        execution: None,
        admitted_at: None,
        ended: None,
        stop_sent: false,
        suites: BTreeMap::new(),
        alert: policy.rule.alert.clone(),
        contains: Vec::new(),
        outputs: stands.outputs,
        attempt: 0,
        outcome: None,
        ended_at: None,
        why: None,
        overridden: None,
        // It leads people, and waits for nobody who deploys elsewhere.
        writes: Vec::new(),
    };
    draft.toggle.flip = Some(Flip {
        to: side.clone(),
        generation: run.generation,
    });
    draft.effects.push(Effect::StartSwitch {
        stage: side,
        generation: run.generation,
        nonce: run.nonce.clone(),
        revision: run.release.revision.clone(),
        config: run.config.clone(),
    });
    draft.waits.push(Wait::Starting {
        generation: run.generation,
        since: run.claimed_at,
    });
    draft.next.run = Some(run);
    draft.wake_at(deadline);
}

/// A flip has ended. Only its own success leads people elsewhere; after anything else the side that
/// was live still is, as far as anybody knows, and people are told that nobody can be sure.
pub(in crate::plan) fn ended(
    draft: &mut Draft,
    mut run: Run,
    end: End,
    policy: Option<&Policy<'_>>,
) {
    let side = draft.next.id.stage.clone();
    let proven = run.is_admitted() && matches!(run.ended, Some(Observation::Succeeded { .. }));
    // What ran past the fence may have led people somewhere as well.
    let touched = run.is_admitted()
        || matches!(
            run.ended,
            Some(Observation::Succeeded { .. } | Observation::Failed { .. })
        );
    let (outcome, why) = if proven {
        (
            Outcome::Succeeded,
            led(&side, draft.now, &mut draft.toggle, &run, policy),
        )
    } else {
        (end.outcome, end.why)
    };
    run.phase = Phase::Ended;
    run.outcome = Some(outcome);
    run.ended_at = Some(draft.now);
    run.why = Some(why.clone());
    draft.toggle.flip = None;
    if !proven {
        if touched {
            draft.toggle.doubt = Some(Doubt {
                to: side,
                generation: run.generation,
                since: draft.now,
                why: bound::text(&why, bound::WHY_MAX),
            });
        }
        if touched || outcome != Outcome::Aborted {
            tell(draft, &run, why);
        }
    }
    ask_the_other(draft, policy, run.generation);
    draft.next.last = Some(run);
}

/// People use `side` from now on; in words for the log.
fn led(
    side: &StageName,
    now: Timestamp,
    toggle: &mut Toggle,
    run: &Run,
    policy: Option<&Policy<'_>>,
) -> String {
    toggle.doubt = None;
    if toggle.is_live(side) {
        return format!("people are led to {side}, as before");
    }
    let Cause::Flip { by, back, .. } = &run.cause else {
        return String::new();
    };
    let keep = policy.and_then(|policy| policy.rule.toggle.as_ref()?.keep);
    let left = toggle.live.replace(side.clone());
    toggle.since = Some(now);
    toggle.by = Some(by.clone());
    toggle.flips += 1;
    // What people came back from is not what anybody wants to go back to.
    toggle.kept = match (left, keep) {
        (Some(side), Some(keep)) if !back => Some(Kept {
            side,
            until: later(now, keep),
        }),
        _ => None,
    };
    match &toggle.kept {
        Some(kept) => format!(
            "people are led to {side}; {} is kept until {:.0}",
            kept.side, kept.until
        ),
        None => format!("people are led to {side}"),
    }
}

fn tell(draft: &mut Draft, run: &Run, why: String) {
    let news = News::FlipFailed {
        live: draft.toggle.live.clone(),
        generation: run.generation,
        why,
        at: draft.now,
    };
    for route in &run.alert {
        finish::announce(draft, route.channel.clone(), &run.config, news.clone());
    }
}

/// The other side hears that it is live no more, or that it may be deployed to.
fn ask_the_other(draft: &mut Draft, policy: Option<&Policy<'_>>, generation: u64) {
    let side = draft.next.id.stage.clone();
    let other = policy.and_then(|policy| policy.rule.other_side(&side));
    if let Some(stage) = other {
        let because = format!("flip-{generation}");
        draft.effects.push(Effect::Ask { stage, because });
    }
}
