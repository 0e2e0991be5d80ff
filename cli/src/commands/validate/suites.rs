//! The Hurl files that a stage file's suites name, as they lie beside it: what could not be run is
//! told now, not when a stage waits for its tests.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};
use greenroom_core::stage_file::{Diagnostic, Diagnostics, Severity, StageFile, Suite};
use greenroom_suites::{FILE_BYTES_MAX, Problem, SuiteFile};

/// More files and folders than this are not looked at.
const ENTRIES_MAX: usize = 10_000;

/// What is wrong with the suites' files, one by one, in the order of their names. Suites without
/// any file are added to `found`, the problems of the stage file itself.
pub fn check(path: &Path, file: &StageFile, found: &mut Diagnostics) -> Vec<Diagnostics> {
    let root = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut names = Vec::new();
    for suite in file.suites.values() {
        let Some(matcher) = matcher(&suite.files) else {
            continue;
        };
        let matching = files(root, &suite.files, &matcher);
        // Elsewhere than at the top of its repository a stage file says nothing about what lies
        // beside it.
        if matching.is_empty() && root.join(".git").exists() {
            found.list.push(without_files(suite, &found.source));
        }
        names.extend(matching);
    }
    found
        .list
        .sort_by_key(|problem| (problem.span.start, problem.span.end));
    names.sort();
    names.dedup();
    names.iter().filter_map(|name| one(root, name)).collect()
}

fn matcher(glob: &str) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .ok()?;
    Some(glob.compile_matcher())
}

fn without_files(suite: &Suite, source: &str) -> Diagnostic {
    let at = source.find(&suite.files);
    Diagnostic {
        code: "no-suite-files",
        severity: Severity::Warning,
        message: format!("the suite `{}` has no tests yet", suite.name),
        span: at.map_or(0..0, |at| at..at + suite.files.len()),
        label: "no file matches".to_owned(),
        help: "A stage turns green by its tests: write one there.".to_owned(),
        suggestion: None,
    }
}

/// Names, relative to `root`, of the files that match. Links are not followed.
fn files(root: &Path, glob: &str, matcher: &GlobMatcher) -> Vec<String> {
    // What stands before the first wild card is a folder, and nothing outside it can match.
    let wild = glob.find(['*', '?', '[', '{', '\\']).unwrap_or(glob.len());
    let start = glob[..wild].rfind('/').map_or("", |slash| &glob[..slash]);
    let mut folders = vec![start.to_owned()];
    let mut found = Vec::new();
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root.join(&folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            seen += 1;
            if seen > ENTRIES_MAX {
                return found;
            }
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && name != ".git" => folders.push(path),
                Ok(kind) if kind.is_file() && matcher.is_match(&path) => found.push(path),
                _ => {}
            }
        }
    }
    found
}

/// The problems of one file; `None` if it can be run.
fn one(root: &Path, name: &str) -> Option<Diagnostics> {
    let limit = u64::try_from(FILE_BYTES_MAX)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut bytes = Vec::new();
    let read =
        File::open(root.join(name)).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    let shown = root.join(name).display().to_string();
    let shown = shown.strip_prefix("./").unwrap_or(&shown).to_owned();
    let problem = |what: String, fix: &str| Problem {
        path: shown.clone(),
        line: 1,
        column: 1,
        what,
        fix: fix.to_owned(),
    };
    let (source, problems) = match (read, String::from_utf8(bytes)) {
        (Err(error), _) => {
            let what = format!("the file cannot be read: {error}");
            (String::new(), vec![problem(what, "make it readable")])
        }
        (Ok(_), Err(error)) => {
            let what = "the file is not UTF-8".to_owned();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            (text, vec![problem(what, "save it as UTF-8")])
        }
        (Ok(_), Ok(text)) => {
            let problems = SuiteFile::parse(&shown, &text).err()?;
            (text, problems)
        }
    };
    let list = problems
        .iter()
        .map(|problem| diagnostic(problem, &source))
        .collect();
    Some(Diagnostics {
        name: shown,
        source,
        list,
        omitted: 0,
    })
}

fn diagnostic(problem: &Problem, source: &str) -> Diagnostic {
    let start = offset(source, problem.line, problem.column);
    let rest = source.get(start..).unwrap_or_default();
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    Diagnostic {
        code: "suite-file",
        severity: Severity::Error,
        message: problem.what.clone(),
        span: start..start + length,
        label: "here".to_owned(),
        help: problem.fix.clone(),
        suggestion: None,
    }
}

/// The byte where a line and column, both from 1, are; columns count characters.
fn offset(source: &str, line: u32, column: u32) -> usize {
    let nth = |count: u32| usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(text) = source.split_inclusive('\n').nth(nth(line)) else {
        return source.len();
    };
    let before: usize = source
        .split_inclusive('\n')
        .take(nth(line))
        .map(str::len)
        .sum();
    let within = text.char_indices().nth(nth(column));
    before + within.map_or_else(|| text.trim_end().len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::offset;

    #[test]
    fn a_line_and_column_are_a_byte_of_the_source() {
        let source = "GET /\nHTTP 200\nä[Asserts]\n";
        assert_eq!(offset(source, 1, 1), 0);
        assert_eq!(offset(source, 2, 6), 11);
        assert_eq!(source.get(offset(source, 3, 2)..), Some("[Asserts]\n"));
        assert_eq!(offset(source, 9, 9), source.len());
        assert_eq!(offset(source, 2, 99), 14);
        assert_eq!(offset(source, 0, 0), 0);
    }
}
