//! What the documentation says about each command: refused and how, or what is different after.

use greenroom_core::accept::RejectionKind;

use crate::sentences::{bytes, is_frozen, is_locked, is_paused, unproven, wanted};
use crate::situation::*;

/// A command, flat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    Promote,
    /// With so many digits of a revision, if any.
    Approve(Option<(u8, usize)>),
    Reject(Option<(u8, usize)>),
    Rollback(Option<(u8, usize)>),
    Retry,
    Abort,
    Lock(Option<i64>),
    Unlock,
    Refresh,
    Acknowledge,
    Admit(Knock),
}

/// An execution at the fence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Knock {
    pub generation_is_ours: bool,
    pub nonce_is_ours: bool,
    pub execution_is_ours: bool,
    pub revision: u8,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    Automation,
    Pipeline,
    Operator(Person),
    Person(Person),
}

pub type Answer = Result<Situation, RejectionKind>;

const INVALID: Answer = Err(RejectionKind::Invalid);
const NOT_FOUND: Answer = Err(RejectionKind::NotFound);
const CONFLICT: Answer = Err(RejectionKind::Conflict);
const CLOSED: Answer = Err(RejectionKind::Closed);

/// The one table of who may ask for what.
pub fn may(who: Who, ask: Ask, owners_only: bool, owners: &[Person]) -> bool {
    match who {
        Who::Automation => false,
        Who::Pipeline => matches!(ask, Ask::Admit(_)),
        Who::Operator(_) => !matches!(ask, Ask::Admit(_)),
        Who::Person(name) => match ask {
            Ask::Admit(_) => false,
            Ask::Approve(_) | Ask::Reject(_) => {
                let name = name.to_lowercase();
                !owners_only || owners.contains(&name.as_str())
            }
            _ => true,
        },
    }
}

/// What comes of a command that is allowed.
pub fn answer(s: &Situation, by: Person, ask: Ask) -> Answer {
    match ask {
        Ask::Promote => promote(s),
        Ask::Approve(revision) => approve(s, by, revision),
        Ask::Reject(revision) => reject(s, revision),
        Ask::Rollback(to) => rollback(s, to),
        Ask::Retry => retry(s),
        Ask::Abort => match s.run {
            None => NOT_FOUND,
            Some(run) if run.phase == Phase::Stopping => CONFLICT,
            Some(run) => Ok(Situation {
                run: Some(Running {
                    phase: Phase::Stopping,
                    ..run
                }),
                ..s.clone()
            }),
        },
        Ask::Lock(until) => lock(s, by, until),
        Ask::Unlock if s.lock.is_none() => NOT_FOUND,
        Ask::Unlock => Ok(Situation {
            lock: None,
            ..s.clone()
        }),
        Ask::Refresh => refresh(s),
        Ask::Acknowledge if s.broken => Ok(s.clone()),
        Ask::Acknowledge => NOT_FOUND,
        Ask::Admit(knock) => admit(s, knock),
    }
}

/// Takes away what a person put in the way of the verified release, and nothing of the gates.
fn promote(s: &Situation) -> Answer {
    if s.takes != Takes::Promotions {
        return INVALID;
    }
    let Some(proof) = s.upstream.and_then(|it| it.verified) else {
        return CLOSED;
    };
    let rolls_back = s.waits.is_some_and(|it| it.why == Why::Rollback);
    if s.run.is_some_and(|run| run.of == proof.of) {
        return CONFLICT;
    }
    let nothing_is_in_the_way = !s.held && !rolls_back;
    if s.green == Some(proof.of) && nothing_is_in_the_way {
        return CONFLICT;
    }
    Ok(Situation {
        waits: s.waits.filter(|_| !rolls_back),
        held: false,
        unstopped: false,
        tried: None,
        rejected: None,
        ..s.clone()
    })
}

/// The bytes that a yes or no said now is about.
fn meant(s: &Situation, revision: Option<(u8, usize)>) -> Result<Bytes, RejectionKind> {
    if s.need.is_none() || s.takes == Takes::Nothing {
        return Err(RejectionKind::Invalid);
    }
    if s.waits.is_some_and(|it| it.why == Why::Rollback) {
        return Err(RejectionKind::Invalid);
    }
    let candidate = match s.takes {
        // What did not succeed here, or was rejected, may still be spoken about.
        Takes::Promotions => s
            .upstream
            .and_then(|it| it.verified)
            .map(|proof| proof.of)
            .filter(|of| s.green != Some(*of) && s.run.map(|run| run.of) != Some(*of))
            .ok_or(RejectionKind::NotFound)?,
        _ => {
            let wanted = wanted(s).ok_or(RejectionKind::NotFound)?;
            bytes(s, &wanted).map_err(|_| RejectionKind::Conflict)?
        }
    };
    let is_meant = match revision {
        Some((n, digits)) => digits >= 4 && n == candidate.revision,
        // Who names nothing means what they see waiting.
        None => s.waits.is_none_or(|it| it.revision == candidate.revision),
    };
    if !is_meant || s.rejected == Some(candidate) {
        return Err(RejectionKind::Conflict);
    }
    Ok(candidate)
}

fn approve(s: &Situation, by: Person, revision: Option<(u8, usize)>) -> Answer {
    let to = meant(s, revision)?;
    let mut after = s.clone();
    // Every yes that is for anything else is void.
    let counts = |yes: &Yes| yes.to == to && yes.under == Terms::InForce;
    after.approvals.retain(counts);
    let said = |yes: &Yes| yes.by.to_lowercase() == by.to_lowercase();
    if !after.approvals.iter().any(said) {
        after.approvals.push(Yes {
            by,
            to,
            under: Terms::InForce,
        });
    }
    Ok(after)
}

