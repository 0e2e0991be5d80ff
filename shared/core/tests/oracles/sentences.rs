//! What the documentation says about claiming a stage, one sentence after the other.

use std::collections::BTreeSet;

use crate::situation::*;

/// What is claimed now; if nothing, the codes of all that is waited for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    pub claims: Option<Bytes>,
    pub codes: BTreeSet<&'static str>,
}

/// What a stage wants to deploy.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub why: Why,
    pub revision: u8,
    pub bytes: Option<Bytes>,
    pub asked: Asked,
    pub not_before: Option<i64>,
}

pub fn decide(s: &Situation) -> Answer {
    let mut codes = BTreeSet::new();
    // A run under way keeps everything else waiting.
    if let Some(run) = &s.run {
        codes.insert(match run.phase {
            Phase::Starting => "starting",
            Phase::Deploying => "deploying",
            Phase::Verifying => "verifying",
            Phase::Stopping => "stopping",
        });
    }
    // A stage that is not in the stage file any more takes nothing.
    if s.takes == Takes::Nothing {
        codes.insert("rule_gone");
        return Answer {
            claims: None,
            codes,
        };
    }
    if is_reading(s) {
        codes.insert("reading_head");
    }
    // Everybody who looks is told that everything is paused.
    if is_paused(s) {
        codes.insert("paused");
    }
    if s.run.is_some() {
        return Answer {
            claims: None,
            codes,
        };
    }
    let Some(wanted) = wanted(s) else {
        codes.extend(idle(s));
        return Answer {
            claims: None,
            codes,
        };
    };
    let closed = closed(s, &wanted);
    let claims = bytes(s, &wanted).ok().filter(|_| closed.is_empty());
    if claims.is_some() {
        codes.insert("starting");
    }
    codes.extend(closed);
    Answer { claims, codes }
}

/// A refresh reads a branch, so there must be one, and promotions come from no branch.
fn is_reading(s: &Situation) -> bool {
    s.reading
        && match s.takes {
            Takes::Branch => true,
            Takes::Tags => s.head.is_some(),
            Takes::Promotions | Takes::Nothing => false,
        }
}

pub fn wanted(s: &Situation) -> Option<Wanted> {
    let waits = s.waits.map(|it| Wanted {
        why: it.why,
        revision: it.revision,
        bytes: it.bytes,
        asked: it.asked,
        not_before: it.not_before,
    });
    // A person's rollback comes before what automation would like.
    if let Some(rollback) = waits.filter(|it| it.why == Why::Rollback) {
        return Some(rollback);
    }
    if s.takes != Takes::Promotions {
        // Nothing is promoted to a stage that takes no promotions. What it builds for itself is
        // what it builds by now.
        let waits = waits.filter(|it| it.why != Why::Promotion);
        return waits.map(|it| Wanted {
            bytes: it.bytes.filter(|bytes| bytes.recipe == 0),
            ..it
        });
    }
    // Of the stage before, what it has verified is wanted, and nothing else.
    let verified = verified_upstream(s)?;
    let nothing_to_do = [s.green, s.tried, s.rejected];
    if nothing_to_do.contains(&Some(verified)) {
        return None;
    }
    let waited = waits.filter(|it| it.why == Why::Promotion && it.bytes == Some(verified));
    Some(waited.unwrap_or(Wanted {
        why: Why::Promotion,
        revision: verified.revision,
        bytes: Some(verified),
        asked: Asked::No,
        not_before: None,
    }))
}

fn verified_upstream(s: &Situation) -> Option<Bytes> {
    Some(s.upstream?.verified?.of)
}

/// Every gate that is closed to it.
fn closed(s: &Situation, wanted: &Wanted) -> BTreeSet<&'static str> {
    let mut codes = BTreeSet::new();
    if is_paused(s) {
        codes.insert("paused");
    }
    if is_locked(s) {
        codes.insert("locked");
    }
    if is_frozen(s, bytes(s, wanted).ok()) {
        codes.insert("frozen");
    }
    // Nothing is deployed by a pipeline of another file, not even what was good before.
    if s.outdated.0 {
        codes.insert("pipeline_outdated");
    }
    // What may still be at it stops everybody: who goes on without it asks for something anew.
    if s.unstopped {
        codes.insert("held");
    }
    // A hold stops automation and nobody who asks for something by name.
    let by_name = [Why::Rollback, Why::Retry, Why::AskedFor].contains(&wanted.why);
    if s.held && !by_name {
        codes.insert("held");
    }
    if wanted.not_before.is_some_and(|until| s.now < until) {
        codes.insert("backoff");
    }
    match bytes(s, wanted) {
        Ok(bytes) => codes.extend(unproven(s, wanted.why, bytes)),
        Err(code) => drop(codes.insert(code)),
    }
    codes
}

/// However wrong the clock is, a lock is never over before its end.
pub fn is_locked(s: &Situation) -> bool {
    match s.lock {
        None => false,
        Some(Lock { until: None, .. }) => true,
        Some(Lock {
            until: Some(end), ..
        }) => s.now - s.clock_error < end,
    }
}

/// A pause ends as a lock does.
pub fn is_paused(s: &Situation) -> bool {
    match s.pause {
        None => false,
        Some(None) => true,
        Some(Some(end)) => s.now - s.clock_error < end,
    }
}

