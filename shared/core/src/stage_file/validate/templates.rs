//! Templates where they are used: a name that can be a stage's, and references that have a
//! value when they are needed.

use super::forks;
use super::sources::Source;
use crate::stage_file::diagnostic::{Diagnostic, Log, listed, shown};
use crate::stage_file::raw::{RawFile, RawStage};
use crate::stage_file::record::{Entry, Field, Spanned};
use crate::stage_file::slug::{STAGE_NAME_MAX, is_name_byte, is_stage_name, slug};
use crate::stage_file::template::Part;
use crate::stage_file::{Reference, Template};

/// What a template's own text must leave for its references: a hash and something to read.
const ROOM_MIN: usize = 8;

/// The name of a stage, given or taken from its key; `None` if it cannot be one.
pub(super) fn check_name(
    entry: &Entry<RawStage>,
    stage: &RawStage,
    source: Option<Source>,
    log: &mut Log,
) -> Option<Template> {
    match &stage.name {
        Field::Broken => None,
        Field::Given(name) => check_template(name, source, log).then(|| name.value.clone()),
        Field::Absent => {
            let key = &entry.name;
            if !is_stage_name(&key.value) {
                log.report(bad_name(key, &key.value).help(format!(
                    "Rename the key, or add `name: {}`. {ALPHABET}",
                    slug(&key.value)
                )));
            }
            Some(Template::literal(&key.value))
        }
    }
}

const ALPHABET: &str =
    "A stage's name has lower-case letters, digits and single `-` inside, at most 24 characters.";

fn bad_name<T>(at: &Spanned<T>, name: &str) -> Diagnostic {
    let message = format!("`{}` cannot be the name of a stage", shown(name));
    Diagnostic::error("stage-name", &at.span, message).label("names resources on AWS")
}

fn check_template(name: &Spanned<Template>, source: Option<Source>, log: &mut Log) -> bool {
    if let Some(fixed) = name.value.as_literal() {
        if !is_stage_name(fixed) {
            log.report(bad_name(name, fixed).help(format!("Write `{}`. {ALPHABET}", slug(fixed))));
        }
        return is_stage_name(fixed);
    }
    let mut good = true;
    for reference in name.value.references() {
        let why = match source {
            Some(source) => unnamed(reference, source),
            // The source was reported; only what no source has can be told.
            None => matches!(
                reference,
                Reference::Secret(_) | Reference::Stage | Reference::Output(_)
            )
            .then_some("a name is made from `${actor}`, `${branch.slug}` or `${pr}`"),
        };
        if let Some(why) = why {
            good = false;
            let message = format!("`{reference}` cannot be part of this stage's name");
            log.report(
                Diagnostic::error("reference-in-name", &name.span, message)
                    .label("has no value here")
                    .help(format!("Not possible: {why}.")),
            );
        }
    }
    good & check_literals(name, log)
}

/// Why a reference cannot name a stage of this source.
pub(super) fn unnamed(reference: &Reference, source: Source) -> Option<&'static str> {
    match (reference, source) {
        (Reference::Secret(_), _) => Some("a name is public"),
        (Reference::Stage, _) => Some("this is the stage's name"),
        (Reference::Output(_), _) => Some("outputs come after the deploy"),
        (_, Source::Local) => Some("a local stage has one name"),
        (_, Source::Promote) => Some("a release is promoted to one fixed stage"),
        (_, Source::Select) => Some("it is one stage, for whatever branch a person selects"),
        (_, Source::Tag) => Some("a tag belongs to nobody and to no branch"),
        (Reference::Actor, Source::Branch { refreshed: true }) => Some("a schedule has no actor"),
        (Reference::PullRequest, Source::Branch { .. }) => {
            Some("a branch has no number; use `pull_request`")
        }
        (Reference::Actor, Source::Branch { .. } | Source::PullRequest)
        | (Reference::BranchSlug, Source::Branch { .. } | Source::PullRequest)
        | (Reference::PullRequest, Source::PullRequest) => None,
    }
}

fn check_literals(name: &Spanned<Template>, log: &mut Log) -> bool {
    let texts = name.value.parts().iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Reference(_) => None,
    });
    let length: usize = texts.clone().map(str::len).sum();
    let illegal = texts
        .clone()
        .any(|text| !text.bytes().all(is_name_byte) || text.contains("--"));
    let (first, last) = crate::stage_file::names::ends(&name.value);
    let help = if illegal || first.starts_with('-') || last.ends_with('-') {
        ALPHABET.to_owned()
    } else if length + ROOM_MIN > STAGE_NAME_MAX {
        format!(
            "Names are cut to {STAGE_NAME_MAX} characters; leave at least {ROOM_MIN} of them for what the references become."
        )
    } else {
        return true;
    };
    log.report(bad_name(name, name.value.as_str()).help(help));
    false
}

