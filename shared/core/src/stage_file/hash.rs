//! What makes two entries the same: hashes over values, not over how they are written.
//!
//! Keys are sorted and defaults filled in before hashing, so that comments, order and spelling
//! change nothing. A version leads each text, so that a later change of this module is one of
//! the hash as well.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::name::{ConfigHash, PipelineName, RecipeHash, SettingsHash, SuiteName};
use crate::stage_file::{From, Pipeline, Resource, Rule, Suite, Template, format_duration};

/// Hexadecimal digits of a hash.
const DIGITS: usize = 16;

/// The parts of a file that rules refer to.
pub(crate) struct Shared<'a> {
    pub pipelines: &'a BTreeMap<PipelineName, Pipeline>,
    pub suites: &'a BTreeMap<SuiteName, Suite>,
    pub variables: &'a BTreeMap<String, BTreeMap<String, Template>>,
    pub resources: &'a BTreeMap<String, Resource>,
}

/// Hash of a file's bytes.
pub(crate) fn config(bytes: &[u8]) -> ConfigHash {
    ConfigHash::new(digest(bytes))
}

/// Gives every rule its hashes.
pub(crate) fn seal(mut rules: Vec<Rule>, shared: &Shared<'_>) -> Vec<Rule> {
    // One recipe a pipeline: a release verified by one stage must be the same release for the
    // next one, though that verifies with other suites.
    let mut verified: BTreeMap<&PipelineName, BTreeSet<&SuiteName>> = BTreeMap::new();
    for rule in &rules {
        if let Some(pipeline) = &rule.pipeline {
            verified.entry(pipeline).or_default().extend(&rule.verify);
        }
    }
    let recipes: BTreeMap<PipelineName, RecipeHash> = verified
        .into_iter()
        .map(|(pipeline, suites)| (pipeline.clone(), recipe(pipeline, &suites, shared)))
        .collect();
    for rule in &mut rules {
        let recipe = rule
            .pipeline
            .as_ref()
            .and_then(|pipeline| recipes.get(pipeline));
        rule.recipe = recipe
            .cloned()
            .unwrap_or_else(|| RecipeHash::new(digest(b"nothing")));
        rule.settings = settings(rule, shared);
    }
    rules
}

fn recipe(
    pipeline: &PipelineName,
    suites: &BTreeSet<&SuiteName>,
    shared: &Shared<'_>,
) -> RecipeHash {
    let steps = shared
        .pipelines
        .get(pipeline)
        .map_or(&[][..], |it| it.steps.as_slice());
    let suites: Vec<Json> = suites
        .iter()
        .filter_map(|name| shared.suites.get(*name))
        .map(suite)
        .collect();
    let mut all = json!({ "recipe": 1, "steps": steps, "suites": suites });
    let existing = shared.pipelines.get(pipeline);
    if let Some(existing) = existing.and_then(|it| it.existing.as_ref()) {
        all["existing"] = json!(existing);
    }
    RecipeHash::new(canonical(&all))
}

fn suite(suite: &Suite) -> Json {
    json!({
        "name": suite.name,
        "files": suite.files,
        "base_url": suite.base_url.as_str(),
        "variables": texts(&suite.variables),
        "ready": format_duration(suite.ready),
        "request_timeout": format_duration(suite.request_timeout),
        "timeout": format_duration(suite.timeout),
        "retries": suite.retries,
    })
}

fn settings(rule: &Rule, shared: &Shared<'_>) -> SettingsHash {
    let mut variables = BTreeMap::new();
    for set in rule
        .variables
        .iter()
        .filter_map(|name| shared.variables.get(name))
    {
        variables.extend(texts(set));
    }
    for (name, access) in &rule.shares {
        if let Some(resource) = shared.resources.get(name) {
            variables.extend(texts(resource.variables(*access)));
        }
    }
    let expires = rule.expires.as_ref().map(
        |it| json!({ "idle": format_duration(it.idle), "warn": it.warn.map(format_duration) }),
    );
    // Who may end a stage, and who hears of what, is not what is deployed there. Channels are here
    // since the first version.
    let alert: Vec<_> = rule.alert.iter().map(|route| &route.channel).collect();
    let mut all = json!({
        "settings": 1,
        "stage": rule.stage.as_str(),
        "from": from(&rule.from),
        "pipeline": rule.pipeline,
        "variables": variables,
        "verify": rule.verify,
        "soak": rule.soak.map(format_duration),
        "approvals": rule.approvals,
        "alert": alert,
        "expires": expires,
        "timeout": format_duration(rule.timeout),
    });
    // What came later is left out where it is not used, so that older files keep their hashes.
    if let Some(all) = all.as_object_mut() {
        if !rule.gates.is_empty() {
            all.insert("gates".to_owned(), json!(rule.gates));
        }
        if !rule.marks.is_empty() {
            all.insert("marks".to_owned(), json!(rule.marks));
        }
        if let Some(through) = &rule.through {
            all.insert("through".to_owned(), json!(through));
        }
        if !rule.shares.is_empty() {
            all.insert("shares".to_owned(), json!(rule.shares));
        }
    }
    SettingsHash::new(canonical(&all))
}

fn from(from: &From) -> Json {
    match from {
        From::Local => json!("local"),
        From::Branch { pattern, refresh } => {
            json!({ "branch": pattern.as_str(), "refresh": refresh })
        }
        From::Tag { pattern } => json!({ "tag": pattern.as_str() }),
        From::PullRequest {
            base,
            labels,
            forks,
        } => {
            let labels: BTreeSet<&String> = labels.iter().collect();
            let mut all = json!({ "pull_request": base.as_str(), "labels": labels });
            if let Some(mark) = forks {
                all["forks"] = json!(mark);
            }
            all
        }
        From::Promote { rule } => json!({ "promote": rule }),
        From::Select { pattern } => json!({ "select": pattern.as_str() }),
    }
}

fn texts(variables: &BTreeMap<String, Template>) -> BTreeMap<&str, &str> {
    variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// The hash of a value whose objects are written with sorted keys.
pub(crate) fn canonical(value: &Json) -> String {
    let mut out = String::new();
    write(value, &mut out);
    digest(out.as_bytes())
}

/// JSON with sorted keys, whichever map `serde_json` was built with.
fn write(value: &Json, out: &mut String) {
    match value {
        Json::Object(map) => {
            let sorted: BTreeMap<&String, &Json> = map.iter().collect();
            out.push('{');
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Json::from(key.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn digest(bytes: &[u8]) -> String {
    let mut hex = hex::encode(Sha256::digest(bytes));
    hex.truncate(DIGITS);
    hex
}
