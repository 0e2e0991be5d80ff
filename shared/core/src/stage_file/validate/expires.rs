//! When an idle stage goes away, who is told, and who may do something about it.

use std::collections::BTreeSet;

use super::names::{check_known, check_list, distinct};
use crate::name::ChannelName;
use crate::stage_file::Expires;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::{RawExpires, RawFile, RawStage};
use crate::stage_file::record::Field;

pub(super) fn check(raw: &RawFile, stage: &RawStage, log: &mut Log) -> Option<Expires> {
    let expires = stage.expires.value()?;
    let by = by(raw, expires, log);
    let tell = check_list(&expires.tell, "channel", "channels", &raw.channels, log);
    let mut told: Vec<ChannelName> = if expires.tell.is_absent() {
        // What is wrong with these was reported where they stand.
        let all = stage.alert.items().iter();
        all.filter_map(|it| it.value.channel())
            .map(ChannelName::new)
            .collect()
    } else {
        let all = tell.iter();
        all.map(|name| ChannelName::new(name.value.as_str()))
            .collect()
    };
    let mut known = BTreeSet::new();
    told.retain(|channel| known.insert(channel.clone()));
    let idle = expires.idle.given()?;
    if let Some(warn) = expires.warn.given()
        && warn.value.0 >= idle.value.0
    {
        log.report(
            Diagnostic::error(
                "expires",
                &warn.span,
                "the warning would come before the stage is idle at all",
            )
            .label("not before `idle`")
            .help(
                "`warn` is how long before the end its owner is told; make it shorter than `idle`.",
            ),
        );
    }
    let warn = match &expires.warn {
        Field::Given(warn) => Some(warn.value.0),
        Field::Absent | Field::Broken => None,
    };
    Some(Expires {
        idle: idle.value.0,
        warn,
        with_branch: expires.with_branch.value().copied().unwrap_or(false),
        by,
        tell: told,
    })
}

fn by(raw: &RawFile, expires: &RawExpires, log: &mut Log) -> Vec<String> {
    let by = distinct(&expires.by, "role", log);
    if let Some(first) = by.first().filter(|_| raw.roles.is_absent()) {
        let message = format!("nobody is given the role {}", shown(&first.value));
        log.report(
            Diagnostic::warning("no-roles", &first.span, message)
                .label("only operators can pin")
                .help("List GitHub logins under `roles:`; until then only an operator, who holds every role, can pin a stage."),
        );
    } else {
        for role in &by {
            check_known(role, "role", "roles", &raw.roles, log);
        }
    }
    by.iter().map(|role| role.value.clone()).collect()
}
