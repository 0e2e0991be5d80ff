//! Resources that several stages use: whose they are is plain, and nobody gets at one past what it
//! says. Two stages that write at the same time are kept apart when they run; what is never meant to
//! be written is kept from them here.

use std::collections::{BTreeMap, BTreeSet};

use super::collect;
use super::names::{check_known, check_name, distinct};
use super::variables::set;
use crate::name::{RuleName, SecretName};
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::hash::Shared;
use crate::stage_file::raw::{RawFile, RawResource, RawStage};
use crate::stage_file::record::{Entry, Field, Named, Spanned};
use crate::stage_file::scalar::VariableValue;
use crate::stage_file::{Access, Reference, Resource, Rule, Template};

/// With more stages than this nobody takes turns: what one of them relies on when it begins is checked
/// in the transaction that lets it.
const OTHERS_MAX: usize = 4;

/// The section `resources:`.
pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<String, Resource> {
    collect(raw.resources.entries().iter().map(|entry| {
        check_name(&entry.name, "a resource", log);
        let resource = entry.value.as_ref()?;
        Some((entry.name.value.clone(), section(raw, resource, log)?))
    }))
}

fn section(raw: &RawFile, resource: &RawResource, log: &mut Log) -> Option<Resource> {
    let owner = resource.owner.given();
    if let Some(owner) = owner {
        check_writer(raw, owner, log);
    }
    let mut writers = Vec::new();
    for writer in distinct(&resource.writers, "writer", log) {
        check_writer(raw, writer, log);
        if owner.is_some_and(|owner| owner.value == writer.value) {
            let message = format!("`{}` owns it and may write", shown(&writer.value));
            log.report(
                Diagnostic::warning("listed-twice", &writer.span, message)
                    .label("the owner")
                    .help("Remove it; `writers` are those beside the owner."),
            );
        } else {
            writers.push(RuleName::new(writer.value.as_str()));
        }
    }
    Some(Resource {
        owner: RuleName::new(owner?.value.as_str()),
        writers,
        write: variables(&resource.write, log),
        read: variables(&resource.read, log),
    })
}

/// Who writes is one stage, and is deployed.
fn check_writer(raw: &RawFile, name: &Spanned<String>, log: &mut Log) {
    if !check_known(name, "stage", "stages", &raw.stages, log) {
        return;
    }
    let stages = raw.stages.value();
    let Some(stage) = stages.and_then(|stages| stages.get(&name.value)?.value.as_ref()) else {
        return;
    };
    let family = stage.name.value();
    let problem = if !stage.kind.is_absent() {
        Some("is never deployed, so that nothing of it writes")
    } else if family.is_some_and(|name| name.as_literal().is_none()) {
        Some("can be many stages, which cannot all take turns")
    } else if !stage.toggle.is_absent() {
        Some("is two stages, and others would take turns with one of them only")
    } else {
        None
    };
    if let Some(problem) = problem {
        let message = format!("`{}` {problem}", shown(&name.value));
        log.report(
            Diagnostic::error("resource-writer", &name.span, message)
                .label("cannot write")
                .help("Name a stage that is deployed and has a fixed name; others may share it `read-only`."),
        );
    }
}

/// Whoever shares it has a value for what they refer to.
fn variables(named: &Field<Named<VariableValue>>, log: &mut Log) -> BTreeMap<String, Template> {
    let Some(named) = named.value() else {
        return BTreeMap::new();
    };
    for entry in &named.entries {
        let references = entry.value.iter().flat_map(|value| value.0.references());
        for other in references.filter(|it| !matches!(it, Reference::Secret(_) | Reference::Stage))
        {
            let message = format!("`{other}` is another thing for each stage");
            log.report(
                Diagnostic::error("resource-reference", &entry.name.span, message)
                    .label("not of the resource")
                    .help("Resources know `${secret:name}` and `${stage}` only."),
            );
        }
    }
    set(named, log)
}

/// What a stage shares: what it lists, and what it may write anyway.
pub(super) fn shares(
    raw: &RawFile,
    entry: &Entry<RawStage>,
    stage: &RawStage,
    log: &mut Log,
) -> BTreeMap<String, Access> {
    let own = &entry.name.value;
    let mut shares = BTreeMap::new();
    for resource in raw.resources.entries() {
        if resource.value.as_ref().is_some_and(|it| writes(it, own)) {
            shares.insert(resource.name.value.clone(), Access::Write);
        }
    }
    for listed in stage.shares.entries() {
        let name = &listed.name;
        let Some(access) = listed.value else { continue };
        if !check_known(name, "resource", "resources", &raw.resources, log) {
            continue;
        }
        let may = shares.contains_key(&name.value);
        if let Some(problem) = contradicts(raw, own, name, may, access) {
            log.report(problem);
        }
        shares.insert(name.value.clone(), access);
    }
    shares
}

fn writes(resource: &RawResource, stage: &str) -> bool {
    let is_owner = resource.owner.value().is_some_and(|owner| owner == stage);
    is_owner || resource.writers.items().iter().any(|it| it.value == stage)
}

