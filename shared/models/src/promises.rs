//! What must hold in every state, and what must happen in some, by the numbers of ARCHITECTURE.md.

use std::collections::BTreeMap;

use greenroom_core::stage::{Outcome, Run};
use stateright::Property;

use crate::decide::head;
use crate::protocol::Protocol;
use crate::setup::End;
use crate::state::{Execution, Phase, Start, State, Wrong};

type One = Property<Protocol>;

/// C1, C2, C3, C7 and what every plan keeps.
pub fn of_every_model() -> Vec<One> {
    vec![
        One::always("C1 one execution at a time is let in", |_, state| {
            let at_it = state.executions.iter();
            at_it
                .filter(|known| known.is_let_in() && !known.gone_on)
                .count()
                <= 1
        }),
        One::always("C2 of a claim one execution is let in", |_, state| {
            let mut touched: BTreeMap<Start, usize> = BTreeMap::new();
            for known in &state.executions {
                if known.touched || known.is_let_in() {
                    *touched.entry(known.start).or_default() += 1;
                }
            }
            touched.values().all(|count| *count <= 1)
        }),
        One::always("C3 only the current claim is let in", |_, state| {
            !state.truth.wrong.contains(&Wrong::NotClaimed)
        }),
        One::always("C7 nothing is let in to be stopped at once", |_, state| {
            !state.truth.wrong.contains(&Wrong::TooLate)
        }),
        One::always("C7 a run nobody speaks of ends", |model, state| {
            model.book.runs_dry(
                &model.setup,
                state.stage,
                state.upstream,
                state.file,
                state.tick,
            )
        }),
        One::always("what is green stands there", stands),
        One::always("a plan planned again changes nothing", |_, state| {
            !state.truth.wrong.contains(&Wrong::Unsettled)
        }),
        One::sometimes("a deployment succeeds", |_, state| {
            let mut all = state.executions.iter();
            all.any(|known| known.touched && known.phase == Phase::Ended(End::Succeeded))
        }),
        One::sometimes("an execution is refused", |_, state| {
            let mut all = state.executions.iter();
            all.any(|known| known.phase == Phase::Ended(End::Refused))
        }),
    ]
}

/// Green means that it is there, unless one that would not stop, and that a person went on
/// without, may have been at it since.
fn stands(model: &Protocol, state: &State) -> bool {
    let stage = model.stage(state);
    let Some(verified) = &stage.verified else {
        return true;
    };
    let anybody = state
        .executions
        .iter()
        .any(|known| known.gone_on && (known.touched || known.is_let_in()));
    anybody || state.truth.on_stage == Some(head(&verified.release.revision))
}

/// A lock is kept, and nothing passes it.
pub fn of_locks() -> Vec<One> {
    vec![
        One::always(
            "D6 nothing is claimed or let in under a lock",
            |_, state| !state.truth.wrong.contains(&Wrong::UnderLock),
        ),
        One::always("a lock that was granted stands", |model, state| {
            state.truth.lock.is_none() || model.stage(state).lock.is_some()
        }),
        One::sometimes(
            "a lock comes between claim and admission",
            |model, state| {
                let stage = model.stage(state);
                let waits = stage.run.as_ref().is_some_and(|run| !run.is_admitted());
                waits && state.truth.lock.is_some()
            },
        ),
        One::sometimes("a lock comes after the admission", |model, state| {
            let stage = model.stage(state);
            let runs = stage.run.as_ref().is_some_and(Run::is_admitted);
            runs && state.truth.lock.is_some()
        }),
        One::sometimes("a lock is over and a run is claimed", |model, state| {
            let stage = model.stage(state);
            state.truth.lock.is_none() && stage.generation > 0 && state.tick > 0
        }),
    ]
}

/// A yes is for what was looked at.
pub fn of_approvals() -> Vec<One> {
    vec![
        One::always("H7 nothing goes out that was not approved", |_, state| {
            !state.truth.wrong.contains(&Wrong::Unapproved)
        }),
        One::sometimes("an approval is void", |model, state| {
            !state.truth.yes.is_empty() && model.stage(state).approvals.is_empty()
        }),
        One::sometimes("a newer candidate waits beside the run", |model, state| {
            let stage = model.stage(state);
            stage.run.is_some() && stage.candidate.is_some()
        }),
    ]
}

