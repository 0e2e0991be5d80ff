//! The words of `queue:`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::stage_file::QueuePolicy;
use crate::stage_file::diagnostic::Log;
use crate::stage_file::record::Decode;
use crate::stage_file::scalar::choice;
use crate::stage_file::yaml::Node;

/// What `queue:` can be.
pub(crate) type Line = QueuePolicy;

impl Decode for Line {
    fn decode(node: &Node, log: &mut Log) -> Option<Self> {
        choice(node, &["newest", "fifo"], log)
            .map(|index| if index == 0 { Self::Newest } else { Self::Fifo })
    }
}

impl JsonSchema for Line {
    fn schema_name() -> Cow<'static, str> {
        "Queue".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["newest", "fifo"] })
    }
}