fn contradicts(
    raw: &RawFile,
    own: &str,
    name: &Spanned<String>,
    may: bool,
    access: Access,
) -> Option<Diagnostic> {
    let (own, resource) = (shown(own), shown(&name.value));
    let entries = raw.resources.entries().iter();
    let mut entries = entries.filter(|entry| entry.name.value == name.value);
    let owner = entries.find_map(|entry| entry.value.as_ref()?.owner.value());
    match (access, may) {
        (Access::Write, false) => {
            let message = format!("`{own}` would write to what is `{}`'s", shown(owner?));
            let help = format!(
                "Write `{resource}: read-only`, or let it write: `writers: [{own}]` at the resource."
            );
            Some(
                Diagnostic::error("shares-write", &name.span, message)
                    .label("may only read")
                    .help(help),
            )
        }
        (Access::ReadOnly, true) => {
            let message = format!("`{own}` may write to `{resource}`, and says that it only reads");
            Some(
                Diagnostic::error("shares-read", &name.span, message)
                    .label("may write")
                    .help("Write `write`, or take the stage away from the `owner` and `writers` of the resource."),
            )
        }
        _ => None,
    }
}

/// What each stage gets besides, held against what is shared.
pub(super) fn check_uses(raw: &RawFile, rules: &[Rule], all: &Shared<'_>, log: &mut Log) {
    for entry in raw.stages.entries() {
        let rule = rules.iter().find(|it| it.name.as_str() == entry.name.value);
        let (Some(rule), Some(stage)) = (rule, &entry.value) else {
            continue;
        };
        let span = stage.variables.span();
        let span = span.or_else(|| stage.shares.span());
        let at = Spanned {
            value: entry.name.value.clone(),
            span: span.unwrap_or(&entry.name.span).clone(),
        };
        given_twice(rule, &at, all, log);
        for (name, resource) in all.resources {
            if !resource.is_written_by(&rule.name) {
                past(rule, &at, (name, resource), all, log);
            }
        }
        let others = others(rule, all.resources);
        if others.len() > OTHERS_MAX {
            let message = format!(
                "`{}` would take turns with {} other stages",
                shown(&at.value),
                others.len()
            );
            log.report(
                Diagnostic::error("too-many", &at.span, message)
                    .label(format!("{OTHERS_MAX} are allowed"))
                    .help("Let fewer stages write to what it writes to."),
            );
        }
    }
}

fn others<'a>(rule: &Rule, resources: &'a BTreeMap<String, Resource>) -> BTreeSet<&'a RuleName> {
    let written = resources
        .values()
        .filter(|resource| resource.is_written_by(&rule.name));
    let writers = written.flat_map(Resource::all_writers);
    writers.filter(|writer| **writer != rule.name).collect()
}

/// A variable that comes from two places: which of them it is would be hard to see.
fn given_twice(rule: &Rule, at: &Spanned<String>, all: &Shared<'_>, log: &mut Log) {
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    for set in &rule.variables {
        for name in all.variables.get(set).into_iter().flat_map(BTreeMap::keys) {
            known.insert(name, format!("the set `{}`", shown(set)));
        }
    }
    for (resource, access) in &rule.shares {
        let Some(resource_of) = all.resources.get(resource) else {
            continue;
        };
        let from = format!("the resource `{}`", shown(resource));
        for name in resource_of.variables(*access).keys() {
            if let Some(other) = known.insert(name, from.clone()) {
                let message = format!(
                    "`{name}` of `{}` comes from {from} and from {other}",
                    shown(&at.value)
                );
                log.report(
                    Diagnostic::error("shared-variable", &at.span, message)
                        .label("which of them?")
                        .help("Rename one, or leave it to the resource alone."),
                );
            }
        }
    }
}

/// What would let a stage write that may not: the secret, or the very value, that only writers are told.
fn past(
    rule: &Rule,
    at: &Spanned<String>,
    (name, resource): (&str, &Resource),
    all: &Shared<'_>,
    log: &mut Log,
) {
    let kept = &secrets(resource.write.values()) - &secrets(resource.read.values());
    let sets = rule.variables.iter();
    let sets: Vec<_> = sets.filter_map(|set| all.variables.get(set)).collect();
    let suites = rule.verify.iter().filter_map(|suite| all.suites.get(suite));
    let suites = suites.map(|suite| &suite.variables);
    // That it would write to this one by saying so was reported where it says so.
    let others = rule.shares.iter().filter(|(other, _)| *other != name);
    let shared =
        others.filter_map(|(other, access)| Some(all.resources.get(other)?.variables(*access)));
    let given = sets.iter().copied().chain(suites).chain(shared);
    let found = secrets(given.flat_map(BTreeMap::values));
    let (own, resource_name) = (shown(&at.value), shown(name));
    let owner = shown(resource.owner.as_str());
    let mut report = |what: String| {
        let message =
            format!("`{own}` would get {what}, by which one writes to what is `{owner}`'s");
        log.report(
            Diagnostic::error("shared-secret", &at.span, message)
                .label(format!("writes to `{resource_name}`"))
                .help(format!(
                    "Take it out of the stage's variables and share it: `shares: {{ {resource_name}: read-only }}`."
                )),
        );
    };
    for secret in kept.intersection(&found) {
        report(format!("`${{secret:{}}}`", shown(secret.as_str())));
    }
    for (variable, value) in &resource.write {
        let plain = !value
            .references()
            .any(|it| matches!(it, Reference::Secret(_)));
        let is_read = resource.read.get(variable) == Some(value);
        let is_given = sets.iter().any(|set| set.get(variable) == Some(value));
        if plain && !is_read && is_given {
            report(format!("the `{variable}` of writers"));
        }
    }
}

fn secrets<'a>(values: impl Iterator<Item = &'a Template>) -> BTreeSet<&'a SecretName> {
    let references = values.flat_map(Template::references);
    let secrets = references.filter_map(|reference| match reference {
        Reference::Secret(name) => Some(name),
        _ => None,
    });
    secrets.collect()
}
