//! Approvals: enough people who may say yes.
//!
//! Any deployed stage can ask for them, not only one that is promoted to: a release that
//! comes from a tag may need a yes as well.

use std::collections::BTreeSet;

use super::names::{check_known, distinct};
use crate::stage_file::Approvals;
use crate::stage_file::diagnostic::{Diagnostic, Log, listed, shown};
use crate::stage_file::raw::{RawApprovals, RawFile};
use crate::stage_file::record::{Field, Spanned};

const COUNT_MAX: u32 = 10;

pub(super) fn check(
    raw: &RawFile,
    approvals: &Spanned<RawApprovals>,
    log: &mut Log,
) -> Option<Approvals> {
    let it = &approvals.value;
    let count = match &it.count {
        Field::Absent => Some(1),
        Field::Broken => None,
        Field::Given(count) => check_count(count, log),
    };
    let by = distinct(&it.by, "role", log);
    match &raw.roles {
        Field::Given(_) => {
            for role in &by {
                check_known(role, "role", "roles", &raw.roles, log);
            }
            if let Some(count) = count {
                check_people(raw, &by, count, log);
            }
        }
        Field::Absent => {
            if let Some(first) = by.first() {
                let names = listed(by.iter().map(|role| role.value.as_str()));
                log.report(
                    Diagnostic::warning("no-roles", &first.span, format!("nobody is given the role {names}"))
                        .label("only operators can approve")
                        .help("List GitHub logins under `roles:`; until then only an operator, who holds every role, can approve."),
                );
            }
        }
        Field::Broken => {}
    }
    Some(Approvals {
        count: count?,
        by: by.iter().map(|role| role.value.clone()).collect(),
    })
}

fn check_count(count: &Spanned<i64>, log: &mut Log) -> Option<u32> {
    let number = u32::try_from(count.value)
        .ok()
        .filter(|n| (1..=COUNT_MAX).contains(n));
    if number.is_none() {
        log.report(
            Diagnostic::error(
                "number",
                &count.span,
                format!("`count` goes from 1 to {COUNT_MAX}"),
            )
            .help("Remove `approvals` if nobody needs to say yes."),
        );
    }
    number
}

fn check_people(raw: &RawFile, by: &[&Spanned<String>], count: u32, log: &mut Log) {
    let Some(roles) = raw.roles.value() else {
        return;
    };
    let Some(first) = by.first() else { return };
    let mut people = BTreeSet::new();
    for role in by {
        let Some(entry) = roles.get(&role.value) else {
            return;
        };
        let Some(list) = &entry.value else { return };
        people.extend(list.items.iter().map(|login| login.value.to_lowercase()));
    }
    let have = u32::try_from(people.len()).unwrap_or(u32::MAX);
    if have < count && have > 0 {
        let message = format!("{count} approvals are needed, and {have} can give one");
        let names = shown(&first.value);
        log.report(
            Diagnostic::warning("too-few-people", &first.span, message)
                .label("not enough people")
                .help(format!("Add logins to `{names}`, or lower `count`; only operators can make up the rest.")),
        );
    }
}
