//! Windows: each opens or closes, at a time that comes, for a reason.

use std::collections::BTreeMap;

use super::collect;
use super::names::{check_known, check_name, distinct};
use super::sources::check_schedule;
use crate::schedule::Schedule;
use crate::stage_file::diagnostic::{Diagnostic, Log, listed, shown};
use crate::stage_file::raw::{RawFile, RawStage, RawWhen, RawWindow};
use crate::stage_file::record::{Entry, Field, Spanned};
use crate::stage_file::{Window, WindowKind};

/// A stage lists at most this many: each is looked up in the calendar whenever it is planned.
const LISTED_MAX: usize = 10;
/// A reason is read in a line of a board.
const REASON_MAX: usize = 200;

/// Checks every window.
pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<String, Window> {
    collect(raw.windows.entries().iter().map(|entry| {
        check_name(&entry.name, "a window", log);
        let window = window(raw, entry, entry.value.as_ref()?, log)?;
        Some((window.name.clone(), window))
    }))
}

/// The windows that a stage lists, each once.
pub(super) fn listed_by(raw: &RawFile, stage: &RawStage, log: &mut Log) -> Vec<String> {
    let mut found = distinct(&stage.windows, "window", log);
    found.retain(|name| check_known(name, "window", "windows", &raw.windows, log));
    if let Some(one_more) = found.get(LISTED_MAX) {
        let message = format!("more than {LISTED_MAX} windows are listed");
        log.report(
            Diagnostic::error("too-many", &one_more.span, message)
                .label("one too many")
                .help("A cron expression can name several days; merge some of them."),
        );
    }
    found.iter().map(|name| name.value.clone()).collect()
}

fn window(
    raw: &RawFile,
    entry: &Entry<RawWindow>,
    window: &RawWindow,
    log: &mut Log,
) -> Option<Window> {
    let reason = window.reason.given();
    if let Some(reason) = reason {
        check_reason(reason, log);
    }
    let overriders = overriders(raw, window, log);
    let (kind, when) = when(entry, window, log)?;
    let when = &when.value;
    if let (Some(cron), Some(timezone)) = (when.cron.given(), when.timezone.given()) {
        check_schedule(cron, timezone, log);
    }
    let cron = when.cron.value()?.clone();
    let timezone = when.timezone.value()?.clone();
    Some(Window {
        name: entry.name.value.clone(),
        kind,
        schedule: Schedule::parse(&cron, &timezone).ok()?,
        cron,
        timezone,
        length: when.r#for.value()?.0,
        reason: reason?.value.clone(),
        overriders,
    })
}

/// The one of `allow` and `deny` that is there.
fn when<'a>(
    entry: &Entry<RawWindow>,
    window: &'a RawWindow,
    log: &mut Log,
) -> Option<(WindowKind, &'a Spanned<RawWhen>)> {
    let how_many = match (window.allow.is_absent(), window.deny.is_absent()) {
        (false, true) => return Some((WindowKind::Allow, window.allow.given()?)),
        (true, false) => return Some((WindowKind::Deny, window.deny.given()?)),
        (true, true) => "neither `allow` nor `deny`",
        (false, false) => "both `allow` and `deny`",
    };
    let name = shown(&entry.name.value);
    log.report(
        Diagnostic::error(
            "window",
            &entry.name.span,
            format!("the window `{name}` has {how_many}, it needs one of them"),
        )
        .label("one of them")
        .help("`allow`: stages change only then; `deny`: they do not change then. Make two windows for both."),
    );
    None
}

fn check_reason(reason: &Spanned<String>, log: &mut Log) {
    let length = reason.value.chars().count();
    if reason.value.trim().is_empty() || length > REASON_MAX {
        log.report(
            Diagnostic::error("reason", &reason.span, "this is not a reason")
                .label(format!("1 to {REASON_MAX} characters"))
                .help("Say in a few words why stages are closed; whoever waits reads it."),
        );
    }
}

fn overriders(raw: &RawFile, window: &RawWindow, log: &mut Log) -> Vec<String> {
    let roles = distinct(&window.r#override, "role", log);
    match &raw.roles {
        Field::Given(_) => {
            for role in &roles {
                check_known(role, "role", "roles", &raw.roles, log);
            }
        }
        Field::Absent => {
            if let Some(first) = roles.first() {
                let names = listed(roles.iter().map(|role| role.value.as_str()));
                log.report(
                    Diagnostic::warning("no-roles", &first.span, format!("nobody is given the role {names}"))
                        .label("only operators can override")
                        .help("List GitHub logins under `roles:`; until then only an operator, who holds every role, can let a release through."),
                );
            }
        }
        Field::Broken => {}
    }
    roles.iter().map(|role| role.value.clone()).collect()
}
