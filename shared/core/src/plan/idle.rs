//! Why nothing is wanted.

use super::{Draft, gates};
use crate::policy::{Policy, View};
use crate::release::Release;
use crate::stage::{Outcome, Rejected, Stage};
use crate::stage_file::From;
use crate::waiting::{LifeWait, Wait};

/// Says why there is no candidate; `reading`: the branch is being read for one.
pub(super) fn explain(draft: &mut Draft, reading: bool, view: &View<'_>, policy: &Policy<'_>) {
    let closed = gates::paused(view, policy)
        .into_iter()
        .chain(gates::locked(&draft.next))
        .chain(gates::parked(&draft.next))
        .chain(gates::unstopped(&draft.next))
        .chain(gates::held(&draft.next, policy));
    draft.waits.extend(closed);
    draft.waits.extend(ending(&draft.next));
    if reading {
        return;
    }
    let stage = &draft.next;
    let wanted = match &policy.upstream {
        None => stage.tried.as_ref(),
        Some(_) => match view
            .upstream
            .and_then(|upstream| upstream.verified.as_ref())
        {
            Some(verified) => Some(&verified.release),
            None => {
                draft.waits.extend(gates::unverified(view, policy));
                return;
            }
        },
    };
    if let Some(no) = &stage.rejected
        && is_kept_away(stage, no, policy, wanted)
    {
        draft.waits.push(Wait::Rejected {
            no: no.clone(),
            promotes: policy.upstream.is_some(),
        });
        return;
    }
    // What was run past Greenroom says itself why automation leaves the stage alone.
    let left = stage.tried.as_ref().filter(|_| stage.foreign.is_none());
    if let Some(tried) = left.filter(|tried| wanted == Some(*tried)) {
        draft.waits.push(Wait::FailedHere {
            revision: tried.revision.clone(),
            aborted: was_aborted(draft, tried),
        });
        return;
    }
    if stage.deployed.is_none() {
        let from = leads_here(&policy.rule.from);
        draft.waits.push(match &stage.life.gone {
            Some(gone) => Wait::Life(LifeWait::Gone {
                gone: gone.clone(),
                from,
            }),
            None => Wait::NothingYet { from },
        });
    }
}

/// What is known of the stage's end: that it has left something, or that it is near.
fn ending(stage: &Stage) -> Option<Wait> {
    let life = &stage.life;
    if let Some(orphan) = &life.orphan {
        return Some(Wait::Life(LifeWait::Orphan(orphan.clone())));
    }
    let warned = life.warned.as_ref()?;
    Some(Wait::Life(LifeWait::Expires {
        since: stage.idle_since()?,
        at: warned.ends,
    }))
}

/// Whether a rejection still keeps something from the stage: what is verified upstream, or what
/// the head is at. Once that is something else, or stands here green, it keeps nothing.
fn is_kept_away(
    stage: &Stage,
    no: &Rejected,
    policy: &Policy<'_>,
    verified: Option<&Release>,
) -> bool {
    let is_wanted = if policy.upstream.is_some() {
        verified == Some(&no.release)
    } else {
        let head = stage.head.as_ref().map(|head| &head.revision);
        head == Some(&no.release.revision)
    };
    is_wanted && stage.verified.as_ref().map(|green| &green.release) != Some(&no.release)
}

fn was_aborted(draft: &Draft, tried: &Release) -> bool {
    let last = draft.next.last.as_ref();
    last.is_some_and(|run| run.release == *tried && run.outcome == Some(Outcome::Aborted))
}

/// What would lead to the stage, for people.
fn leads_here(from: &From) -> String {
    match from {
        From::Local => "nothing: it is local".to_owned(),
        From::Branch {
            pattern,
            refresh: None,
        } => format!("pushes to {}", pattern.as_str()),
        From::Branch {
            pattern,
            refresh: Some(refresh),
        } => {
            format!(
                "{} by its schedule ({} {})",
                pattern.as_str(),
                refresh.cron,
                refresh.timezone
            )
        }
        From::Tag { pattern } => format!("tags {}", pattern.as_str()),
        From::PullRequest { base, .. } => format!("pull requests to {}", base.as_str()),
        From::Promote { rule } => format!("what {rule} has verified"),
        From::Select { pattern } => format!("what a person selects from {}", pattern.as_str()),
    }
}