/// Whatever the true time is, a closed window is not entered, but by exactly the bytes that
/// somebody lets through.
pub fn is_frozen(s: &Situation, bytes: Option<Bytes>) -> bool {
    let Some(window) = s.window else { return false };
    if bytes.is_some() && bytes == s.through {
        return false;
    }
    let (earliest, latest) = (s.now - s.clock_error, s.now + s.clock_error);
    let end = window.begin + WINDOW;
    if window.allows {
        earliest < window.begin || latest >= end
    } else {
        latest >= window.begin && earliest < end
    }
}

/// The bytes, or what is known of their build.
pub fn bytes(s: &Situation, wanted: &Wanted) -> Result<Bytes, &'static str> {
    if let Some(bytes) = wanted.bytes {
        return Ok(bytes);
    }
    let made = |artifact| Bytes {
        revision: wanted.revision,
        recipe: 0,
        artifact,
    };
    if s.takes == Takes::Tags {
        return Ok(made(0));
    }
    let build = s
        .build
        .filter(|it| it.revision == wanted.revision && it.recipe == 0);
    // That it was asked for by another recipe says nothing any more.
    let asked = match wanted.asked {
        Asked::For(recipe, _) if recipe != 0 => Asked::No,
        asked => asked,
    };
    // Nothing is built by a pipeline of another file.
    let is_asked_for = matches!(asked, Asked::For(..));
    let begins = if s.outdated.1 && !is_asked_for {
        "pipeline_outdated"
    } else {
        "building"
    };
    let Some(build) = build else {
        return Err(begins);
    };
    match (build.how, asked) {
        (How::Succeeded(artifact), _) => Ok(made(artifact)),
        (How::Running | How::Pausing, _) => Err("building"),
        (_, Asked::Again) => Err(begins),
        // An end that was there before it was asked for is no answer.
        (_, Asked::For(_, after)) if build.attempt <= after => Err("building"),
        (How::Failed, _) => Err("build_failed"),
        // Nobody could tell, and somebody else wants it: it is tried once more.
        (How::Unclear, Asked::No) => Err(begins),
        (How::Unclear, _) => Err("build_unclear"),
    }
}

/// What it has yet to prove. What was green here before has nothing to prove.
pub fn unproven(s: &Situation, why: Why, bytes: Bytes) -> BTreeSet<&'static str> {
    let mut codes = BTreeSet::new();
    if why == Why::Rollback {
        return codes;
    }
    if s.takes == Takes::Promotions {
        codes.extend(unproven_upstream(s, bytes));
    }
    let people: BTreeSet<String> = s
        .approvals
        .iter()
        .filter(|yes| yes.to == bytes && yes.under == Terms::InForce)
        .map(|yes| yes.by.to_lowercase())
        .collect();
    if people.len() < s.need.unwrap_or(0) {
        codes.insert("approval");
    }
    codes.extend(unshown(s, bytes));
    codes
}

/// What its own build does not show, of what is demanded; a build that has not succeeded shows
/// nothing, nor does one that nobody knows. Of what is not built nothing is demanded.
fn unshown(s: &Situation, bytes: Bytes) -> impl Iterator<Item = &'static str> {
    let build = s
        .build
        .filter(|it| (it.revision, it.recipe) == (bytes.revision, bytes.recipe));
    let shows = match build.map(|build| build.how) {
        Some(How::Succeeded(_)) => s.shows,
        _ => 0,
    };
    let demands = if s.takes == Takes::Tags { 0 } else { s.demands };
    let lacking = demands & !shows;
    SHOWN
        .into_iter()
        .filter(move |(bit, _)| lacking & bit != 0)
        .map(|(_, code)| code)
}

/// Exactly these bytes, green there now, as it is demanded there now, for all of the soak.
fn unproven_upstream(s: &Situation, bytes: Bytes) -> Option<&'static str> {
    let proof = s.upstream.and_then(|it| it.verified);
    let Some(proof) = proof.filter(|it| it.of == bytes) else {
        return Some("upstream_unverified");
    };
    if proof.under != Terms::InForce {
        return Some("upstream_outdated");
    }
    // The clock that read the beginning may have been slow, and the one that reads now fast.
    let latest_beginning = proof.since + s.clock_error;
    let earliest_now = s.now - s.clock_error;
    let short = s
        .soak
        .is_some_and(|soak| earliest_now - latest_beginning < soak);
    short.then_some("soaking")
}

/// Nothing is wanted: why not?
fn idle(s: &Situation) -> BTreeSet<&'static str> {
    let mut codes = BTreeSet::new();
    if is_locked(s) {
        codes.insert("locked");
    }
    if s.held || s.unstopped {
        codes.insert("held");
    }
    if !is_reading(s) {
        codes.extend(nothing(s));
    }
    if codes.is_empty() && !is_reading(s) && !is_paused(s) {
        codes.insert("up_to_date");
    }
    codes
}

fn nothing(s: &Situation) -> Option<&'static str> {
    let is = |bytes: Option<Bytes>, refused: Option<Bytes>| bytes.is_some() && bytes == refused;
    let (rejected, failed) = match s.takes {
        Takes::Promotions => {
            let Some(verified) = verified_upstream(s) else {
                return Some("upstream_unverified");
            };
            let verified = Some(verified);
            (is(verified, s.rejected), is(verified, s.tried))
        }
        // What is rejected is kept from the stage only while the head still is there.
        _ => {
            let rejected = s.rejected.map(|no| no.revision);
            (rejected.is_some() && rejected == s.head, s.tried.is_some())
        }
    };
    // What stands here, green, is kept from nowhere.
    if rejected && s.rejected != s.green {
        return Some("rejected");
    }
    if failed {
        return Some("failed_here");
    }
    s.deployed.is_none().then_some("nothing_yet")
}
