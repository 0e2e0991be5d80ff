//! Variable sets.

use std::collections::BTreeMap;

use super::collect;
use super::names::check_name;
use crate::stage_file::diagnostic::{Diagnostic, Log, shown};
use crate::stage_file::raw::RawFile;
use crate::stage_file::record::Named;
use crate::stage_file::scalar::VariableValue;
use crate::stage_file::template::is_variable_name;
use crate::stage_file::{Reference, Template};

/// What Greenroom itself sets.
const RESERVED: &str = "GREENROOM_";

pub(super) fn check(raw: &RawFile, log: &mut Log) -> BTreeMap<String, BTreeMap<String, Template>> {
    let Some(sets) = raw.variables.value() else {
        return BTreeMap::new();
    };
    collect(sets.entries.iter().map(|entry| {
        check_name(&entry.name, "a variable set", log);
        let named = entry.value.as_ref()?;
        let variables = set(named, log);
        for variable in &named.entries {
            let outputs = variable.value.iter().flat_map(|value| value.0.references());
            for output in outputs.filter(|one| matches!(one, Reference::Output(_))) {
                let message = format!("`{output}` is not known before the stage is deployed");
                log.report(
                    Diagnostic::error("output-too-early", &variable.name.span, message)
                        .label("used by the deploy itself")
                        .help(
                            "Outputs can be used by suites, in `base_url` and their own variables.",
                        ),
                );
            }
        }
        Some((entry.name.value.clone(), variables))
    }))
}

/// One set, of a stage or of a suite.
pub(super) fn set(named: &Named<VariableValue>, log: &mut Log) -> BTreeMap<String, Template> {
    for entry in &named.entries {
        let name = entry.name.value.as_str();
        let problem = if !is_variable_name(name) {
            Some("Letters, digits and `_`, no digit first, at most 64.")
        } else if name.starts_with(RESERVED) {
            Some("Names that start with `GREENROOM_` are set by Greenroom.")
        } else {
            None
        };
        if let Some(help) = problem {
            let message = format!("`{}` cannot be the name of a variable", shown(name));
            log.report(
                Diagnostic::error("name", &entry.name.span, message)
                    .label("not a variable")
                    .help(help),
            );
        }
    }
    collect(named.entries.iter().map(|entry| {
        let value = entry.value.as_ref()?;
        Some((entry.name.value.clone(), value.0.clone()))
    }))
}
