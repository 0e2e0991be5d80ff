//! An entry of `alert:`, a channel's name or a mapping, before anything is checked.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::stage_file::diagnostic::Log;
use crate::stage_file::record::{Decode, List, record};
use crate::stage_file::scalar::Text;
use crate::stage_file::yaml::{Node, Value};

record! {
    /// A channel that hears of some news only.
    RawRoute ("an entry of `alert`") {
        /// The channel.
        required channel: Text,
        /// What it hears of: `broke`, `changed`, `unverified`, `refused`; all unless told otherwise.
        optional news: List<Text>,
        /// Only breaks in which one of these suites fails, or a step; all unless told otherwise.
        optional suites: List<Text>,
    }
}

/// An entry as it is written.
#[derive(Clone, Debug)]
pub(crate) enum RawAlert {
    Channel(Text),
    Route(RawRoute),
}

impl RawAlert {
    /// The channel's name, unless it could not be read.
    pub fn channel(&self) -> Option<&str> {
        match self {
            Self::Channel(name) => Some(name),
            Self::Route(route) => route.channel.value().map(String::as_str),
        }
    }
}

impl Decode for RawAlert {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        match &node.value {
            Value::Map(_) => RawRoute::decode(node, log).map(Self::Route),
            _ => Text::decode(node, log).map(Self::Channel),
        }
    }
}

impl JsonSchema for RawAlert {
    fn schema_name() -> Cow<'static, str> {
        "Alert".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (name, route) = (
            generator.subschema_for::<Text>(),
            generator.subschema_for::<RawRoute>(),
        );
        json_schema!({ "anyOf": [name, route] })
    }
}
