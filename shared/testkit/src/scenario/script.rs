//! Reading a scenario: headings, paragraphs of explanation and sentences, a line each.

use super::act::Act;
use super::pattern::{self, Miss};
use super::sentence::SENTENCES;

/// A scenario, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    pub lines: Vec<Line>,
}

/// A line of a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// Begins with `#`, or is empty.
    Text(String),
    Act {
        sentence: String,
        act: Act,
    },
}

/// A line that is no sentence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {text}\n  expected {expected} {place}\n  the nearest sentence is: {nearest}")]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    pub text: String,
    pub expected: String,
    /// Where: `after "alice pushes"`.
    pub place: String,
    pub nearest: &'static str,
}

impl Script {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Every line that is no sentence; and the first, if it does not say how things begin.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let (mut lines, mut problems) = (Vec::new(), Vec::new());
        let mut begun = false;
        for (n, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                lines.push(Line::Text(line.to_owned()));
                continue;
            }
            let sentence = line.strip_suffix('.').unwrap_or(line);
            match read(sentence) {
                Ok(act) if begun != matches!(act, Act::Begin { .. }) => {
                    begun = true;
                    let sentence = sentence.to_owned();
                    lines.push(Line::Act { sentence, act });
                }
                Ok(_) => problems.push(Problem {
                    line: n + 1,
                    text: sentence.to_owned(),
                    expected: if begun {
                        "nothing of the kind"
                    } else {
                        "when it begins"
                    }
                    .to_owned(),
                    place: if begun {
                        "after the beginning"
                    } else {
                        "first"
                    }
                    .to_owned(),
                    nearest: SENTENCES[0].pattern,
                }),
                Err(problem) => problems.push(Problem {
                    line: n + 1,
                    ..problem
                }),
            }
        }
        if problems.is_empty() {
            Ok(Self { lines })
        } else {
            Err(problems)
        }
    }
}

/// How like a pattern is to `words` on the whole: words of its own among them, and its length.
fn on_the_whole(pattern: &str, words: &[&str]) -> f64 {
    let own = pattern::words(pattern);
    let shared = own
        .iter()
        .filter(|word| word.split('|').any(|word| words.contains(&word)))
        .count();
    let other = own.len().abs_diff(words.len());
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    count(shared) / 5.0 - count(other) / 10.0
}

/// How like a word is to a place where any name may stand.
const A_NAME: f64 = 0.8;

/// The meaning of a sentence.
fn read(sentence: &str) -> Result<Act, Problem> {
    let words = pattern::words(sentence);
    let mut nearest: Option<(Miss, f64, &'static str)> = None;
    for known in SENTENCES {
        let miss = match pattern::fit(known.pattern, sentence) {
            Ok(found) => return Ok((known.means)(&found)),
            Err(miss) => miss,
        };
        // Among those that fit as far, the one whose next word is most like it and which is
        // most like it on the whole.
        let word = words.get(miss.fits).copied().unwrap_or_default();
        let like = miss
            .word
            .map_or(A_NAME, |wanted| strsim::jaro_winkler(wanted, word))
            + on_the_whole(known.pattern, &words);
        let nearer = nearest.as_ref().is_none_or(|(best, alike, _)| {
            miss.fits > best.fits || miss.fits == best.fits && like > *alike
        });
        if nearer {
            nearest = Some((miss, like, known.pattern));
        }
    }
    let (miss, _, nearest) = nearest.unwrap_or_else(|| {
        (
            Miss {
                fits: 0,
                expected: "a sentence".to_owned(),
                word: None,
            },
            0.0,
            "",
        )
    });
    let before = words.get(..miss.fits).unwrap_or_default().join(" ");
    Err(Problem {
        line: 0,
        text: sentence.to_owned(),
        expected: miss.expected,
        place: if before.is_empty() {
            "at its beginning".to_owned()
        } else {
            format!("after `{before}`")
        },
        nearest,
    })
}
