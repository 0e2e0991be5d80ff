//! `greenroom.yaml`: read, checked as a whole, and handed on only when all of it holds.
//!
//! Reading goes from bytes to nodes (`yaml`, the only module that knows the parser), to raw
//! types (`raw`, every key there is), to the model (`validate`, everything followed). Every
//! step reports what it finds and goes on, so that all problems are told at once.

mod alert;
mod diagnostic;
mod duration;
mod hash;
mod model;
mod names;
mod order;
mod pattern;
mod raw;
mod record;
mod resource;
mod route;
mod scalar;
mod schema;
mod slug;
mod teardown;
mod template;
#[cfg(test)]
mod tests;
mod validate;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use duration::{DurationError, format_duration, parse_duration};
pub(crate) use hash::canonical;
pub use model::*;
pub(crate) use names::collision_free;
pub use pattern::{Pattern, PatternError};
pub use resource::{Access, Resource};
pub use route::{NewsKind, Route};
pub use schema::schema;
pub use slug::{STAGE_NAME_MAX, is_stage_name, slug};
pub use template::{MissingValue, Reference, Rendered, Template, TemplateError, Values};
pub use yaml::FILE_BYTES_MAX;

use crate::name::{ConfigHash, RuleName, SecretName};
use diagnostic::Log;
use raw::RawFile;
use record::Decode;

impl StageFile {
    /// Reads and checks a stage file. `name` only appears in diagnostics. Warnings of a file
    /// that holds are in [`StageFile::warnings`].
    ///
    /// # Errors
    /// Every problem found, warnings included, when at least one is an error.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, Diagnostics> {
        let (file, diagnostics) = check(name, bytes);
        match file {
            Some(file) => Ok(Self {
                warnings: diagnostics.list,
                ..file
            }),
            None => Err(diagnostics),
        }
    }

    /// The hash that a file of these bytes has, whether it holds or not.
    pub fn hash_of(bytes: &[u8]) -> ConfigHash {
        hash::config(bytes)
    }

    /// The rule of this name.
    pub fn rule(&self, name: &RuleName) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == *name)
    }

    /// The variables of a stage, rendered; of two sets that define one, the later wins.
    ///
    /// # Errors
    /// [`MissingValue`] for the first reference that `values` has nothing for.
    pub fn variables_for(
        &self,
        rule: &Rule,
        values: &Values,
    ) -> Result<BTreeMap<String, Rendered>, MissingValue> {
        self.templates_for(rule)
            .into_iter()
            .map(|(name, template)| Ok((name.to_owned(), template.render(values)?)))
            .collect()
    }

    /// The variables of a rule's stages as the file has them, those of the resources they share among
    /// them; of two sets that define one, the later wins.
    pub fn templates_for(&self, rule: &Rule) -> BTreeMap<&str, &Template> {
        let sets = rule.variables.iter();
        let sets = sets.filter_map(|name| self.variables.get(name));
        let shared = self.shared_by(rule).map(|(_, _, variables)| variables);
        sets.chain(shared)
            .flatten()
            .map(|(name, template)| (name.as_str(), template))
            .collect()
    }

    /// Every secret the file names; whether they exist only who holds them can tell.
    pub fn secrets(&self) -> BTreeSet<SecretName> {
        let sets = self.variables.values();
        let suites = self.suites.values().map(|suite| &suite.variables);
        let resources = self.resources.values();
        let resources = resources.flat_map(|it| [&it.write, &it.read]);
        let templates = sets.chain(suites).chain(resources);
        let templates = templates.flat_map(BTreeMap::values);
        let mut secrets: BTreeSet<SecretName> = templates
            .flat_map(Template::references)
            .filter_map(|reference| match reference {
                Reference::Secret(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        for channel in self.channels.values() {
            match channel {
                Channel::Telegram { token, .. } => secrets.insert(token.clone()),
                Channel::Mail {
                    password: Some(password),
                    ..
                } => secrets.insert(password.clone()),
                Channel::Mail { .. } | Channel::Sns { .. } | Channel::Console => false,
            };
        }
        secrets
    }
}

/// Reads and checks a stage file; gives it if it holds, and everything found either way.
pub fn check(name: &str, bytes: &[u8]) -> (Option<StageFile>, Diagnostics) {
    let mut log = Log::default();
    let file = match yaml::read(bytes) {
        Ok(root) => RawFile::decode(&root, &mut log)
            .and_then(|raw| validate::file(&raw, hash::config(bytes), &mut log)),
        Err(problem) => {
            log.report(*problem);
            None
        }
    };
    let file = file.filter(|_| !log.has_errors());
    (file, log.into_diagnostics(name, yaml::source(bytes)))
}
