//! Somebody ran steps on the stage past Greenroom: what stands there is anybody's guess. That is told,
//! and left to people: what is put right behind somebody's back may be what they are at.

use super::Draft;
use super::finish::{self, Told};
use super::run::End;
use crate::policy::Policy;
use crate::stage::{Foreign, Health, Outcome, Run};
use crate::waiting::Wait;

/// What stands on the stage is not verified any more. While an execution of ours is at it, its end
/// says so.
pub(super) fn notice(draft: &mut Draft, policy: Option<&Policy<'_>>) {
    let is_ours = draft.next.run.as_ref().is_some_and(Run::is_admitted);
    let Some(foreign) = draft.next.foreign.clone().filter(|_| !is_ours) else {
        return;
    };
    if !foreign.told {
        doubt(draft, &foreign, policy);
    }
    draft.waits.push(Wait::Foreign(foreign));
}

fn doubt(draft: &mut Draft, foreign: &Foreign, policy: Option<&Policy<'_>>) {
    let stage = &mut draft.next;
    stage.foreign = Some(Foreign {
        told: true,
        ..foreign.clone()
    });
    stage.verified = None;
    if stage.brk.is_none() {
        stage.health = Health::Unverified;
    }
    let Some(deployed) = &mut stage.deployed else {
        return;
    };
    deployed.complete = false;
    let (release, generation) = (deployed.release.clone(), deployed.generation);
    stage.tried = Some(release.clone());
    stage.unclear = None;
    if let Some(policy) = policy {
        let told = Told {
            routes: &policy.rule.alert,
            config: &policy.file.hash,
            overridden: None,
        };
        finish::unverified(draft, &release, generation, &foreign.sentence(), &told);
    }
    finish::ask_downstream(draft, policy, generation);
}

/// How a run ends beside which somebody ran steps of their own: nobody can tell what its tests saw, and
/// it is not tried again behind their back.
pub(super) fn judge(draft: &mut Draft, run: &Run, end: End) -> End {
    // Leading people somewhere says nothing of what stands there.
    if run.cause.is_flip() {
        return end;
    }
    let since = run.admitted_at;
    let meanwhile = |foreign: &&mut Foreign| since.is_some_and(|since| foreign.at >= since);
    let Some(foreign) = draft.next.foreign.as_mut().filter(meanwhile) else {
        return end;
    };
    let (outcome, why) = match end.outcome {
        Outcome::Succeeded | Outcome::Failed => (Outcome::Errored, foreign.sentence()),
        Outcome::Errored | Outcome::TimedOut => {
            (end.outcome, format!("{}; {}", end.why, foreign.sentence()))
        }
        Outcome::Aborted | Outcome::Refused => return end,
    };
    foreign.told = true;
    if let Some(deployed) = &mut draft.next.deployed {
        deployed.complete = false;
    }
    End {
        outcome,
        why,
        failing: None,
        again: false,
    }
}
