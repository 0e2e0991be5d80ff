//! What a look at an item proves about a single write whose answer was lost.
//!
//! A mark proves that the write happened. That it did not is proved only by the version, and only
//! for a put: the versions of an item that guards a decision never go back. What was deleted
//! leaves no trace of who did it.

use greenroom_app::ports::store::{Condition, Key, Write};

/// Names one write among all there ever are.
pub(super) type Mark = [u8; 12];

/// The newest version of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    pub version: u64,
    /// Of the last single put.
    pub mark: Option<Mark>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Happened,
    /// Others were first.
    DidNot(Key),
    /// It had no effect so far, and to send it again has the same effect once at most.
    NotYet,
    /// Nothing is proved.
    Open,
}

pub(super) fn verdict(write: &Write, mark: &Mark, seen: Option<&Seen>) -> Verdict {
    let others = || Verdict::DidNot(write.key().clone());
    match (write, seen) {
        (Write::Put { .. }, Some(seen)) if seen.mark.as_ref() == Some(mark) => Verdict::Happened,
        (Write::Put { condition, .. }, Some(seen)) => match condition {
            Condition::Version(before) if seen.version == *before => Verdict::NotYet,
            Condition::Version(before) if seen.version == before.saturating_add(1) => others(),
            Condition::Absent if seen.version == 1 => others(),
            // One more version, and ours may lie below it.
            Condition::Version(_) | Condition::Absent | Condition::Any => Verdict::Open,
        },
        // That it is gone is all a delete without condition wants.
        (
            Write::Delete {
                condition: Condition::Any,
                ..
            },
            None,
        ) => Verdict::Happened,
        // A put whose item is not there may have been deleted since.
        (Write::Put { .. } | Write::Delete { .. }, _) => Verdict::Open,
        (Write::Check { .. }, _) => Verdict::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Mark = [1; 12];

    fn put(condition: Condition) -> Write {
        Write::Put {
            key: Key::new("p", "s"),
            value: Vec::new(),
            condition,
        }
    }

    fn delete(condition: Condition) -> Write {
        Write::Delete {
            key: Key::new("p", "s"),
            condition,
        }
    }

    fn at(version: u64, mark: Option<Mark>) -> Option<Seen> {
        Some(Seen { version, mark })
    }

    fn others() -> Verdict {
        Verdict::DidNot(Key::new("p", "s"))
    }

    #[test]
    fn our_mark_proves_that_it_happened_whatever_came_on_top_of_it() {
        for condition in [Condition::Any, Condition::Absent, Condition::Version(3)] {
            for version in [1, 4, 9] {
                let seen = at(version, Some(OURS));
                let verdict = verdict(&put(condition), &OURS, seen.as_ref());
                assert_eq!(verdict, Verdict::Happened);
            }
        }
    }

    #[test]
    fn a_guarded_put_is_sent_again_only_while_its_version_stands() {
        let said = |seen: Option<Seen>| verdict(&put(Condition::Version(3)), &OURS, seen.as_ref());
        assert_eq!(said(at(3, None)), Verdict::NotYet);
        assert_eq!(said(at(3, Some([2; 12]))), Verdict::NotYet);
        assert_eq!(said(at(4, Some([2; 12]))), others());
        assert_eq!(said(at(4, None)), others());
        assert_eq!(said(at(5, None)), Verdict::Open);
        assert_eq!(said(at(2, None)), Verdict::Open);
        assert_eq!(said(None), Verdict::Open);
    }

    #[test]
    fn what_another_created_was_not_created_by_us() {
        let said = |seen: Option<Seen>| verdict(&put(Condition::Absent), &OURS, seen.as_ref());
        assert_eq!(said(at(1, Some([2; 12]))), others());
        assert_eq!(said(at(1, None)), others());
        assert_eq!(said(at(2, None)), Verdict::Open);
        // Created and deleted again, or never created: sent again it might be there twice.
        assert_eq!(said(None), Verdict::Open);
    }

    #[test]
    fn an_unguarded_put_that_is_not_seen_may_lie_below_what_is() {
        let said = |seen: Option<Seen>| verdict(&put(Condition::Any), &OURS, seen.as_ref());
        assert_eq!(said(at(1, None)), Verdict::Open);
        assert_eq!(said(None), Verdict::Open);
    }

    #[test]
    fn only_a_delete_without_condition_is_proved_by_absence() {
        let said =
            |condition, seen: Option<Seen>| verdict(&delete(condition), &OURS, seen.as_ref());
        assert_eq!(said(Condition::Any, None), Verdict::Happened);
        assert_eq!(said(Condition::Any, at(1, None)), Verdict::Open);
        assert_eq!(said(Condition::Version(1), None), Verdict::Open);
        assert_eq!(said(Condition::Version(1), at(1, None)), Verdict::Open);
    }
}
