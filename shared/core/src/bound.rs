//! Text from outside is kept only so long. A stage is one bounded record; whatever a pipeline, a
//! test or a person writes, it must still fit.

use crate::release::Outputs;

/// Sentences and reasons: what a step, a test runner or a person said.
pub const WHY_MAX: usize = 1_000;
/// What identifies a step or a test.
pub const NAME_MAX: usize = 240;
/// All outputs of a run together.
const OUTPUTS_MAX: usize = 8_000;

/// `text`, cut so that it takes at most `max` bytes as JSON.
pub fn text(text: &str, max: usize) -> String {
    const ELLIPSIS: char = '…';
    let mut used = 0;
    let mut fits = 0;
    for (at, c) in text.char_indices() {
        used += cost(c);
        if used > max {
            return format!("{}{ELLIPSIS}", &text[..fits]);
        }
        if used + ELLIPSIS.len_utf8() <= max {
            fits = at + c.len_utf8();
        }
    }
    text.to_owned()
}

/// As many outputs as fit, in the order of their names; a value is never cut, for a part of a
/// URL is a wrong URL.
pub fn outputs(outputs: &Outputs) -> Outputs {
    let mut used = 0;
    let mut fits = |name: &str, value: &str| {
        let more: usize = name.chars().chain(value.chars()).map(cost).sum();
        if used + more > OUTPUTS_MAX {
            return false;
        }
        used += more;
        true
    };
    outputs
        .iter()
        .filter(|(name, value)| fits(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Bytes of `c` inside a JSON string.
fn cost(c: char) -> usize {
    match c {
        '"' | '\\' => 2,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_is_kept_as_it_is() {
        assert_eq!(text("grün", 5), "grün");
    }

    #[test]
    fn a_cut_text_fits_as_json_and_says_that_it_was_cut() {
        for hostile in ["a", "é", "\u{0}", "\"", "🎭"] {
            let cut = text(&hostile.repeat(500), 100);
            let json = serde_json::to_string(&cut).unwrap_or_default();
            assert!(json.len() <= 102, "{json}");
            assert!(cut.ends_with('…'), "{cut}");
        }
    }

    #[test]
    fn a_cut_text_is_as_long_as_it_may_be() {
        assert_eq!(text(&"a".repeat(101), 100), "a".repeat(97) + "…");
        assert_eq!(text(&"é".repeat(51), 100), "é".repeat(48) + "…");
        assert_eq!(text(&"a".repeat(100), 100), "a".repeat(100));
    }

    #[test]
    fn outputs_are_kept_as_long_as_all_of_them_fit() {
        let of = |sizes: [usize; 3]| {
            let names = ["A", "B", "C"].map(str::to_owned);
            let values = sizes.map(|size| "x".repeat(size));
            names.into_iter().zip(values).collect::<Outputs>()
        };
        let exactly = of([OUTPUTS_MAX - 13, 5, 5]);
        assert_eq!(outputs(&exactly), exactly);
        let kept: Vec<_> = outputs(&of([5_000, 5_000, 5])).into_keys().collect();
        assert_eq!(kept, ["A", "C"]);
    }

    #[test]
    fn an_output_is_kept_whole_or_not_at_all() {
        let all = Outputs::from([
            ("A".to_owned(), "x".repeat(OUTPUTS_MAX)),
            ("B".to_owned(), "kept".to_owned()),
        ]);
        assert_eq!(
            outputs(&all),
            Outputs::from([("B".to_owned(), "kept".to_owned())])
        );
    }
}
