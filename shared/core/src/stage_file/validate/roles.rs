//! Roles: who is in them, and whether two people could be taken for one.

use std::collections::BTreeMap;

use super::collect;
use super::names::{check_name, distinct};
use crate::name::Actor;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::RawFile;
use crate::stage_file::record::{Field, Spanned};
use crate::stage_file::slug::reduced;

pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<String, Vec<Actor>> {
    let Some(roles) = raw.roles.value() else {
        return BTreeMap::new();
    };
    let mut by_slug: BTreeMap<String, &str> = BTreeMap::new();
    for entry in &roles.entries {
        check_name(&entry.name, "a role", log);
        let Some(list) = &entry.value else { continue };
        if list.items.is_empty() && !list.broken {
            let message = format!("nobody has the role `{}`", shown(&entry.name.value));
            log.report(
                Diagnostic::warning("empty-role", &entry.name.span, message)
                    .help("Only an operator can stand in for it; list GitHub logins."),
            );
        }
        for login in &list.items {
            check_login(login, &mut by_slug, log);
        }
    }
    collect(roles.entries.iter().map(|entry| {
        let list = Field::Given(Spanned {
            value: entry.value.clone()?,
            span: entry.name.span.clone(),
        });
        let logins = distinct(&list, "login", log);
        let logins = logins.iter().map(|login| Actor::new(login.value.as_str()));
        Some((entry.name.value.clone(), logins.collect()))
    }))
}

fn check_login<'a>(
    login: &'a Spanned<String>,
    by_slug: &mut BTreeMap<String, &'a str>,
    log: &mut Log,
) {
    let text = login.value.as_str();
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.[]".contains(c);
    if text.is_empty() || text.len() > 60 || !text.chars().all(legal) {
        let message = format!("`{}` is not a GitHub login", shown(text));
        log.report(Diagnostic::error("login", &login.span, message).help(
            "Write the login as GitHub spells it, without `@`; not the person's name or address.",
        ));
        return;
    }
    let slug = reduced(&text.to_lowercase());
    let first = *by_slug.entry(slug.clone()).or_insert(text);
    if first != text {
        let message = format!("`{first}` and `{text}` both make the stage name `{slug}`");
        log.report(
            Diagnostic::error("same-slug", &login.span, message)
                .label("cannot be told apart")
                .help("For one person, spell the login one way; two people need names that differ in letters or digits."),
        );
    }
}
