//! Which changes of a repository concern a stage: one that holds many services is pushed to far more
//! often than each of them changes.

use crate::fact::Fact;
use crate::name::{RefName, Revision};
use crate::stage::{BuildNeed, Candidate, Phase, Stage};
use crate::stage_file::Rule;

/// What a head that was read is compared with: the newest of its branch that waits, runs or stands
/// on the stage. `None` where nothing has to be compared: the rule is about every path, a person
/// asked, there is nothing yet or not for long, or what is there is of another branch.
pub fn compared_with<'a>(stage: &'a Stage, rule: &Rule, fact: &Fact) -> Option<&'a Revision> {
    let Fact::HeadObserved {
        reference,
        revision,
        cause,
        ..
    } = fact
    else {
        return None;
    };
    if rule.paths.is_empty() || cause.is_personal() {
        return None;
    }
    newest(stage, reference).filter(|newest| *newest != revision)
}

fn newest<'a>(stage: &'a Stage, reference: &RefName) -> Option<&'a Revision> {
    let is_its = |of: Option<&RefName>| of.is_none_or(|of| of == reference);
    let is_pushed = |it: &&Candidate| !it.cause.is_rollback();
    if let Some(waits) = stage.line().filter(is_pushed).last() {
        let is_made = waits.build != BuildNeed::Failed && is_its(waits.reference.as_ref());
        return Some(&waits.revision).filter(|_| is_made);
    }
    let run = stage.run.as_ref().filter(|run| run.cause.deploys());
    if let Some(run) = run {
        let stops = matches!(run.phase, Phase::Stopping { .. });
        let is_to_stand = !stops && is_its(run.reference.as_ref());
        return Some(&run.release.revision).filter(|_| is_to_stand);
    }
    // A rollback has no branch, and what it went back from is new once more.
    let stands = stage.stands().filter(|_| stage.life.wish.is_none())?;
    Some(&stands.release.revision).filter(|_| is_its(stands.reference.as_ref()))
}

/// `fact`, a head that was compared with `since`: untouched if none of the paths `changed` is one of
/// the rule's.
#[must_use]
pub fn judged(fact: Fact, since: Revision, rule: &Rule, changed: &[String]) -> Fact {
    let touches = |path: &String| rule.paths.iter().any(|pattern| pattern.matches(path));
    match fact {
        Fact::HeadObserved {
            reference,
            revision,
            actor,
            cause,
            at,
        } if !changed.iter().any(touches) => Fact::HeadUntouched {
            reference,
            revision,
            actor,
            cause,
            since,
            at,
        },
        fact => fact,
    }
}
