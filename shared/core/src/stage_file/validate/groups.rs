//! Groups: stages that people speak of together. They change nothing about the stages.

use std::collections::BTreeMap;

use super::collect;
use super::names::{check_known, check_name, distinct};
use crate::name::StageName;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::RawFile;
use crate::stage_file::record::{Entry, Field, List, Spanned};

pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<String, Vec<StageName>> {
    collect(raw.groups.entries().iter().map(|entry| {
        check_name(&entry.name, "a group", log);
        not_a_stage(raw, &entry.name, log);
        let list = entry.value.as_ref()?;
        Some((entry.name.value.clone(), members(raw, entry, list, log)))
    }))
}

/// Who hears of it would take the one for the other.
fn not_a_stage(raw: &RawFile, name: &Spanned<String>, log: &mut Log) {
    let stages = raw.stages.value().into_iter().flat_map(|it| &it.entries);
    let mut names = stages.flat_map(|stage| {
        let fixed = stage.value.as_ref().and_then(|it| it.name.value());
        let fixed = fixed.and_then(|name| name.as_literal());
        [Some(stage.name.value.as_str()), fixed]
    });
    if names.any(|taken| taken == Some(name.value.as_str())) {
        let message = format!("`{}` is a stage", shown(&name.value));
        log.report(
            Diagnostic::error("group-name", &name.span, message)
                .label("means a stage")
                .help("Give the group a name of its own."),
        );
    }
}

fn members(
    raw: &RawFile,
    entry: &Entry<List<String>>,
    list: &List<String>,
    log: &mut Log,
) -> Vec<StageName> {
    if list.items.is_empty() && !list.broken {
        let message = format!("the group `{}` has no stages", shown(&entry.name.value));
        log.report(
            Diagnostic::error("group", &entry.name.span, message)
                .label("nobody is meant")
                .help("List stages: `europe: [prod-eu, prod-uk]`, or remove the group."),
        );
    }
    let field = Field::Given(Spanned {
        value: list.clone(),
        span: entry.name.span.clone(),
    });
    let names = distinct(&field, "stage", log);
    names
        .into_iter()
        .filter_map(|name| member(raw, name, log))
        .collect()
}

/// The one stage of this name.
fn member(raw: &RawFile, name: &Spanned<String>, log: &mut Log) -> Option<StageName> {
    if !check_known(name, "stage", "stages", &raw.stages, log) {
        return None;
    }
    let stages = raw.stages.value()?;
    let stage = stages.get(&name.value)?.value.as_ref()?;
    let template = stage.name.value();
    let fixed = match template {
        Some(template) => template.as_literal(),
        None => Some(name.value.as_str()),
    };
    let problem = if !stage.kind.is_absent() {
        Some("is never deployed")
    } else if fixed.is_none() {
        Some("can be many stages")
    } else {
        None
    };
    if let Some(problem) = problem {
        let message = format!("`{}` {problem}", shown(&name.value));
        log.report(
            Diagnostic::error("group-member", &name.span, message)
                .label("cannot be a member")
                .help("A group has stages that are deployed and have a fixed name."),
        );
    }
    fixed.map(StageName::from)
}
