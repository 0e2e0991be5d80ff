//! Stage names: no two rules give the same one.
//!
//! Two fixed names and two templates of one shape are errors. A template that could happen to
//! give another rule's name is kept apart when it is rendered (by a hash); where it is plain
//! who or what would run into that, it is a warning.

use std::collections::BTreeMap;
use std::ops::Range;

use super::sources::source;
use super::templates::unnamed;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::names::ends;
use crate::stage_file::raw::{RawFile, RawStage};
use crate::stage_file::record::{Entry, Field};
use crate::stage_file::{Reference, Template};

/// A rule that gives stage names, as far as it could be read.
struct Giver<'a> {
    rule: &'a str,
    span: &'a Range<usize>,
    name: Template,
    stage: &'a RawStage,
}

pub(super) fn check(raw: &RawFile, log: &mut Log) {
    let Some(stages) = raw.stages.value() else {
        return;
    };
    let sides = stages.entries.iter().filter_map(side);
    let givers: Vec<Giver<'_>> = stages
        .entries
        .iter()
        .filter_map(giver)
        .chain(sides)
        .collect();
    let mut fixed: BTreeMap<&str, &Giver<'_>> = BTreeMap::new();
    let mut shapes: BTreeMap<(&str, &str), &Giver<'_>> = BTreeMap::new();
    for giver in &givers {
        let first = match giver.name.as_literal() {
            Some(name) => *fixed.entry(name).or_insert(giver),
            None => *shapes.entry(ends(&giver.name)).or_insert(giver),
        };
        if first.rule != giver.rule {
            log.report(same_name(first, giver));
        }
    }
    for templated in givers
        .iter()
        .filter(|giver| giver.name.as_literal().is_none())
    {
        for (name, owner) in &fixed {
            if let Some(who) = collides(raw, templated, name) {
                log.report(likely(templated, owner, name, &who));
            }
        }
    }
}

fn giver(entry: &Entry<RawStage>) -> Option<Giver<'_>> {
    let stage = entry.value.as_ref()?;
    let (name, span) = match &stage.name {
        Field::Given(name) => {
            // A template that was reported gives no names.
            let source = source(&stage.kind, &stage.from)?;
            if name
                .value
                .references()
                .any(|one| unnamed(one, source).is_some())
            {
                return None;
            }
            (name.value.clone(), &name.span)
        }
        Field::Absent => (Template::literal(&entry.name.value), &entry.name.span),
        Field::Broken => return None,
    };
    Some(Giver {
        rule: &entry.name.value,
        span,
        name,
        stage,
    })
}

/// The stage that takes turns with the entry's own.
fn side(entry: &Entry<RawStage>) -> Option<Giver<'_>> {
    let stage = entry.value.as_ref()?;
    let with = stage.toggle.value()?.with.given()?;
    Some(Giver {
        rule: &entry.name.value,
        span: &with.span,
        name: Template::literal(&with.value),
        stage,
    })
}

fn same_name(first: &Giver<'_>, second: &Giver<'_>) -> Diagnostic {
    let (one, two) = (shown(first.rule), shown(second.rule));
    let name = shown(second.name.as_str());
    let (message, help) = if second.name.as_literal().is_some() {
        (
            format!("`{one}` and `{two}` are both the stage `{name}`"),
            "A stage has one rule. Several branches are one pattern: `{release,hotfix}/*`.",
        )
    } else {
        (
            format!("`{one}` and `{two}` can give the same stage name"),
            "Put different text around the references, such as `b-${branch.slug}`, or make one rule with one pattern: `{feature,fix}/**`.",
        )
    };
    Diagnostic::error("same-stage", second.span, message)
        .label(format!("like `{one}`"))
        .help(help)
}

/// Who or what would make `templated` give `name`, where that is plain from the file.
fn collides(raw: &RawFile, templated: &Giver<'_>, name: &str) -> Option<String> {
    let (prefix, suffix) = ends(&templated.name);
    let middle = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
    let mut references = templated.name.references();
    match (references.next()?, references.next()) {
        (Reference::Actor, None) => {
            let roles = raw.roles.value()?;
            let lists = roles
                .entries
                .iter()
                .filter_map(|entry| entry.value.as_ref());
            let login = lists
                .flat_map(|list| &list.items)
                .find(|login| login.value.to_lowercase() == middle)?;
            Some(format!("the user `{}`", shown(&login.value)))
        }
        (Reference::BranchSlug, None) => {
            let pattern = templated.stage.from.value()?.branch.value()?;
            pattern
                .matches(middle)
                .then(|| format!("the branch `{}`", shown(middle)))
        }
        _ => None,
    }
}

fn likely(templated: &Giver<'_>, owner: &Giver<'_>, name: &str, who: &str) -> Diagnostic {
    let owner = shown(owner.rule);
    let message = format!("{who} is called like the stage `{name}`, which belongs to `{owner}`");
    Diagnostic::warning("stage-taken", templated.span, message)
        .label("gets a hash added")
        .help("The name stays with the fixed stage; put text around the reference to have readable names.")
}
