//! What leads to a stage: exactly one source, and a schedule that fires.

use super::names::{check_known, distinct};
use crate::name::RuleName;
use crate::schedule::{Schedule, ScheduleError, zone, zone_names};
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawFile, RawFrom, RawPullRequest, RawRefresh};
use crate::stage_file::record::{Field, Spanned};
use crate::stage_file::scalar::Kind;
use crate::stage_file::{From, Pattern, Refresh};

/// The kind of source, as far as it could be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Local,
    Branch { refreshed: bool },
    Tag,
    PullRequest,
    Promote,
    Select,
}

/// The source of a stage; `None` if it is missing or cannot be told.
pub(super) fn source(kind: &Field<Kind>, from: &Field<RawFrom>) -> Option<Source> {
    if !kind.is_absent() {
        return kind.value().map(|Kind::Local| Source::Local);
    }
    let from = from.value()?;
    let sources = [
        (!from.branch.is_absent()).then_some(Source::Branch {
            refreshed: !from.refresh.is_absent(),
        }),
        (!from.tag.is_absent()).then_some(Source::Tag),
        (!from.pull_request.is_absent()).then_some(Source::PullRequest),
        (!from.promote.is_absent()).then_some(Source::Promote),
        (!from.select.is_absent()).then_some(Source::Select),
    ];
    let mut sources = sources.into_iter().flatten();
    match (sources.next(), sources.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// Reads `from`; reports everything wrong with it.
pub(super) fn check(raw: &RawFile, from: &Spanned<RawFrom>, log: &mut Log) -> Option<From> {
    let it = &from.value;
    let given = [
        ("branch", it.branch.is_absent()),
        ("tag", it.tag.is_absent()),
        ("pull_request", it.pull_request.is_absent()),
        ("promote", it.promote.is_absent()),
        ("select", it.select.is_absent()),
    ];
    let count = given.iter().filter(|(_, absent)| !absent).count();
    if count != 1 {
        let message = format!("`from` has {count} sources, it needs one");
        log.report(
            Diagnostic::error("source", &from.span, message)
                .label("one source each")
                .help("There are `branch`, `tag`, `pull_request`, `promote` and `select`; make one stage for each."),
        );
    }
    let refresh = it
        .refresh
        .given()
        .and_then(|refresh| check_refresh(it, refresh, log));
    let upstream = it.promote.given();
    if let Some(upstream) = upstream {
        check_known(upstream, "stage", "stages", &raw.stages, log);
    }
    let pull_request = it.pull_request.value().and_then(|it| pull_request(it, log));
    if let Some(pattern) = it.branch.value() {
        return Some(From::Branch {
            pattern: pattern.clone(),
            refresh,
        });
    }
    if let Some(pattern) = it.tag.value() {
        return Some(From::Tag {
            pattern: pattern.clone(),
        });
    }
    if let Some(pattern) = it.select.value() {
        return Some(From::Select {
            pattern: pattern.clone(),
        });
    }
    pull_request.or_else(|| {
        Some(From::Promote {
            rule: RuleName::new(upstream?.value.as_str()),
        })
    })
}

fn pull_request(raw: &RawPullRequest, log: &mut Log) -> Option<From> {
    for label in raw.labels.items() {
        // GitHub's limit.
        if label.value.trim().is_empty() || label.value.chars().count() > 50 {
            let message = format!("`{}` cannot be a label", shown(&label.value));
            log.report(
                Diagnostic::error("name", &label.span, message)
                    .help("A label has 1 to 50 characters."),
            );
        }
    }
    let base = match &raw.base {
        Field::Given(base) => base.value.clone(),
        Field::Absent => Pattern::parse("**").ok()?,
        Field::Broken => return None,
    };
    let labels = distinct(&raw.labels, "label", log);
    Some(From::PullRequest {
        base,
        labels: labels.iter().map(|label| label.value.clone()).collect(),
        forks: raw.forks.value().cloned(),
    })
}

fn check_refresh(from: &RawFrom, refresh: &Spanned<RawRefresh>, log: &mut Log) -> Option<Refresh> {
    match &from.branch {
        Field::Absent => log.report(
            Diagnostic::error(
                "refresh-without-branch",
                &refresh.span,
                "`refresh` needs a branch",
            )
            .label("refreshed from what?")
            .help("Add `branch: main`; the schedule deploys that branch's head."),
        ),
        Field::Given(branch) if branch.value.literal().is_none() => log.report(
            Diagnostic::error(
                "refresh-of-pattern",
                &branch.span,
                format!(
                    "`{}` can be several branches, a schedule refreshes one",
                    branch.value
                ),
            )
            .label("which of them?")
            .help("Name one branch, without `*` and `{...}`."),
        ),
        Field::Given(_) | Field::Broken => {}
    }
    let it = &refresh.value;
    if let (Some(cron), Some(timezone)) = (it.cron.given(), it.timezone.given()) {
        check_schedule(cron, timezone, log);
    }
    Some(Refresh {
        cron: it.cron.value()?.clone(),
        timezone: it.timezone.value()?.clone(),
    })
}

/// Reports a time zone or a cron expression that is none.
pub(super) fn check_schedule(cron: &Spanned<String>, timezone: &Spanned<String>, log: &mut Log) {
    check_zone(timezone, log);
    // The zone has its own report; the expression is judged by itself.
    match Schedule::parse(&cron.value, "UTC") {
        Ok(_) => {}
        Err(error @ ScheduleError::Never) => log.report(
            Diagnostic::error("never-fires", &cron.span, error.to_string())
                .label("no such day")
                .help("No year has a day like this; check day of month and month."),
        ),
        Err(error) => log.report(
            Diagnostic::error("cron", &cron.span, error.to_string())
                .help("Write `minute hour day month weekday`, such as `0 6 * * 1-5`."),
        ),
    }
}

/// Reports a time zone that there is not.
pub(super) fn check_zone(timezone: &Spanned<String>, log: &mut Log) {
    if zone(&timezone.value).is_err() {
        let message = format!("`{}` is not a time zone", shown(&timezone.value));
        let names = zone_names();
        log.report(
            Diagnostic::error("time-zone", &timezone.span, message)
                .label("unknown time zone")
                .help("Write a name of the IANA database, such as `Europe/Rome` or `UTC`.")
                .did_you_mean(&timezone.value, names.iter().map(String::as_str)),
        );
    }
}
