//! Whatever is done to a body, reading it ends in an answer, and what it answers is bounded.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// Pieces that parsers have stumbled over.
const PIECES: &[&str] = &[
    "\\ud800",
    "\\u0000",
    "null",
    "-1",
    "1e999",
    "18446744073709551616",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ",",
    ":",
    "\u{0}",
    "\u{fffd}",
    "[[[[",
    "{\"ref\":",
    "true",
    "0.1",
    " ",
];

#[derive(Clone, Debug)]
enum Change {
    Cut(Index, Index),
    Insert(Index, &'static str),
    Replace(Index, u8),
    Double(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), at()).prop_map(|(from, to)| Change::Cut(from, to)),
        (at(), select(PIECES)).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (at(), at()).prop_map(|(from, to)| Change::Double(from, to)),
    ]
}

fn apply(mut body: Vec<u8>, change: &Change) -> Vec<u8> {
    if body.is_empty() {
        return body;
    }
    let range = |from: &Index, to: &Index| {
        let (from, to) = (from.index(body.len()), to.index(body.len()));
        // Short pieces keep most of the body whole, which leads further into it.
        let (from, to) = (from.min(to), from.max(to));
        from..to.min(from + 40)
    };
    match change {
        Change::Cut(from, to) => {
            let range = range(from, to);
            body.drain(range);
        }
        Change::Insert(at, piece) => {
            let at = at.index(body.len());
            body.splice(at..at, piece.bytes());
        }
        Change::Replace(at, byte) => {
            let at = at.index(body.len());
            body[at] = *byte;
        }
        Change::Double(from, to) => {
            let range = range(from, to);
            body.extend_from_within(range);
        }
    }
    body
}

fn bodies() -> Vec<(&'static str, String)> {
    vec![
        ("push", push().body()),
        ("pull_request", pull_request().body()),
        ("ping", ping(&repository(), 1, &alice())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_change_to_a_body_panics_or_makes_an_unbounded_answer(
        which in select(bodies()),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let (name, body) = which;
        let body = changes.iter().fold(body.into_bytes(), apply);
        match normalise(name, &body) {
            Ok(Normalised::Event(event)) => {
                let stored = serde_json::to_string(&event).unwrap();
                prop_assert!(stored.len() <= 6_000);
                prop_assert_eq!(serde_json::from_str::<SourceEvent>(&stored).unwrap(), event);
            }
            Ok(Normalised::Ping { .. }) => {}
            Ok(Normalised::Ignored { why }) => prop_assert!(!why.is_empty() && why.len() < 300),
            Err(bad) => {
                let told = bad.to_string();
                prop_assert!(told.len() < 1_500, "{}", told);
            }
        }
    }

    #[test]
    fn no_bytes_at_all_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["push", "pull_request", "ping", "create"] {
            let _answer = normalise(name, &body);
        }
    }
}
