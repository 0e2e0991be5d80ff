//! What was decided, and how two decisions differ.

use std::collections::BTreeSet;
use std::fmt::Debug;

use greenroom_core::plan::Plan;
use greenroom_core::waiting::Wait;

/// The codes of all that a plan waits for.
pub fn codes(plan: &Plan) -> BTreeSet<&'static str> {
    plan.waiting_on.iter().map(Wait::code).collect()
}

/// How `got` differs from `expected`, for people; `None` when it does not.
pub fn difference<S: Debug, A: Debug + PartialEq>(
    seed: u64,
    situation: &S,
    expected: &A,
    got: &A,
) -> Option<String> {
    (expected != got).then(|| {
        format!(
            "GREENROOM_SEED={seed} begins with this difference\n\
             expected {expected:?}\ngot {got:?}\nin {situation:?}"
        )
    })
}
