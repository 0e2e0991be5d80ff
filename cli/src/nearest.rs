//! The known word that somebody probably meant.

/// The word of `known` most like `word`; `None` if none is like it.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    // Nobody mistypes a word of this length, and distance is quadratic in it.
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|one| {
            (
                strsim::damerau_levenshtein(&lower, &one.to_lowercase()),
                one,
            )
        })
        .filter(|(distance, one)| {
            *distance <= limit || (word.len() >= 2 && one.starts_with(lower.as_str()))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_finds_its_word_and_a_stranger_finds_none() {
        let known = ["dev", "qa", "preprod", "prod"];
        assert_eq!(nearest("pord", known), Some("prod"));
        assert_eq!(nearest("prepord", known), Some("preprod"));
        assert_eq!(nearest("pre", known), Some("preprod"));
        assert_eq!(nearest("PROD", known), Some("prod"));
        assert_eq!(nearest("billing", known), None);
        assert_eq!(nearest("", known), None);
    }
}