/// Whether what the stage's variables and suites refer to has a value for this stage.
pub(super) fn check_uses(
    raw: &RawFile,
    entry: &Entry<RawStage>,
    stage: &RawStage,
    source: Source,
    log: &mut Log,
) {
    if source == Source::Local {
        return;
    }
    let outputs = declared_outputs(raw, stage);
    let named_by_actor = stage
        .name
        .value()
        .is_some_and(|name| name.references().any(|one| *one == Reference::Actor));
    let has = |reference: &Reference| match reference {
        Reference::Secret(_) | Reference::Stage => true,
        Reference::Actor => named_by_actor || matches!(stage.name, Field::Broken),
        // That of a fork is a name in another repository.
        Reference::BranchSlug => {
            matches!(source, Source::Branch { .. } | Source::PullRequest) && !forks::takes(stage)
        }
        Reference::PullRequest => source == Source::PullRequest,
        Reference::Output(name) => outputs
            .as_ref()
            .is_none_or(|outputs| outputs.contains(&name.as_str())),
    };
    let stage_name = shown(&entry.name.value);
    for used in stage.variables.items() {
        let set = raw
            .variables
            .value()
            .and_then(|sets| sets.get(&used.value)?.value.as_ref());
        let values = set
            .iter()
            .flat_map(|set| &set.entries)
            .filter_map(|one| one.value.as_ref());
        for reference in values.flat_map(|value| value.0.references()) {
            // Outputs in variable sets are reported with the set.
            if !matches!(reference, Reference::Output(_)) && !has(reference) {
                log.report(no_value(used, "variable set", reference, &stage_name, None));
            }
        }
    }
    for used in stage.verify.items() {
        let suite = raw
            .suites
            .value()
            .and_then(|suites| suites.get(&used.value)?.value.as_ref());
        let Some(suite) = suite else { continue };
        let own = suite.variables.entries().iter();
        let own = own
            .filter_map(|one| one.value.as_ref())
            .map(|value| &value.0);
        let templates = suite.base_url.value().into_iter().chain(own);
        for reference in templates.flat_map(Template::references) {
            if !has(reference) {
                log.report(no_value(
                    used,
                    "suite",
                    reference,
                    &stage_name,
                    outputs.as_deref(),
                ));
            }
        }
    }
}

/// Names the stage's pipeline may write; `None` if that cannot be told.
fn declared_outputs<'a>(raw: &'a RawFile, stage: &RawStage) -> Option<Vec<&'a str>> {
    let pipeline = raw.pipelines.value()?.get(stage.pipeline.value()?)?;
    let steps = pipeline.value.as_ref()?.steps.value()?;
    let outputs = steps
        .items
        .iter()
        .filter_map(|step| step.value.outputs.value());
    Some(
        outputs
            .flat_map(|list| list.items.iter().map(|name| name.value.as_str()))
            .collect(),
    )
}

fn no_value(
    used: &Spanned<String>,
    what: &str,
    reference: &Reference,
    stage: &str,
    outputs: Option<&[&str]>,
) -> Diagnostic {
    let name = shown(&used.value);
    let message = format!("the {what} `{name}` uses `{reference}`, which `{stage}` does not have");
    let help = match reference {
        Reference::Output(_) => format!(
            "Add it to the `outputs` of a step of the pipeline. Declared there: {}.",
            listed(outputs.unwrap_or_default().iter().copied())
        ),
        Reference::Actor => {
            "Only a stage whose name contains `${actor}` always knows who it belongs to.".to_owned()
        }
        Reference::PullRequest => "Only a stage from `pull_request` has a number.".to_owned(),
        _ => {
            "Only a stage from `branch` or `pull_request` has a branch, and none that takes forks."
                .to_owned()
        }
    };
    let problem = Diagnostic::error("no-value", &used.span, message).label("no value");
    match reference {
        Reference::Output(word) => problem
            .help(help)
            .did_you_mean(word, outputs.unwrap_or_default().iter().copied()),
        _ => problem.help(help),
    }
}
