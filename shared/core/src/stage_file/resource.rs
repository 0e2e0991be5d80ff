//! Resources that several stages use: whose they are, who may write to them, and what each of those
//! who share them is told to reach them with.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{Rule, StageFile};
use crate::name::RuleName;
use crate::stage_file::Template;
use crate::stage_file::diagnostic::Log;
use crate::stage_file::record::Decode;
use crate::stage_file::scalar::choice;
use crate::stage_file::yaml::Node;

/// A database, say, that more than one stage uses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// Whose it is; it may write.
    pub owner: RuleName,
    /// Who else may write. Writers take turns: while one of them runs, none of the others does.
    pub writers: Vec<RuleName>,
    /// Variables of those who may write.
    pub write: BTreeMap<String, Template>,
    /// Variables of those who may only read.
    pub read: BTreeMap<String, Template>,
}

/// What a stage may do with a resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    ReadOnly,
    Write,
}

impl Resource {
    /// Whether the rule's stage may write to it.
    pub fn is_written_by(&self, rule: &RuleName) -> bool {
        self.owner == *rule || self.writers.contains(rule)
    }

    /// Everybody who may write, the owner first.
    pub fn all_writers(&self) -> impl Iterator<Item = &RuleName> {
        std::iter::once(&self.owner).chain(&self.writers)
    }

    /// The variables of those who share it like this.
    pub fn variables(&self, access: Access) -> &BTreeMap<String, Template> {
        match access {
            Access::ReadOnly => &self.read,
            Access::Write => &self.write,
        }
    }
}

impl StageFile {
    /// The resources that the rule's stages share, each with what they may do with it and the variables
    /// they reach it with.
    pub fn shared_by<'a>(
        &'a self,
        rule: &Rule,
    ) -> impl Iterator<Item = (&'a str, Access, &'a BTreeMap<String, Template>)> {
        rule.shares.iter().filter_map(|(name, access)| {
            let (name, resource) = self.resources.get_key_value(name)?;
            Some((name.as_str(), *access, resource.variables(*access)))
        })
    }
}

impl Decode for Access {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        let found = choice(node, &["read-only", "write"], log)?;
        Some(if found == 0 {
            Self::ReadOnly
        } else {
            Self::Write
        })
    }
}

impl JsonSchema for Access {
    fn schema_name() -> Cow<'static, str> {
        "Access".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["read-only", "write"] })
    }
}
