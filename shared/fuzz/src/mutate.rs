//! Random changes of kept inputs, the same for the same seed; what a test runs where no fuzzer is.

/// Words that mean something to one of our readers, in libFuzzer's form: a line each, in quotes.
const WORDS: &str = include_str!("../words.dict");

/// Makes inputs out of kept ones.
#[derive(Debug)]
pub struct Mutator {
    state: u64,
    words: Vec<Vec<u8>>,
}

impl Mutator {
    /// Two mutators of one seed make the same inputs.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            words: WORDS.lines().filter_map(word).collect(),
        }
    }

    /// One of `kept` (there is at least one) with one to eight changes.
    pub fn next(&mut self, kept: &[Vec<u8>]) -> Vec<u8> {
        let mut input = kept[self.below(kept.len())].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut input, kept);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, kept: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = (at + self.below(17)).min(input.len());
        match self.below(8) {
            0 => drop(input.drain(at..end)),
            1 => {
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            2 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            3 => {
                let byte = u8::try_from(self.below(256)).unwrap_or(0);
                input.insert(at, byte);
            }
            4 | 5 => {
                let word = self.below(self.words.len());
                input.splice(at..at, self.words[word].iter().copied());
            }
            6 => {
                let word = self.below(self.words.len());
                input.splice(at..end, self.words[word].iter().copied());
            }
            _ => {
                let other = &kept[self.below(kept.len())];
                let from = self.below(other.len() + 1);
                let to = (from + self.below(120)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
        }
    }

    /// Below `bound`, which is not zero.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.draw() % bound).unwrap_or(0)
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// The bytes of `"text"`, in which a backslash escapes itself, a quote, and bytes as `\x1b`.
fn word(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut bytes = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                let byte = digit(high)? * 16 + digit(low)?;
                (u8::try_from(byte).ok()?, after)
            }
            (b'\\', [escaped, after @ ..]) => (*escaped, after),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    Some(bytes)
}
