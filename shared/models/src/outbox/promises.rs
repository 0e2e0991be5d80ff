//! What holds of the two announcements, by the numbers of ARCHITECTURE.md.

use stateright::Property;

use super::{Bounds, Outbox, Told, Worker};

type One = Property<Outbox>;

/// What is promised, and what must happen for that to say anything.
pub fn all(bounds: &Bounds) -> Vec<One> {
    let mut all = vec![
        One::always("E1 what is gone was told, or given up aloud", |_, state| {
            let mut both = state.entries.iter().zip(&state.told);
            both.all(|(entry, told)| entry.is_some() || told.copies() > 0 || told.given_up)
        }),
        One::always("E1 nothing is lost", |_, state| {
            let is_lost = |letter: usize| {
                let told = &state.told[letter];
                let sent_yet =
                    |worker: &Worker| matches!(worker, Worker::Claimed(at, _) if *at == letter);
                state.entries[letter].is_none()
                    && told.copies() == 0
                    && !told.given_up
                    && !state.workers.iter().any(sent_yet)
            };
            !(0..state.told.len()).any(is_lost)
        }),
        One::always(
            "E2 one copy, and one for each try nobody knows of",
            |_, state| {
                let mut told = state.told.iter();
                told.all(|told| told.copies() <= 1 + told.unknown)
            },
        ),
        One::always(
            "E2 every copy but one says that it may be one",
            |_, state| state.told.iter().all(|told| told.plain <= 1),
        ),
        One::always("E4 no recovery before its break", |_, state| {
            !state.out_of_turn
        }),
        One::sometimes("both are told once and gone", |_, state| {
            let once = |told: &Told| (told.plain, told.repeated) == (1, 0);
            state.told.iter().all(once) && state.entries.iter().all(Option::is_none)
        }),
        One::sometimes("a copy is sent", |_, state| {
            state.told.iter().any(|told| told.copies() > 1)
        }),
        One::sometimes("one is given up", |_, state| {
            state.told.iter().any(|told| told.given_up)
        }),
        One::sometimes("one is taken over", |_, state| {
            state.told.iter().any(|told| told.taken_over)
        }),
    ];
    if !bounds.alone {
        all.push(One::sometimes(
            "one is sent by whoever was too slow, after it is gone",
            |_, state| state.told.iter().any(|told| told.late),
        ));
    }
    all
}

/// What is not promised, though one might think so: see `docs/models.md`.
pub fn of_gaps(_: &Bounds) -> Vec<One> {
    vec![One::always(
        "a recovery is told where its break was",
        |_, state| {
            state
                .told
                .last()
                .is_none_or(|recovery| recovery.copies() == 0)
                || state.told.first().is_none_or(|brk| brk.copies() > 0)
        },
    )]
}