/// Nothing is claimed or let in that the upstream has not proven, now and for long enough.
pub fn of_promotions() -> Vec<One> {
    vec![
        One::always(
            "D1 D3 D4 nothing goes out that is not proven",
            |_, state| !state.truth.wrong.contains(&Wrong::Unproven),
        ),
        One::sometimes("the upstream is red during a run", |model, state| {
            model.stage(state).run.is_some() && state.truth.upstream.is_none()
        }),
        One::sometimes("a soak is not over", |model, state| {
            state.truth.upstream.is_some() && model.stage(state).candidate.is_some()
        }),
    ]
}

/// What happens when executions are late, lost, stopped or would not stop.
pub fn of_claims() -> Vec<One> {
    vec![
        One::always(
            "what would not stop is not sent again by itself",
            |_, state| !state.truth.wrong.contains(&Wrong::Repeated),
        ),
        One::always(
            "nothing newer goes out beside one that would not stop",
            |_, state| !state.truth.wrong.contains(&Wrong::Overtaken),
        ),
        One::sometimes("a start makes two executions", |_, state| {
            let all = &state.executions;
            let twice = |known| all.iter().filter(|other| other.start == known).count() > 1;
            all.iter().any(|known| twice(known.start))
        }),
        One::sometimes("a start arrives after its run has ended", |model, state| {
            let generation = model.stage(state).generation;
            let mut all = state.executions.iter();
            all.any(|known| known.start.generation < generation && known.phase == Phase::Asking)
        }),
        One::sometimes("a run times out", |model, state| {
            let last = model.stage(state).last.clone();
            last.is_some_and(|last| last.outcome == Some(Outcome::TimedOut))
        }),
        One::sometimes("an execution would not stop", |_, state| {
            state
                .executions
                .iter()
                .any(|known| known.given_up && known.is_let_in())
        }),
    ]
}

/// What waits for one that would not stop goes out when that is gone.
pub fn of_those_who_wait() -> Vec<One> {
    vec![
        One::sometimes("a newer one waits for it", |model, state| {
            let stage = model.stage(state);
            stage.unstopped.is_some() && stage.candidate.is_some()
        }),
        One::sometimes("a newer one goes out when it is gone", |model, state| {
            let gone = |known: &Execution| known.given_up && !known.is_let_in() && !known.gone_on;
            let stage = model.stage(state);
            state.executions.iter().any(gone) && stage.generation == 2 && stage.run.is_some()
        }),
    ]
}

/// Each slot of a schedule is decided once.
pub fn of_refreshes() -> Vec<One> {
    vec![
        One::always("D3 F1 a slot is decided once", |_, state| {
            !state.truth.wrong.contains(&Wrong::SlotTwice)
        }),
        One::always("a plan planned again changes nothing", |_, state| {
            !state.truth.wrong.contains(&Wrong::Unsettled)
        }),
        One::sometimes("a slot is decided before its time", |_, state| {
            let newest = state.truth.slots.last();
            newest.is_some_and(|slot| *slot > state.tick)
        }),
        One::sometimes("two slots bring two runs", |model, state| {
            state.truth.slots.len() == 2 && model.stage(state).generation == 2
        }),
        One::sometimes("a slot passes while nobody is there", |model, state| {
            let skipped = model.stage(state).refresh.skipped.clone();
            skipped.is_some_and(|skipped| skipped.missed > 0)
        }),
        One::sometimes("a slot finds a refresh under way", |model, state| {
            let stage = model.stage(state);
            let wish = stage.refresh.wish.as_ref().and_then(|wish| wish.slot);
            wish.is_some() && stage.refresh.decided != wish
        }),
    ]
}

/// What the core does not promise, though one might think so: see `docs/models.md`.
pub fn of_gaps() -> Vec<One> {
    vec![One::always(
        "a yes counts under the terms that were looked at",
        |_, state| !state.truth.blindly,
    )]
}
