//! The names authors choose, and names that must exist.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::stage_file::diagnostic::{Diagnostic, Log, listed, shown};
use crate::stage_file::record::{Field, List, Named, Spanned};

/// Names become parts of resource names and commands.
const NAME_MAX: usize = 40;
/// A stage lists at most this many suites, channels or variable sets: what follows from one
/// decision must fit into one transaction of the table.
const LISTED_MAX: usize = 10;

/// Reports a key that cannot be the name of a `what`.
pub(super) fn check_name(name: &Spanned<String>, what: &str, log: &mut Log) {
    check_text(&name.value, &name.span, what, log);
}

fn check_text(name: &str, span: &Range<usize>, what: &str, log: &mut Log) {
    let legal = name.len() <= NAME_MAX
        && name
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !legal {
        let message = format!("`{}` cannot be the name of {what}", shown(name));
        log.report(
            Diagnostic::error("name", span, message)
                .label("not a name")
                .help(format!(
                    "Letters, digits, `-` and `_`, at most {NAME_MAX}, a letter or digit first."
                )),
        );
    }
}

/// Reports a reference to a `what` that is not among the `known`, with where to define it.
pub(super) fn check_known<T>(
    name: &Spanned<String>,
    what: &str,
    section: &str,
    known: &Field<Named<T>>,
    log: &mut Log,
) -> bool {
    let names: Vec<&str> = match known {
        Field::Given(named) => named.value.names().collect(),
        Field::Absent => Vec::new(),
        // The section was reported; nothing can be said about what is in it.
        Field::Broken => return true,
    };
    if names.contains(&name.value.as_str()) {
        return true;
    }
    let help = if names.is_empty() {
        format!("There is no `{section}:` section yet; define it there.")
    } else {
        format!(
            "Defined under `{section}:`: {}.",
            listed(names.iter().copied())
        )
    };
    let code = match what {
        "pipeline" => "unknown-pipeline",
        "suite" => "unknown-suite",
        "channel" => "unknown-channel",
        "variable set" => "unknown-variables",
        "role" => "unknown-role",
        "window" => "unknown-window",
        "mark" => "unknown-mark",
        "rota" => "unknown-rota",
        "resource" => "unknown-resource",
        _ => "unknown-stage",
    };
    log.report(
        Diagnostic::error(
            code,
            &name.span,
            format!("there is no {what} `{}`", shown(&name.value)),
        )
        .label(format!("unknown {what}"))
        .help(help)
        .did_you_mean(&name.value, names),
    );
    false
}

/// Checks a list of references, reports those that come twice, and gives the first of each.
pub(super) fn check_list<'a, T>(
    list: &'a Field<List<String>>,
    what: &str,
    section: &str,
    known: &Field<Named<T>>,
    log: &mut Log,
) -> Vec<&'a Spanned<String>> {
    let mut found: Vec<&Spanned<String>> = Vec::new();
    for name in distinct(list, what, log) {
        if check_known(name, what, section, known, log) {
            found.push(name);
        }
    }
    if let Some(one_more) = found.get(LISTED_MAX) {
        check_size(LISTED_MAX + 1, what, &one_more.span, log);
    }
    found
}

/// Reports the first reference too many.
pub(super) fn check_size(count: usize, what: &str, span: &Range<usize>, log: &mut Log) {
    if count == LISTED_MAX + 1 {
        let message = format!("more than {LISTED_MAX} {what}s are listed");
        log.report(
            Diagnostic::error("too-many", span, message)
                .label("one too many")
                .help(format!("Each {what} is an effect of one decision, which is committed whole; merge some of them.")),
        );
    }
}

/// The items of a list, each once; a repeated one is a warning.
pub(super) fn distinct<'a>(
    list: &'a Field<List<String>>,
    what: &str,
    log: &mut Log,
) -> Vec<&'a Spanned<String>> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for name in list.items() {
        if seen.insert(name.value.as_str()) {
            found.push(name);
        } else {
            let message = format!("the {what} `{}` is listed twice", shown(&name.value));
            log.report(
                Diagnostic::warning("listed-twice", &name.span, message)
                    .label("again here")
                    .help("The second has no effect; remove it."),
            );
        }
    }
    found
}
