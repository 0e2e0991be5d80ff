//! When a plan asks to be looked at again: never after something could have opened, and never
//! for nothing.

use greenroom_core::plan::{OBSERVE_EVERY, Plan, plan};
use greenroom_core::policy::View;
use jiff::Timestamp;

use crate::answers::codes;
use crate::draw::draw;
use crate::lay::{Laid, instant, lay};
use crate::random::seeds;
use crate::sentences::{Answer, decide};
use crate::situation::*;

const CASES: u64 = 20_000;
/// After this nothing drawn changes by itself any more.
const END: i64 = 3000 * MINUTE;
/// How long a stopped execution may take to end.
const STOP: i64 = 2 * MINUTE;

/// Every instant at which time alone may change the answer.
fn edges(s: &Situation) -> Vec<i64> {
    let mut edges = Vec::new();
    if let Some(until) = s.lock.and_then(|lock| lock.until) {
        edges.push(until + s.clock_error);
    }
    if let Some(proof) = s.upstream.and_then(|it| it.verified) {
        edges.push(proof.since + s.soak.unwrap_or(0) + 2 * s.clock_error);
    }
    edges.extend(s.waits.and_then(|it| it.not_before));
    edges.extend(s.pause.flatten().map(|until| until + s.clock_error));
    edges.extend(s.window.map(|it| match it.allows {
        true => it.begin + s.clock_error,
        false => it.begin + WINDOW + s.clock_error,
    }));
    if let Some(run) = s.run {
        edges.extend([run.deadline, run.since + STOP]);
    }
    let around = edges.into_iter().flat_map(|at| [at - 1, at, at + 1]);
    let mut all: Vec<i64> = around.chain([1, END]).filter(|at| *at > s.now).collect();
    all.sort_unstable();
    all
}

/// Plans what `before` led to, at another instant.
fn again(laid: &Laid, before: &Plan, now: Timestamp) -> Plan {
    let view = View {
        stage: &before.next,
        now,
        ..laid.view()
    };
    plan(&view, laid.policy.as_ref())
}

/// What is wrong with when a plan asks to be looked at again.
fn wrong(s: &Situation, wake_of: impl Fn(&Plan) -> Option<Timestamp>) -> Option<String> {
    let laid = lay(s);
    let first = plan(&laid.view(), laid.policy.as_ref());
    let wake = wake_of(&first);
    if wake.is_some_and(|wake| wake <= laid.now) {
        return Some(format!("it asks to be looked at again at once: {wake:?}"));
    }
    let answer = decide(s);
    // A window that closes over what waits for something else changes nothing: it is asked again
    // before a claim.
    let frozen = codes(&first).contains("frozen");
    let seen = |plan: &Plan| {
        let mut codes = codes(plan);
        codes.retain(|code| frozen || *code != "frozen");
        codes
    };
    let closes = |answer: Answer| {
        let codes = answer.codes.into_iter();
        let codes = codes.filter(|code| frozen || *code != "frozen").collect();
        Answer { codes, ..answer }
    };
    for at in edges(s) {
        if wake.is_some_and(|wake| wake <= instant(at)) {
            break;
        }
        let later = again(&laid, &first, instant(at));
        if seen(&later) != seen(&first) || later.next != first.next || !later.effects.is_empty() {
            return Some(format!("it sleeps until {wake:?} over a change at {at}"));
        }
        // Once a run is claimed the situation is another one.
        let opens =
            s.run.is_none() && answer.claims.is_none() && closes(decide(&s.at(at))) != answer;
        if opens {
            return Some(format!("it sleeps until {wake:?} over an opening at {at}"));
        }
    }
    let woken = again(&laid, &first, wake?);
    let changes =
        codes(&woken) != codes(&first) || woken.next != first.next || !woken.effects.is_empty();
    let looks = looks_outside(&first) && wake? >= laid.now.checked_add(OBSERVE_EVERY).ok()?;
    (!changes && !looks).then(|| format!("it wakes at {wake:?} for nothing"))
}

/// Whether what it waits for happens outside, so that it looks now and then.
fn looks_outside(plan: &Plan) -> bool {
    let run = plan.next.run.as_ref();
    codes(plan).contains("building")
        || plan.next.unstopped.is_some()
        || run.is_some_and(|run| run.execution.is_some() && run.ended.is_none())
}

#[test]
fn a_plan_wakes_when_something_changes_and_not_before() {
    for seed in seeds(CASES) {
        let situation = draw(seed);
        if let Some(wrong) = wrong(&situation, |plan| plan.wake) {
            panic!("GREENROOM_SEED={seed} begins with this: {wrong}\nin {situation:?}");
        }
    }
}

#[test]
fn waking_too_late_or_for_nothing_is_noticed() {
    let nanosecond = jiff::SignedDuration::from_nanos(1);
    let sleeps = |plan: &Plan| {
        let wake = plan.wake?;
        wake.checked_add(nanosecond).ok()
    };
    let hurries = |plan: &Plan| {
        let wake = plan.wake?;
        wake.checked_sub(nanosecond).ok()
    };
    let mut noticed = [0, 0, 0];
    for seed in seeds(2_000) {
        let situation = draw(seed);
        noticed[0] += u32::from(wrong(&situation, sleeps).is_some());
        noticed[1] += u32::from(wrong(&situation, hurries).is_some());
        noticed[2] += u32::from(wrong(&situation, |_| None).is_some());
    }
    assert!(noticed.iter().all(|times| *times > 100), "{noticed:?}");
}
