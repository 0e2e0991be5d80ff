//! Renders the pipelines of a stage file as CloudFormation. Pure: a stage file in, a template out.
//!
//! Each pipeline with `once` steps gets a build pipeline, each rule that deploys gets a stage
//! pipeline, each whose stages expire a pipeline that tears them down, and each that takes turns with
//! another one that leads people to it; all with a CodeBuild project, roles that may do what they must and nothing else,
//! and a log with an end. The steps run as they do on one machine: see `script`.
//!
//! Text of a stage file ends up in three languages at once, and must not break out of any. In the
//! shell it stands in single quotes ([`shell`]); the buildspec is written by a JSON writer; and
//! CloudFormation is kept from reading references into it (`buildspec`), where it would put what
//! the person who deploys may see.

mod buildspec;
mod logical;
mod parameters;
mod pipeline;
mod problem;
mod project;
mod reports;
mod roles;
pub mod shell;

use std::borrow::Cow;

use greenroom_core::definition::{self, Definition};
use greenroom_core::name::RepoName;
use greenroom_core::stage_file::{Pipeline, Rule, StageFile, Step};
use serde_json::{Map, Value, json};

pub use problem::{Note, Problem};

/// What the stage file does not say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// The app's name where it is under control, `owner/repository`; usually the file's `app`.
    pub app: RepoName,
    /// Default of the template's parameter `Branch`. A source action must name one; every start
    /// names its own commit.
    pub branch: String,
    /// Default of the parameter `SecretPrefix`: `${secret:a/b}` is `<prefix>a/b` in Secrets Manager.
    pub secret_prefix: String,
}

impl Options {
    /// For the app that the file names itself.
    pub fn of(file: &StageFile) -> Self {
        Self {
            app: file.app.clone(),
            branch: "main".to_owned(),
            secret_prefix: String::new(),
        }
    }
}

/// A template, and what it makes.
#[derive(Clone, PartialEq, Debug)]
pub struct Rendered {
    /// CloudFormation, as JSON with sorted keys: the same file always gives the same text.
    pub template: Value,
    /// The pipelines of the template, by name.
    pub definitions: Vec<Definition>,
    /// What is different on AWS, or missing.
    pub notes: Vec<Note>,
}

/// One pipeline to render.
pub(crate) struct Job<'a> {
    pub definition: Definition,
    /// `build`, or the rule's name, for people and for logical ids.
    pub title: String,
    pub kind: Kind<'a>,
    /// In order; only those of this kind.
    pub steps: Vec<Cow<'a, Step>>,
    pub file: &'a StageFile,
    pub options: &'a Options,
}

/// What a pipeline is for.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    Build,
    Stage {
        rule: &'a Rule,
        artifact: bool,
        /// Its steps are nobody's proposal, so they may have the stage's secrets.
        trusted: bool,
    },
}

/// Renders the template of a stage file.
///
/// # Errors
/// Everything that cannot run on AWS, all at once.
pub fn synth(file: &StageFile, options: &Options) -> Result<Rendered, Vec<Problem>> {
    let jobs = jobs(file, options);
    let problems = problem::problems(&jobs);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut resources = Map::new();
    let has_secrets = jobs.iter().any(|job| !buildspec::secrets(job).is_empty());
    let mut parameters = parameters::common(options, has_secrets);
    let mut conditions = Map::new();
    for job in &jobs {
        pipeline::add(job, &mut resources);
        project::add(job, &mut resources);
        roles::add(job, &mut resources);
        parameters::add(job, &mut parameters, &mut conditions);
    }
    let mut definitions: Vec<Definition> = jobs.iter().map(|job| job.definition.clone()).collect();
    definitions.sort_unstable();
    let hashes: Map<String, Value> = definitions
        .iter()
        .map(|it| (it.name.clone(), json!(it.hash)))
        .collect();
    let mut template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Pipelines of a stage file, rendered by greenroom synth. Do not edit.",
        "Metadata": { "Greenroom": { "Definitions": hashes } },
        "Parameters": parameters,
        "Resources": resources,
    });
    if let (Value::Object(all), false) = (&mut template, conditions.is_empty()) {
        all.insert("Conditions".to_owned(), conditions.into());
    }
    Ok(Rendered {
        template,
        definitions,
        notes: problem::notes(file, &jobs),
    })
}

fn jobs<'a>(file: &'a StageFile, options: &'a Options) -> Vec<Job<'a>> {
    let used = |name: &Pipeline| {
        let mut rules = file.rules.iter();
        rules.any(|rule| rule.pipeline.as_ref() == Some(&name.name))
    };
    let builds = file.pipelines.values().filter(|one| used(one));
    let builds = builds.filter_map(|pipeline| {
        Some(Job {
            definition: Definition::of_build(&options.app, file, &pipeline.name)?,
            title: format!("build-{}", pipeline.name),
            kind: Kind::Build,
            steps: borrowed(pipeline.steps.iter().filter(|step| step.once)),
            file,
            options,
        })
    });
    let stages = file.rules.iter().filter_map(|rule| {
        let pipeline = file.pipelines.get(rule.pipeline.as_ref()?)?;
        let artifact = definition::makes_artifact(pipeline);
        let definition = Definition::of_stage(&options.app, file, rule)?;
        if definition.is_existing() {
            return None;
        }
        Some(Job {
            definition,
            title: format!("stage-{}", rule.name),
            kind: Kind::Stage {
                rule,
                artifact,
                trusted: definition::is_trusted(rule),
            },
            steps: borrowed(pipeline.steps.iter().filter(|step| !step.once)),
            file,
            options,
        })
    });
    // The default branch's steps, whatever leads to the stage.
    let teardowns = file.rules.iter().filter_map(|rule| {
        let pipeline = file.pipelines.get(rule.pipeline.as_ref()?)?;
        let steps = pipeline.teardown.as_ref()?.all_steps();
        Some(Job {
            definition: Definition::of_teardown(&options.app, file, rule)?,
            title: format!("teardown-{}", rule.name),
            kind: Kind::Stage {
                rule,
                artifact: false,
                trusted: true,
            },
            steps: steps.into_iter().map(Cow::Owned).collect(),
            file,
            options,
        })
    });
    // It holds the stage's secrets: both sides have those of the rule.
    let switches = file.rules.iter().filter_map(|rule| {
        let pipeline = file.pipelines.get(rule.pipeline.as_ref()?)?;
        let steps = pipeline.switch.as_ref()?.steps.iter();
        Some(Job {
            definition: Definition::of_switch(&options.app, file, rule)?,
            title: format!("switch-{}", rule.name),
            kind: Kind::Stage {
                rule,
                artifact: false,
                trusted: true,
            },
            steps: borrowed(steps),
            file,
            options,
        })
    });
    let stages = stages.chain(teardowns).chain(switches);
    builds.chain(stages).collect()
}

fn borrowed<'a>(steps: impl Iterator<Item = &'a Step>) -> Vec<Cow<'a, Step>> {
    steps.map(Cow::Borrowed).collect()
}

#[cfg(test)]
mod tests;
