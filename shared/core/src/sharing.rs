//! Stages that write to the same resource take turns: while a run of one of them may be changing
//! anything, none of the others is claimed or admitted.

use crate::name::{RuleName, StageName};
use crate::stage::Stage;
use crate::stage_file::{Access, Rule, StageFile};

/// Another stage that writes to what this one writes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sharer {
    pub resource: String,
    pub stage: StageName,
}

/// A run of another stage that may be writing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Use {
    pub stage: StageName,
    pub generation: u64,
    /// It was let in; one that was only claimed changes nothing before it asks the fence.
    pub admitted: bool,
}

impl Use {
    /// The run by which the stage may be writing; an execution that would not stop still may.
    pub fn of(stage: &Stage) -> Option<Self> {
        let named = |generation, admitted| Self {
            stage: stage.id.stage.clone(),
            generation,
            admitted,
        };
        // Whoever leads people to a stage writes to nothing.
        let run = stage.run.as_ref().filter(|run| !run.cause.is_flip());
        let run = run.map(|run| named(run.generation, run.is_admitted()));
        let unstopped = stage.unstopped.as_ref();
        let unstopped = unstopped.map(|it| named(it.generation, true));
        unstopped.or(run)
    }
}

/// The stages the rule's stage takes turns with, in the order of the resources' names.
pub(crate) fn sharers(file: &StageFile, rule: &Rule) -> Vec<Sharer> {
    let written = file.resources.iter();
    let written = written.filter(|(_, resource)| resource.is_written_by(&rule.name));
    let others = written.flat_map(|(name, resource)| {
        let others = resource.all_writers().filter(|other| **other != rule.name);
        others.filter_map(|other| {
            Some(Sharer {
                resource: name.clone(),
                stage: stage_of(file, other)?,
            })
        })
    });
    others.collect()
}

/// The resources the rule's stages write to.
pub(crate) fn written(rule: &Rule) -> Vec<String> {
    let shares = rule.shares.iter();
    let written = shares.filter(|(_, access)| **access == Access::Write);
    written.map(|(name, _)| name.clone()).collect()
}

fn stage_of(file: &StageFile, rule: &RuleName) -> Option<StageName> {
    let name = file.rule(rule)?.stage.as_literal()?;
    Some(StageName::from(name))
}
