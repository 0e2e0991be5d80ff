//! What a pipeline is called where pipelines have names, and what it must have been made from.
//!
//! On AWS a pipeline is rendered from the stage file and stands there until somebody renders it
//! again. Its hash says from what: a stage whose pipeline was rendered from something else waits
//! until somebody has applied the file, because running yesterday's steps under today's file
//! would deploy what nobody wrote.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::name::{PipelineName, RepoName};
use crate::stage_file::StageFile;
use crate::stage_file::{From, Pipeline, Reference, Rule, Step, Values, canonical};

/// Leads what is hashed: one more when the same stage file is rendered differently, so that what
/// was applied before counts as outdated.
const VERSION: u32 = 1;
/// How reports are kept by builds that have any; see [`VERSION`].
const REPORTS: u32 = 1;
/// CodePipeline allows 100; CodeBuild's projects have the same names and allow more.
const NAME_MAX: usize = 100;
/// Digits of the hash a name ends in.
const NAME_DIGITS: usize = 12;
/// Hash of every pipeline that exists by itself: nobody knows what it is made from.
const EXISTING: &str = "existing";
/// Stands for a value there is none of: CodePipeline takes no empty one.
pub const NOTHING: &str = "none";

/// Hash of everything a pipeline is rendered from, 16 hex digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DefinitionHash(String);

impl DefinitionHash {
    /// Wraps a text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DefinitionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The pipeline that is to run. Empty in a request that an older version wrote down.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Definition {
    /// At most 100 of `A-Za-z0-9_-`, beginning with `greenroom-`. No two pipelines of any apps
    /// have the same.
    pub name: String,
    pub hash: DefinitionHash,
}

/// What was rendered and deployed last: the hash of each pipeline, by its name.
pub type Applied = BTreeMap<String, DefinitionHash>;

/// The pipelines of a stage that are not what the stage file in force makes of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outdated {
    /// The one that builds for it.
    pub build: Option<Definition>,
    /// The one that deploys to it.
    pub stage: Option<Definition>,
    /// The one that tears it down.
    pub teardown: Option<Definition>,
    /// The one that leads people to it.
    pub switch: Option<Definition>,
}

impl Outdated {
    /// Those of `rule` that `applied` does not have as the file wants them.
    pub fn of(app: &RepoName, file: &StageFile, rule: &Rule, applied: &Applied) -> Self {
        let missing = |wanted: &Definition| applied.get(&wanted.name) != Some(&wanted.hash);
        let pipeline = rule.pipeline.as_ref();
        let build = pipeline.and_then(|name| Definition::of_build(app, file, name));
        Self {
            build: build.filter(missing),
            stage: Definition::of_stage(app, file, rule)
                .filter(|wanted| !wanted.is_existing())
                .filter(missing),
            teardown: Definition::of_teardown(app, file, rule).filter(missing),
            switch: Definition::of_switch(app, file, rule).filter(missing),
        }
    }
}

impl Definition {
    /// The pipeline that runs the `once` steps of `pipeline`; `None` when the file has no such
    /// pipeline or it builds nothing. `app` is the repository's full name.
    pub fn of_build(app: &RepoName, file: &StageFile, pipeline: &PipelineName) -> Option<Self> {
        let steps: Vec<&Step> = once(file.pipelines.get(pipeline)?).collect();
        if steps.is_empty() {
            return None;
        }
        let mut rendered = json!({
            "definition": VERSION,
            "build": pipeline,
            "app": same_case(app),
            "steps": steps,
        });
        // Since builds keep the reports of their steps; others are rendered as they were.
        if steps.iter().any(|step| step.reports.is_some()) {
            rendered["reports"] = REPORTS.into();
        }
        let hash = canonical(&rendered);
        Some(Self {
            name: name(app, pipeline.as_str(), "-build"),
            hash: DefinitionHash(hash),
        })
    }

    /// True of a pipeline that exists by itself: it is rendered from nothing, and never outdated.
    pub fn is_existing(&self) -> bool {
        self.hash.as_str() == EXISTING
    }

    /// The pipeline that deploys to the stages of `rule`; `None` when the rule deploys nothing.
    /// `app` is the repository's full name.
    pub fn of_stage(app: &RepoName, file: &StageFile, rule: &Rule) -> Option<Self> {
        let pipeline = file.pipelines.get(rule.pipeline.as_ref()?)?;
        if let Some(existing) = &pipeline.existing {
            return Some(Self {
                name: existing.clone(),
                hash: DefinitionHash::new(EXISTING),
            });
        }
        let steps: Vec<&Step> = pipeline.steps.iter().filter(|step| !step.once).collect();
        let variables = variables(file, rule);
        let hash = canonical(&json!({
            "definition": VERSION,
            "stage": rule.name,
            "app": same_case(app),
            "steps": steps,
            "variables": variables,
            "artifact": makes_artifact(pipeline),
            "trusted": is_trusted(rule),
        }));
        Some(Self {
            name: name(app, rule.name.as_str(), ""),
            hash: DefinitionHash(hash),
        })
    }

