//! Who wants something.

use serde::{Deserialize, Serialize};

/// Somebody or something that asks for an effect on a stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Principal {
    /// Greenroom itself, following the stage file.
    Automation,
    /// A pipeline's execution that asks to be admitted.
    Pipeline,
    /// Whoever holds the installation's own token; holds every role. `name` is how they call
    /// themselves, shown and recorded.
    Operator { name: String },
    /// A person known by login, with the roles the stage file gives them.
    Person { name: String },
}

impl Principal {
    /// For people and records.
    pub fn name(&self) -> &str {
        match self {
            Self::Automation => "greenroom",
            Self::Pipeline => "pipeline",
            Self::Operator { name } | Self::Person { name } => name,
        }
    }
}
