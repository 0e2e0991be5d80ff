//! What is wrong with a stage file: where, why, and what to write instead.
//!
//! Nothing is rendered here. A [`Diagnostics`] carries the source and byte spans, which is
//! what a terminal renderer, a web page and a JSON answer each need.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// Past this many, problems are counted and not listed.
pub const DIAGNOSTICS_MAX: usize = 100;
/// Patterns a file may have, each alternative in braces counted.
const GLOBS_MAX: usize = 2_000;
/// A word further away than this share of its length is no suggestion.
const SIMILAR: f64 = 0.6;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file does not come into force.
    Error,
    /// The file holds, but says something its author hardly meant.
    Warning,
}

/// One problem.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Diagnostic {
    /// Stable name of the kind of problem, `kebab-case`.
    pub code: &'static str,
    pub severity: Severity,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// Bytes of the source, within its length and on character boundaries; may be empty.
    pub span: Range<usize>,
    /// A few words for the underline.
    pub label: String,
    /// Why it matters and what to write instead.
    pub help: String,
    /// The known word that comes closest to an unknown one.
    pub suggestion: Option<String>,
}

/// Everything found in one file, in the order of the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostics {
    /// Name of the file, as it was given.
    pub name: String,
    /// The file's text; what was not UTF-8 is replaced, and a file over the limit is cut.
    pub source: String,
    pub list: Vec<Diagnostic>,
    /// How many more there were than are listed.
    pub omitted: usize,
}

impl Diagnostic {
    /// An error at `span`; `help` is added with [`Diagnostic::help`].
    pub(crate) fn error(
        code: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: span.clone(),
            label: "here".to_owned(),
            help: String::new(),
            suggestion: None,
        }
    }

    /// A warning at `span`.
    pub(crate) fn warning(
        code: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Adds the closest of `known` to `word`, if one is close.
    pub(crate) fn did_you_mean<'a>(
        mut self,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.suggestion = closest(word, known).map(str::to_owned);
        self
    }
}

impl Diagnostics {
    /// Whether the file is refused.
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// Only what keeps the file from coming into force.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter().filter(|d| d.severity == Severity::Error)
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.source.get(..offset).unwrap_or(&self.source);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (
            before.matches('\n').count() + 1,
            before[start..].chars().count() + 1,
        )
    }
}

impl fmt::Display for Diagnostics {
    /// One line a problem: `file:line:column: error[code]: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            let (line, column) = self.position(one.span.start);
            let severity = match one.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let Diagnostic { code, message, .. } = one;
            write!(
                f,
                "{}:{line}:{column}: {severity}[{code}]: {message}",
                self.name
            )?;
        }
        if self.omitted > 0 {
            write!(f, "\n{}: and {} more", self.name, self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// Collects problems while a file is read.
#[derive(Debug, Default)]
pub(crate) struct Log {
    list: Vec<Diagnostic>,
    errors: usize,
    omitted: usize,
    globs: usize,
}

impl Log {
    /// Counts what a pattern costs to compile; `false` once a file has had its share.
    pub fn may_compile(&mut self, globs: usize) -> bool {
        self.globs = self.globs.saturating_add(globs);
        self.globs <= GLOBS_MAX
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            self.errors += 1;
        }
        if self.list.len() < DIAGNOSTICS_MAX {
            self.list.push(diagnostic);
        } else {
            self.omitted += 1;
        }
    }

    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Everything reported, in the order of the text.
    pub fn into_diagnostics(mut self, name: &str, source: String) -> Diagnostics {
        self.list
            .sort_by_key(|d| (d.span.start, d.span.end, d.severity));
        Diagnostics {
            name: name.to_owned(),
            source,
            list: self.list,
            omitted: self.omitted,
        }
    }
}

/// The known word most like `word`; `None` if none is like it at all.
fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a word of this length, and distance is quadratic in it.
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|one| (strsim::jaro_winkler(&lower, &one.to_lowercase()), one))
        .filter(|(likeness, one)| {
            *likeness > SIMILAR && strsim::damerau_levenshtein(&lower, &one.to_lowercase()) <= 3
        })
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, one)| one)
}

/// Outside text in a message: one line, no control characters, at most 60 characters.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(60)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}

/// `a`, `b` and `c`.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words
        .into_iter()
        .map(|w| format!("`{}`", shown(w)))
        .collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}