fn reject(s: &Situation, revision: Option<(u8, usize)>) -> Answer {
    let no = meant(s, revision)?;
    Ok(Situation {
        approvals: Vec::new(),
        waits: None,
        rejected: Some(no),
        ..s.clone()
    })
}

fn rollback(s: &Situation, to: Option<(u8, usize)>) -> Answer {
    if s.run.is_some() {
        return CONFLICT;
    }
    let mut greens = s.greens.iter().copied();
    let target = match to {
        Some((n, digits)) => greens.find(|it| digits >= 4 && it.revision == n),
        // What was green before what was deployed last.
        None => match s.greens.iter().position(|it| Some(*it) == s.deployed) {
            Some(place) => s.greens.get(place + 1).copied(),
            None => greens.next(),
        },
    };
    let Some(target) = target else {
        return NOT_FOUND;
    };
    if s.green == Some(target) {
        return CONFLICT;
    }
    Ok(Situation {
        waits: Some(fresh(Why::Rollback, target.revision, Some(target))),
        held: true,
        unstopped: false,
        ..s.clone()
    })
}

fn fresh(why: Why, revision: u8, bytes: Option<Bytes>) -> Waiting {
    Waiting {
        why,
        revision,
        bytes,
        asked: Asked::No,
        not_before: None,
    }
}

fn retry(s: &Situation) -> Answer {
    if s.run.is_some() {
        return CONFLICT;
    }
    if s.takes == Takes::Nothing {
        return INVALID;
    }
    let rolls_back = s.waits.is_some_and(|it| it.why == Why::Rollback);
    // A rollback that failed is what failed, whatever automation would like meanwhile.
    let failed = s
        .last
        .filter(|last| last.why == Why::Rollback && !last.succeeded);
    if let Some(last) = failed.filter(|_| s.held && !rolls_back) {
        let again = fresh(Why::Rollback, last.of.revision, Some(last.of));
        return Ok(Situation {
            waits: Some(again),
            unstopped: false,
            ..s.clone()
        });
    }
    if let Some(waits) = s.waits {
        let asked = match waits.asked {
            Asked::InVain => Asked::Again,
            asked => asked,
        };
        return Ok(Situation {
            waits: Some(Waiting {
                asked,
                not_before: None,
                ..waits
            }),
            held: s.held && rolls_back,
            unstopped: false,
            ..s.clone()
        });
    }
    if s.takes == Takes::Promotions {
        // What is green here needs no second try.
        if s.tried.is_none() && s.green.is_some() {
            return INVALID;
        }
        return Ok(Situation {
            tried: None,
            held: false,
            unstopped: false,
            ..s.clone()
        });
    }
    let Some(last) = s.last else { return NOT_FOUND };
    // What is built otherwise by now is built anew.
    let bytes = Some(last.of).filter(|of| of.recipe == 0);
    Ok(Situation {
        waits: Some(fresh(Why::Retry, last.of.revision, bytes)),
        held: false,
        unstopped: false,
        ..s.clone()
    })
}

fn lock(s: &Situation, by: Person, until: Option<i64>) -> Answer {
    let is_another_s = s.lock.is_some_and(|lock| {
        let holds = lock.until.is_none_or(|end| s.now < end);
        holds && lock.by != by
    });
    if is_another_s {
        return CONFLICT;
    }
    if until.is_some_and(|end| end <= s.now) {
        return INVALID;
    }
    Ok(Situation {
        lock: Some(Lock { by, until }),
        ..s.clone()
    })
}

fn refresh(s: &Situation) -> Answer {
    match s.takes {
        Takes::Promotions | Takes::Nothing => return INVALID,
        Takes::Tags if s.head.is_none() => return NOT_FOUND,
        Takes::Tags | Takes::Branch => {}
    }
    Ok(Situation {
        waits: s.waits.filter(|it| it.why != Why::Rollback),
        held: false,
        unstopped: false,
        reading: true,
        ..s.clone()
    })
}

/// The fence: the claimed run's own execution, its own commit, and every gate that proves
/// something still open.
fn admit(s: &Situation, knock: Knock) -> Answer {
    let Some(run) = s.run else { return CONFLICT };
    let is_ours = knock.generation_is_ours
        && knock.nonce_is_ours
        && knock.revision == run.of.revision
        // The first execution that asks is the claim's, if the start has not answered yet.
        && (knock.execution_is_ours || run.phase == Phase::Starting && !run.known);
    if !is_ours {
        return CONFLICT;
    }
    match run.phase {
        Phase::Stopping | Phase::Verifying => return CONFLICT,
        // Asked twice, answered twice.
        Phase::Deploying => return Ok(s.clone()),
        Phase::Starting => {}
    }
    let is_open =
        s.takes != Takes::Nothing && !is_locked(s) && unproven(s, run.why, run.of).is_empty();
    let is_open = is_open && !is_paused(s) && !is_frozen(s, Some(run.of)) && !s.outdated.0;
    if !is_open {
        return CLOSED;
    }
    Ok(Situation {
        run: Some(Running {
            phase: Phase::Deploying,
            known: true,
            ..run
        }),
        deployed: Some(run.of),
        green: None,
        ..s.clone()
    })
}
