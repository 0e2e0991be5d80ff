//! `greenroom.yaml`.

mod model;

pub use model::*;

/// placeholder: replaced by the stage-file work
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern(pub String);
/// placeholder: replaced by the stage-file work
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template(pub String);
