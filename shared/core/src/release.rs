//! What moves between stages, unchanged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::{Digest, RecipeHash, Revision};

/// The bytes a build produced, identified by their content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Artifact {
    pub digest: Digest,
    /// Packed size in bytes.
    pub size: u64,
}

/// A revision built by a recipe. Two releases are the same only if all three fields are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Release {
    pub revision: Revision,
    pub recipe: RecipeHash,
    /// `None` for a pipeline that builds nothing (`once` steps absent).
    pub artifact: Option<Digest>,
}

/// What steps told through their output file: `COVERAGE` -> `83.1`.
pub type Outputs = BTreeMap<String, String>;
