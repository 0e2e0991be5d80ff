//! `greenroom.yaml`: read, checked as a whole, and handed on only when all of it holds.

mod diagnostic;
mod duration;
mod model;
mod names;
mod pattern;
mod raw;
mod record;
mod scalar;
mod slug;
mod template;
mod yaml;

use std::collections::BTreeMap;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use duration::{DurationError, format_duration, parse_duration};
pub use model::*;
pub use names::collision_free;
pub use pattern::{Pattern, PatternError};
pub use slug::{STAGE_NAME_MAX, is_stage_name, slug};
pub use template::{MissingValue, Reference, Rendered, Template, TemplateError, Values};

use crate::name::RuleName;

impl StageFile {
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
        let mut all = BTreeMap::new();
        for set in rule
            .variables
            .iter()
            .filter_map(|name| self.variables.get(name))
        {
            all.extend(set);
        }
        all.into_iter()
            .map(|(name, template)| Ok((name.clone(), template.render(values)?)))
            .collect()
    }
}
