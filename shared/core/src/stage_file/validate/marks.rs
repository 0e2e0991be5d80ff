//! Marks: words with a meaning of the team's own, and the roles whose holders may give them.

use std::collections::BTreeMap;

use super::names::{check_known, check_list, check_name, distinct};
use crate::mark::{BAD, MARKS_MAX};
use crate::stage_file::MarkRule;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawMark};
use crate::stage_file::record::{Entry, Field, List, Spanned};

/// The section `marks:`.
pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<String, MarkRule> {
    let entries = raw.marks.entries();
    // One is left for `bad`.
    if let Some(one_more) = entries.get(MARKS_MAX - 1) {
        let message = format!("more than {} marks are defined", MARKS_MAX - 1);
        log.report(
            Diagnostic::error("too-many", &one_more.name.span, message)
                .label("one too many")
                .help("All marks of a revision are kept in one record; do with fewer words."),
        );
    }
    let rule = |entry: &Entry<RawMark>, log: &mut Log| {
        check_name(&entry.name, "a mark", log);
        if entry.name.value == BAD {
            log.report(built_in(&entry.name).help(
                "Remove it: anybody may mark a release bad, with a reason, and no stage takes it then.",
            ));
        }
        let by = entry.value.as_ref().map(|mark| check_by(raw, mark, log));
        (
            entry.name.value.clone(),
            MarkRule {
                by: by.unwrap_or_default(),
            },
        )
    };
    entries.iter().map(|entry| rule(entry, log)).collect()
}

fn check_by(raw: &RawFile, mark: &RawMark, log: &mut Log) -> Vec<String> {
    let by = distinct(&mark.by, "role", log);
    if let Some(first) = by.first().filter(|_| raw.roles.is_absent()) {
        let message = format!("nobody is given the role {}", shown(&first.value));
        log.report(
            Diagnostic::warning("no-roles", &first.span, message)
                .label("only operators can mark")
                .help("List GitHub logins under `roles:`; until then only an operator, who holds every role, can give this mark."),
        );
    } else {
        for role in &by {
            check_known(role, "role", "roles", &raw.roles, log);
        }
    }
    by.iter().map(|role| role.value.clone()).collect()
}

/// The marks a stage demands.
pub(super) fn demanded(raw: &RawFile, marks: &Field<List<String>>, log: &mut Log) -> Vec<String> {
    if let Some(bad) = marks.items().iter().find(|mark| mark.value == BAD) {
        log.report(
            built_in(bad).help("Remove it: a stage that demands it could never take anything."),
        );
        return Vec::new();
    }
    check_list(marks, "mark", "marks", &raw.marks, log)
        .iter()
        .map(|mark| mark.value.clone())
        .collect()
}

pub(super) fn built_in(at: &Spanned<String>) -> Diagnostic {
    Diagnostic::error("mark-built-in", &at.span, "`bad` has a meaning of its own").label("built in")
}
