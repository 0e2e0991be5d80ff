//! What a build keeps of its steps' reports, for whoever looks at it: the files themselves, each kind of
//! each step in a folder of its own. Which they are is told in front of them.
//!
//! A shell finds the files, by patterns that match whatever the globs match and sometimes more; whoever
//! reads them holds their names against the globs once more.

use greenroom_core::stage_file::Reports;

use crate::shell::quote;
use crate::{Job, Kind};

/// The declarations, in the order of the steps, as JSON: the first file.
const DECLARED: &str = "reports.json";

/// The reports of a build's steps, by the places of these steps; nothing of a stage's.
pub(crate) fn declared<'a>(job: &'a Job<'_>) -> Vec<(usize, &'a Reports)> {
    if !matches!(job.kind, Kind::Build) {
        return Vec::new();
    }
    let steps = job.steps.iter().enumerate();
    steps
        .filter_map(|(place, step)| Some((place, step.reports.as_ref()?)))
        .collect()
}

/// Before the first step: what is declared, what is there already, and the tests' files, which are to
/// be those of the commit.
pub(crate) fn before(job: &Job<'_>) -> Vec<String> {
    let all = declared(job);
    let by_place: serde_json::Map<String, serde_json::Value> = all
        .iter()
        .map(|(place, reports)| (place.to_string(), serde_json::json!(reports)))
        .collect();
    let text = serde_json::Value::from(by_place).to_string();
    let mut acts = vec![format!(
        "{{ printf '%s' {} >\"$greenroom_work/{DECLARED}\" &&\n\
         tar -C \"$greenroom_work\" --format=gnu -cf \"$greenroom_reports\" {DECLARED}; }}",
        quote(&text)
    )];
    for (place, reports) in all {
        for (kind, glob) in made(reports) {
            acts.push(act("before", &format!("{place}-{kind}"), glob));
        }
        for (n, glob) in reports.suites.iter().enumerate() {
            acts.push(act("collect", &format!("{place}-suite-{n}"), glob));
        }
    }
    acts
}

/// After a step.
pub(crate) fn after(place: usize, reports: &Reports) -> Vec<String> {
    let document = reports.openapi.as_ref().map(|path| ("openapi", path));
    made(reports)
        .chain(document)
        .map(|(kind, glob)| act("collect", &format!("{place}-{kind}"), glob))
        .collect()
}

/// What a step has to have made, with its globs.
fn made(reports: &Reports) -> impl Iterator<Item = (&'static str, &String)> {
    let all = [
        ("junit", &reports.junit),
        ("lcov", &reports.lcov),
        ("cobertura", &reports.cobertura),
    ];
    all.into_iter()
        .filter_map(|(kind, glob)| Some((kind, glob.as_ref()?)))
}

fn act(what: &str, place: &str, glob: &str) -> String {
    let pattern = quote(&format!(r"\./{}", pattern(glob)));
    format!("greenroom_{what} {place} {pattern}")
}

/// An extended regular expression of POSIX's that matches whatever `glob` does.
pub(crate) fn pattern(glob: &str) -> String {
    let mut out = String::new();
    let mut rest = glob.trim_start_matches("./");
    let mut depth = 0_usize;
    while let Some(c) = rest.chars().next() {
        // A bracket or bar that is meant itself stands in a class, and does not end here.
        let begins = out.is_empty() || out.ends_with(['/', '(', '|']) || out.ends_with(")?");
        if let Some(after) = rest.strip_prefix("**/").filter(|_| begins) {
            out.push_str(if after.is_empty() { ".*" } else { "(.*/)?" });
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("**") {
            out.push_str(".*");
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => out.push_str("[^/]*"),
            '?' => out.push('.'),
            '[' => {
                let end = class_end(rest);
                rest = &rest[end..];
                out.push('.');
            }
            '{' => {
                depth += 1;
                out.push('(');
            }
            '}' if depth > 0 => {
                depth -= 1;
                out.push(')');
            }
            ',' if depth > 0 => out.push('|'),
            '\\' => {
                if let Some(c) = rest.chars().next() {
                    literal(c, &mut out);
                    rest = &rest[c.len_utf8()..];
                }
            }
            c => literal(c, &mut out),
        }
    }
    out
}

/// Where a class that has just begun is over.
fn class_end(rest: &str) -> usize {
    let negated = usize::from(rest.starts_with(['!', '^']));
    // A bracket that comes first is one of its characters.
    let first = negated + usize::from(rest[negated..].starts_with(']'));
    rest[first..]
        .find(']')
        .map_or(rest.len(), |at| first + at + 1)
}

fn literal(c: char, out: &mut String) {
    match c {
        '^' | '\\' | ']' => {
            out.push('\\');
            out.push(c);
        }
        c if c.is_ascii_punctuation() && !matches!(c, '/' | '_' | '-') => {
            out.push('[');
            out.push(c);
            out.push(']');
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests;
