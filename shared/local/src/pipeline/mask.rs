//! Hides secret values in what steps write.
//!
//! Every value that is not empty is hidden, and every line of a value of several lines that is
//! long enough to be one: programs like to print a key line by line. Output comes in pieces, so
//! the end of a piece that could be the beginning of a value is held back until it is known.

/// Shorter lines of a longer value (`}`, `--`) would blank out half a log.
const LINE_MIN: usize = 8;

/// What a value is replaced by.
const STARS: &[u8] = b"***";

/// The values to hide.
#[derive(Clone, Default)]
pub(super) struct Mask {
    /// Longest first.
    values: Vec<Vec<u8>>,
}

impl Mask {
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut values: Vec<Vec<u8>> = Vec::new();
        for secret in secrets {
            let lines = secret
                .lines()
                .map(str::trim)
                .filter(|line| line.len() >= LINE_MIN);
            values.extend(lines.map(|line| line.as_bytes().to_vec()));
            values.push(secret.as_bytes().to_vec());
        }
        values.retain(|value| !value.is_empty());
        values.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self { values }
    }

    /// True when the text holds a secret value.
    pub(super) fn finds_in(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let holds = |value: &Vec<u8>| text.windows(value.len()).any(|window| window == value);
        self.values.iter().any(holds)
    }
}

/// Hides values in a stream.
pub(super) struct Masker {
    mask: Mask,
    begins: [bool; 256],
    held: Vec<u8>,
}

impl Masker {
    pub(super) fn new(mask: Mask) -> Self {
        let mut begins = [false; 256];
        for value in &mask.values {
            begins[usize::from(value[0])] = true;
        }
        Self {
            mask,
            begins,
            held: Vec::new(),
        }
    }

    /// What may be shown, now that these bytes have come.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        self.release(false)
    }

    /// The rest; nothing more comes.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        self.release(true)
    }

    fn release(&mut self, at_end: bool) -> Vec<u8> {
        let mut shown = Vec::with_capacity(self.held.len());
        let mut at = 0;
        while let Some(&byte) = self.held.get(at) {
            let rest = &self.held[at..];
            if !self.begins[usize::from(byte)] {
                shown.push(byte);
                at += 1;
                continue;
            }
            let begun = |value: &&Vec<u8>| value.len() > rest.len() && value.starts_with(rest);
            if !at_end && self.mask.values.iter().any(|value| begun(&value)) {
                break;
            }
            match self
                .mask
                .values
                .iter()
                .find(|value| rest.starts_with(value))
            {
                Some(value) => {
                    shown.extend_from_slice(STARS);
                    at += value.len();
                }
                None => {
                    shown.push(byte);
                    at += 1;
                }
            }
        }
        self.held.drain(..at);
        shown
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(secrets: &[&str], pieces: &[&[u8]]) -> String {
        let mut masker = Masker::new(Mask::new(secrets.iter().copied()));
        let mut all: Vec<u8> = pieces.iter().flat_map(|piece| masker.push(piece)).collect();
        all.extend(masker.finish());
        String::from_utf8(all).expect("text")
    }

    #[test]
    fn a_value_cut_in_pieces_and_the_longer_of_two_are_hidden() {
        assert_eq!(
            masked(&["hunter2"], &[b"pw=hun", b"ter", b"2;hunt"]),
            "pw=***;hunt"
        );
        assert_eq!(
            masked(&["abc", "abcdef"], &[b"abc", b"def abcx"]),
            "*** ***x"
        );
        let key = "-----BEGIN-----\nAAAABBBBCCCC\n}\n";
        assert_eq!(masked(&[key], &[b"+ AAAABBBBCCCC }\n"]), "+ *** }\n");
        assert_eq!(masked(&[""], &[b"all"]), "all");
    }

    #[test]
    fn nothing_is_held_back_that_cannot_become_a_value() {
        let mut masker = Masker::new(Mask::new(["secret"]));
        assert_eq!(masker.push(b"listening\n"), b"listening\n");
        assert_eq!(masker.push(b"is sec"), b"is ");
    }

    proptest! {
        #[test]
        fn no_cut_lets_a_value_through(
            before in "[a-d]{0,12}", secret in "[a-d]{3,6}", after in "[a-d]{0,12}",
            cuts in prop::collection::vec(1usize..4, 1..12),
        ) {
            let text = format!("{before}{secret}{after}");
            let mut masker = Masker::new(Mask::new([secret.as_str()]));
            let (mut shown, mut rest) = (Vec::new(), text.as_bytes());
            for cut in cuts {
                let (piece, later) = rest.split_at(cut.min(rest.len()));
                shown.extend(masker.push(piece));
                rest = later;
            }
            shown.extend(masker.push(rest));
            shown.extend(masker.finish());
            let shown = String::from_utf8(shown).expect("text");
            prop_assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
