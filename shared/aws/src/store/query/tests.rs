use proptest::prelude::*;

use super::*;

/// What DynamoDB does with a range.
fn holds(range: &Range, sort: &str) -> bool {
    match range {
        Range::All => true,
        Range::Prefix(prefix) => sort.starts_with(prefix.as_str()),
        Range::From(low) => sort >= low.as_str(),
        Range::Between(low, high) => {
            assert!(low <= high, "DynamoDB refuses {low:?} to {high:?}");
            sort >= low.as_str() && sort <= high.as_str()
        }
        Range::Empty => false,
    }
}

fn ends(range: &Range) -> Vec<&str> {
    match range {
        Range::All | Range::Empty => Vec::new(),
        Range::Prefix(one) | Range::From(one) => vec![one],
        Range::Between(low, high) => vec![low, high],
    }
}

/// Characters at which UTF-8, UTF-16 and the surrogates change something.
fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(
        &[
            '\0',
            'a',
            'b',
            '\u{7f}',
            '\u{80}',
            '\u{7ff}',
            '\u{800}',
            '\u{d7ff}',
            '\u{e000}',
            '\u{ffff}',
            '\u{10000}',
            '\u{10ffff}',
        ][..],
    );
    prop::collection::vec(odd, 0..5).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn a_range_has_everything_that_is_asked_for(
        prefix in text(),
        after in prop::option::of(text()),
        sort in text(),
    ) {
        prop_assume!(!sort.is_empty());
        let asked = sort.starts_with(&prefix) && after.as_deref().is_none_or(|after| sort.as_str() > after);
        let range = range(&prefix, after.as_deref());
        if asked {
            prop_assert!(holds(&range, &sort), "{range:?} has no {sort:?}");
        }
        for end in ends(&range) {
            prop_assert!(!end.is_empty() && end.len() <= SORT_MAX);
        }
    }

    #[test]
    fn a_range_has_at_most_one_more(
        prefix in text(),
        after in text(),
        sorts in prop::collection::btree_set(text(), 0..20),
    ) {
        let range = range(&prefix, Some(&after));
        let more = sorts.iter().filter(|sort| {
            !sort.is_empty()
                && holds(&range, sort)
                && !(sort.starts_with(&prefix) && sort.as_str() > after.as_str())
        });
        prop_assert!(more.count() <= 1);
    }
}

#[test]
fn ends_fit_a_key_however_long_the_question_is() {
    let long = |length: usize, last: &str| format!("{}{last}", "a".repeat(length - last.len()));
    for length in SORT_MAX - 5..SORT_MAX + 5 {
        for last in ["", "é", "\u{ffff}", "\u{10ffff}", "\u{7f}"] {
            let after = long(length, last);
            for prefix in [
                String::new(),
                "a".to_owned(),
                after.clone(),
                long(length - 4, ""),
            ] {
                for end in ends(&range(&prefix, Some(&after))) {
                    assert!(end.len() <= SORT_MAX, "{} bytes", end.len());
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_there_is_not_asked_for() {
    let longest = "a".repeat(SORT_MAX);
    for (prefix, after) in [
        ("a", Some("b")),
        (longest.as_str(), Some(longest.as_str())),
        (&format!("{longest}a"), None),
    ] {
        assert_eq!(range(prefix, after), Range::Empty);
    }
}

#[test]
fn nothing_is_beyond_the_highest_characters() {
    assert_eq!(beyond(""), None);
    assert_eq!(beyond("\u{10ffff}\u{10ffff}"), None);
    assert_eq!(beyond("a\u{10ffff}").as_deref(), Some("b"));
    assert_eq!(beyond("\u{d7ff}").as_deref(), Some("\u{e000}"));
}
