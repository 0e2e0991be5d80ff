//! Problems of a stage file with excerpt, underline, reason and fix.

use std::fmt;
use std::sync::Arc;

use greenroom_core::stage_file::{Diagnostic, Diagnostics, Severity};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity as Level, SourceCode,
};

use super::text::{clean, same_length};

/// Narrower than this a report is not readable at all.
const WIDTH_MIN: usize = 40;
/// Wider than this the eye loses the line.
const WIDTH_MAX: usize = 120;

/// A line longer than this is not shown: nobody finds anything in it.
const LINE_MAX: usize = 400;

/// One problem, as the renderer wants it.
struct Report<'a> {
    problem: &'a Diagnostic,
    /// `None` where an excerpt would be longer than helpful.
    source: Option<Arc<NamedSource<Arc<str>>>>,
    message: String,
    help: String,
}

/// Every problem of one file, drawn. `columns` is what the terminal has.
pub fn draw(found: &Diagnostics, columns: usize) -> String {
    let width = columns.clamp(WIDTH_MIN, WIDTH_MAX);
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode())
        .with_width(width)
        .with_links(false)
        .with_context_lines(1)
        .with_break_words(false);
    let text: Arc<str> = same_length(&found.source).into();
    let source = Arc::new(NamedSource::new(clean(&found.name), text));
    let mut out = String::new();
    for problem in &found.list {
        let message = clean(&problem.message);
        let report = if is_readable(&found.source, problem.span.start) {
            Report {
                problem,
                source: Some(Arc::clone(&source)),
                message,
                help: help(problem),
            }
        } else {
            let (line, column) = found.position(problem.span.start);
            Report {
                problem,
                source: None,
                message: format!("{message}, in line {line}, column {column}"),
                help: help(problem),
            }
        };
        // Writing to a string cannot fail, and a span outside the text only loses its excerpt.
        let _ = handler.render_report(&mut out, &report);
        out.push('\n');
    }
    if found.omitted > 0 {
        out.push_str(&format!("and {} more\n", found.omitted));
    }
    out
}

/// Whether the line at `offset` and those beside it are short enough to be shown.
fn is_readable(source: &str, offset: usize) -> bool {
    let before = source.get(..offset).unwrap_or(source);
    let after = source.get(offset..).unwrap_or_default();
    let mut above = before.rsplit('\n').map(str::len);
    let mut below = after.split('\n').map(str::len);
    let here = above.next().unwrap_or(0) + below.next().unwrap_or(0);
    let beside = above.next().unwrap_or(0).max(below.next().unwrap_or(0));
    here.max(beside) <= LINE_MAX
}

fn help(problem: &Diagnostic) -> String {
    let help = clean(&problem.help);
    match &problem.suggestion {
        Some(word) if help.is_empty() => format!("Did you mean `{}`?", clean(word)),
        Some(word) => format!("Did you mean `{}`? {help}", clean(word)),
        None => help,
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.problem.code))
    }
    fn severity(&self) -> Option<Level> {
        Some(match self.problem.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        })
    }
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source
            .as_deref()
            .map(|source| source as &dyn SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.problem.span.clone();
        let label = LabeledSpan::new(Some(clean(&self.problem.label)), span.start, span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE_MAX, is_readable};

    #[test]
    fn endless_lines_are_not_shown() {
        let long = "x".repeat(LINE_MAX + 1);
        assert!(is_readable("a\nb\nc", 2));
        assert!(!is_readable(&format!("a\n{long}\nc"), 5));
        assert!(!is_readable(&format!("a\nb\n{long}"), 2));
        assert!(is_readable(&format!("a\nb\nc\n{long}"), 2));
    }
}