    /// The pipeline that tears the stages of `rule` down; `None` when they do not expire or their
    /// pipeline does not say how. It runs the default branch's code only, whatever leads to the
    /// stages, so it has all their secrets. `app` is the repository's full name.
    pub fn of_teardown(app: &RepoName, file: &StageFile, rule: &Rule) -> Option<Self> {
        rule.expires.as_ref()?;
        let pipeline = file.pipelines.get(rule.pipeline.as_ref()?)?;
        let steps = pipeline.teardown.as_ref()?.all_steps();
        let variables = variables(file, rule);
        let hash = canonical(&json!({
            "definition": VERSION,
            "teardown": rule.name,
            "app": same_case(app),
            "steps": steps,
            "variables": variables,
        }));
        Some(Self {
            name: name(app, rule.name.as_str(), "-teardown"),
            hash: DefinitionHash(hash),
        })
    }

    /// The pipeline that leads people to the stages of `rule`; `None` when they take turns with
    /// nobody. `app` is the repository's full name.
    pub fn of_switch(app: &RepoName, file: &StageFile, rule: &Rule) -> Option<Self> {
        rule.toggle.as_ref()?;
        let pipeline = file.pipelines.get(rule.pipeline.as_ref()?)?;
        let steps = &pipeline.switch.as_ref()?.steps;
        let variables = variables(file, rule);
        let hash = canonical(&json!({
            "definition": VERSION,
            "switch": rule.name,
            "app": same_case(app),
            "steps": steps,
            "variables": variables,
        }));
        Some(Self {
            name: name(app, rule.name.as_str(), "-switch"),
            hash: DefinitionHash(hash),
        })
    }
}

fn variables<'a>(file: &'a StageFile, rule: &'a Rule) -> BTreeMap<&'a str, &'a str> {
    let templates = file.templates_for(rule).into_iter();
    templates
        .map(|(name, template)| (name, template.as_str()))
        .collect()
}

/// Every pipeline a stage file makes, by name: one for each pipeline that builds for some stage, and
/// one for each rule that deploys by steps of its own, and another for each whose stages are torn down.
pub fn all(app: &RepoName, file: &StageFile) -> Vec<Definition> {
    let used = |name: &&PipelineName| {
        let mut rules = file.rules.iter();
        rules.any(|rule| rule.pipeline.as_ref() == Some(name))
    };
    let builds = file.pipelines.keys().filter(used);
    let builds = builds.filter_map(|name| Definition::of_build(app, file, name));
    let stages = file.rules.iter();
    let stages = stages.filter_map(|rule| Definition::of_stage(app, file, rule));
    let stages = stages.filter(|it| !it.is_existing());
    let teardowns = file.rules.iter();
    let teardowns = teardowns.filter_map(|rule| Definition::of_teardown(app, file, rule));
    let switches = file.rules.iter();
    let switches = switches.filter_map(|rule| Definition::of_switch(app, file, rule));
    let all = builds.chain(stages).chain(teardowns).chain(switches);
    let mut all: Vec<Definition> = all.collect();
    all.sort_unstable();
    all
}

/// Whether a release of this pipeline has bytes of its own.
pub fn makes_artifact(pipeline: &Pipeline) -> bool {
    once(pipeline).any(|step| step.artifact.is_some())
}

/// Whether what leads to the rule's stages was merged or pushed by somebody who may. What a pull
/// request proposes was not: its pipeline holds no secret and writes no artifact.
pub fn is_trusted(rule: &Rule) -> bool {
    !matches!(rule.from, From::PullRequest { .. })
}

/// The variables by which a start tells what the templates of a stage's variables stand for:
/// name and value, [`NOTHING`] where there is none. `GREENROOM_BRANCH` is `${branch.slug}`.
pub fn start_variables(values: &Values) -> [(&'static str, String); 4] {
    [
        ("GREENROOM_STAGE", &Reference::Stage),
        ("GREENROOM_ACTOR", &Reference::Actor),
        ("GREENROOM_BRANCH", &Reference::BranchSlug),
        ("GREENROOM_PR", &Reference::PullRequest),
    ]
    .map(|(name, reference)| {
        let value = values.get(reference).filter(|value| !value.is_empty());
        (name, value.unwrap_or_else(|| NOTHING.to_owned()))
    })
}

fn once(pipeline: &Pipeline) -> impl Iterator<Item = &Step> {
    pipeline.steps.iter().filter(|step| step.once)
}

/// GitHub's names do not differ by case.
fn same_case(app: &RepoName) -> String {
    app.as_str().to_ascii_lowercase()
}

/// Always ends in a hash: `a-b` with `c` and `a` with `b-c` would read the same.
fn name(app: &RepoName, of: &str, kind: &str) -> String {
    let app = same_case(app);
    let hash = hex::encode(Sha256::digest(format!("{app}\0{of}\0{kind}").as_bytes()));
    let hash = &hash[..NAME_DIGITS];
    let mut name = String::from("greenroom-");
    let room = NAME_MAX - NAME_DIGITS - 1 - kind.len();
    for c in app.chars().chain("-".chars()).chain(of.chars()) {
        let legal = c.is_ascii_alphanumeric() || c == '_';
        if name.len() < room && (legal || !name.ends_with('-')) {
            name.push(if legal { c } else { '-' });
        }
    }
    format!("{}{kind}-{hash}", name.trim_end_matches('-'))
}

#[cfg(test)]
mod tests;
