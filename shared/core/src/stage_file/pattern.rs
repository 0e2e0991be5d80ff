//! Patterns over short branch and tag names.
//!
//! The vocabulary is closed: `*` within a segment, `**` for whole segments, `{a,b}`; anchored
//! and case-sensitive. Braces are expanded here, so that what reaches the glob engine is only
//! literals, `*` and `**`, and the work a pattern may cause is bounded before it is compiled.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use thiserror::Error;

/// A longer pattern is refused.
pub const PATTERN_LENGTH_MAX: usize = 200;
/// More alternatives than this, after `{a,b}` is multiplied out, are refused.
pub const ALTERNATIVES_MAX: usize = 64;
/// Braces inside braces inside braces are refused.
pub const BRACE_DEPTH_MAX: usize = 2;

/// A compiled pattern; equal when written the same.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    alternatives: Vec<Alternative>,
}

#[derive(Clone)]
enum Alternative {
    Literal(String),
    Glob(GlobMatcher),
}

/// Why a text is no pattern; each says what to write instead.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PatternError {
    #[error("a pattern cannot be empty; write `**` for every name")]
    Empty,
    #[error("a pattern has at most {PATTERN_LENGTH_MAX} bytes, this one has {0}")]
    TooLong(usize),
    #[error("`{}` cannot be part of a pattern; only `*`, `**` and `{{a,b}}` have a meaning", .0.escape_debug())]
    Character(char),
    #[error("`**` stands for whole segments; write `*` within one, or put `/` around it")]
    StarsInSegment,
    #[error("`{{` and `}}` must come in pairs")]
    Unbalanced,
    #[error("braces can be nested {BRACE_DEPTH_MAX} deep at most")]
    TooDeep,
    #[error("the braces stand for more than {ALTERNATIVES_MAX} patterns; split the rule")]
    TooMany,
    #[error("a name never starts or ends with `/` nor has two in a row, so this matches nothing")]
    Slashes,
    #[error("a pattern names the branch or tag itself; leave `{0}` away")]
    FullReference(&'static str),
    #[error("the pattern cannot be compiled")]
    Compile(#[source] globset::Error),
}

impl Pattern {
    /// Compiles `text`.
    ///
    /// # Errors
    /// [`PatternError`] for everything outside the vocabulary and over the budgets.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        check_characters(text)?;
        let mut alternatives = Vec::new();
        for one in expand(text)? {
            check_segments(&one)?;
            alternatives.push(if one.contains('*') {
                let glob = GlobBuilder::new(&one)
                    .literal_separator(true)
                    .backslash_escape(false)
                    .build()
                    .map_err(PatternError::Compile)?;
                Alternative::Glob(glob.compile_matcher())
            } else {
                Alternative::Literal(one)
            });
        }
        Ok(Self {
            text: text.to_owned(),
            alternatives,
        })
    }

    /// Whether the short name of a branch or tag (`feature/x`) matches as a whole.
    pub fn matches(&self, name: &str) -> bool {
        self.alternatives.iter().any(|one| match one {
            Alternative::Literal(literal) => literal == name,
            Alternative::Glob(glob) => glob.is_match(name),
        })
    }

    /// How many globs `text` stands for; what compiling it costs.
    pub(crate) fn cost(text: &str) -> usize {
        if text.len() > PATTERN_LENGTH_MAX {
            return 0;
        }
        expand(text).map_or(0, |all| all.len())
    }

    /// As it is written in the stage file.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The only name this matches; `None` when there can be several.
    pub fn literal(&self) -> Option<&str> {
        match self.alternatives.as_slice() {
            [Alternative::Literal(one)] => Some(one),
            _ => None,
        }
    }

    /// Whether this certainly matches every name that `other` matches. May be `false` for a
    /// pair where it does; never `true` where it does not.
    pub fn covers(&self, other: &Self) -> bool {
        let Ok(theirs) = expand(&other.text) else {
            return false;
        };
        let Ok(ours) = expand(&self.text) else {
            return false;
        };
        theirs
            .iter()
            .all(|their| ours.iter().any(|our| one_covers(our, their)))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn check_characters(text: &str) -> Result<(), PatternError> {
    if text.is_empty() {
        return Err(PatternError::Empty);
    }
    if text.len() > PATTERN_LENGTH_MAX {
        return Err(PatternError::TooLong(text.len()));
    }
    for prefix in ["refs/heads/", "refs/tags/"] {
        if text.starts_with(prefix) {
            return Err(PatternError::FullReference(prefix));
        }
    }
    // All of these are either forbidden in git's names or would mean something in other globs.
    let strange = |c: char| c.is_control() || c.is_whitespace() || "?[]\\!^~:".contains(c);
    match text.chars().find(|c| strange(*c)) {
        Some(found) => Err(PatternError::Character(found)),
        None => Ok(()),
    }
}

fn check_segments(one: &str) -> Result<(), PatternError> {
    if one.is_empty() {
        return Err(PatternError::Empty);
    }
    for segment in one.split('/') {
        if segment.is_empty() {
            return Err(PatternError::Slashes);
        }
        if segment != "**" && segment.contains("**") {
            return Err(PatternError::StarsInSegment);
        }
    }
    Ok(())
}

/// Multiplies braces out: `{a,b}/c` -> `a/c`, `b/c`.
fn expand(text: &str) -> Result<Vec<String>, PatternError> {
    let (done, rest) = sequence(text, 0)?;
    if rest.is_empty() {
        Ok(done)
    } else {
        Err(PatternError::Unbalanced)
    }
}

/// Reads up to the end, or inside braces up to `,` or `}`; gives what is left.
fn sequence(mut text: &str, depth: usize) -> Result<(Vec<String>, &str), PatternError> {
    let mut done = vec![String::new()];
    loop {
        let stop = |c: char| matches!(c, '{' | '}') || (c == ',' && depth > 0);
        let plain = text.find(stop).unwrap_or(text.len());
        for one in &mut done {
            one.push_str(&text[..plain]);
        }
        text = &text[plain..];
        if !text.starts_with('{') {
            return Ok((done, text));
        }
        if depth == BRACE_DEPTH_MAX {
            return Err(PatternError::TooDeep);
        }
        let (choices, rest) = choices(&text[1..], depth + 1)?;
        if done.len() * choices.len() > ALTERNATIVES_MAX {
            return Err(PatternError::TooMany);
        }
        done = done
            .iter()
            .flat_map(|head| choices.iter().map(move |tail| format!("{head}{tail}")))
            .collect();
        text = rest;
    }
}

/// Reads `a,b}`; gives the choices and what follows the brace.
fn choices(mut text: &str, depth: usize) -> Result<(Vec<String>, &str), PatternError> {
    let mut all = Vec::new();
    loop {
        let (some, rest) = sequence(text, depth)?;
        all.extend(some);
        if all.len() > ALTERNATIVES_MAX {
            return Err(PatternError::TooMany);
        }
        match rest.as_bytes().first() {
            Some(b',') => text = &rest[1..],
            Some(b'}') => return Ok((all, &rest[1..])),
            _ => return Err(PatternError::Unbalanced),
        }
    }
}

/// Segment-wise: `**` covers any run of segments, a segment with `*` covers an equal one or
/// a literal it matches, and a lone `*` covers any one segment.
///
/// A run may be longer, never shorter, than it was at first, and only that of the last `**` met:
/// to try all runs of all of them would take for ever on patterns that are full of them.
fn one_covers(ours: &str, theirs: &str) -> bool {
    let ours: Vec<&str> = ours.split('/').collect();
    let theirs: Vec<&str> = theirs.split('/').collect();
    let (mut at, mut from) = (0, 0);
    let mut run: Option<(usize, usize)> = None;
    while let Some(their) = theirs.get(from) {
        match ours.get(at) {
            Some(&"**") if at + 1 == ours.len() => return true,
            Some(&"**") => {
                at += 1;
                run = Some((at, from));
            }
            Some(our) if *their != "**" && segment_covers(our, their) => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((after, begun)) = run else {
                    return false;
                };
                (at, from) = (after, begun + 1);
                run = Some((at, from));
            }
        }
    }
    at == ours.len()
}

fn segment_covers(our: &str, their: &str) -> bool {
    our == their
        || our == "*"
        || (!their.contains('*') && wildcard(our.as_bytes(), their.as_bytes()))
}

/// Whether `text` matches `pattern`, where `*` stands for any run of bytes.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if pattern.get(p) == text.get(t) {
            p += 1;
            t += 1;
        } else if let Some((after, from)) = retry {
            p = after;
            t = from + 1;
            retry = Some((after, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}
